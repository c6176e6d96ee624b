use futures_util::FutureExt as _;
use shared::{
    crypto::seal::SealKeys,
    providers::zoom::token_seal_context,
    testing::{self, TestClock, Upstream},
};

use super::*;

const SEAL_KEYS: &str = "k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const ID: Uuid = Uuid::from_u128(7);

/// Supabase and Zoom in one, with an answer for each call in turn.
fn upstream(answers: &[(u16, Value)]) -> (Upstream, Context) {
    let upstream = Upstream::in_turn(answers);
    let variables = [
        ("SUPABASE_URL", upstream.url.as_str()),
        ("ZOOM_API_URL", &upstream.url),
        ("ZOOM_OAUTH_URL", &upstream.url),
        ("ZOOM_CLIENT_ID", "x"),
        ("ZOOM_CLIENT_SECRET", "x"),
        ("SEAL_KEYS", SEAL_KEYS),
    ];
    let context = testing::context(&TestClock::at("2026-05-01T09:00:00Z"), &variables);
    (upstream, context)
}

/// What became of the effect, as the database was told.
fn settled(upstream: &Upstream) -> Value {
    upstream.asked().last().unwrap().json()["results"][0].clone()
}

fn effect() -> Effect {
    Effect { id: ID, lease_id: ID }
}

fn grant(status: &str) -> Grant {
    // The native cipher never waits.
    let keys = SealKeys::parse(SEAL_KEYS).unwrap();
    let token = keys.seal(&token_seal_context(ID), b"token").now_or_never().unwrap().unwrap();
    serde_json::from_value(json!({
        "user_id": ID, "status": status, "access_token": token, "refresh_token": token,
        "refresh_lease": null, "refresh_busy": false,
    }))
    .unwrap()
}

async fn reschedule_with(grant: Grant, answers: &[(u16, Value)]) -> (Result<Value, (u16, String)>, Upstream) {
    let (upstream, context) = upstream(answers);
    let plan = MeetingPlan {
        meeting_id: "1".to_owned(),
        topic: "Knee".to_owned(),
        scheduled_start: "2026-06-01T09:00:00Z".to_owned().try_into().unwrap(),
        duration_minutes: 50,
        timezone: "UTC".to_owned(),
    };
    let changes = Changes::default();
    let moved = reschedule(&context, &changes, &plan, &effect(), grant).await;
    (moved.map_err(|error| (error.status().as_u16(), error.code().to_owned())), upstream)
}

async fn reschedule_answered(answers: &[(u16, Value)]) -> (Result<Value, (u16, String)>, Upstream) {
    reschedule_with(grant("connected"), answers).await
}

const MOVE: &str = "PATCH /meetings/1";
const COMMIT: &str = "POST commit_zoom_reschedule";
const ABANDON: &str = "POST abandon_session_change";
const SETTLE: &str = "POST settle_outbox";

#[tokio::test]
async fn a_move_is_committed_after_zoom_made_it() {
    let (moved, upstream) = reschedule_answered(&[(204, json!(null)), (200, json!({"session": {"id": 1}}))]).await;
    assert_eq!(moved.unwrap(), json!({"id": 1}));
    assert_eq!(upstream.calls(), [MOVE, COMMIT]);
}

#[tokio::test]
async fn a_move_that_zoom_refuses_is_abandoned_and_told() {
    for (status, code, expected) in [
        (404, 3001, (409, "zoom_meeting_gone")),
        (429, 429, (429, "zoom_rate_limited")),
        (400, 300, (409, "zoom_refused")),
        (400, 4711, (409, "zoom_scope_missing")),
    ] {
        let abandoned = (200, json!({"abandoned": true}));
        let (moved, upstream) = reschedule_answered(&[(status, json!({"code": code})), abandoned]).await;
        assert_eq!(moved.unwrap_err(), (expected.0, expected.1.to_owned()));
        assert_eq!(upstream.calls(), [MOVE, ABANDON]);
    }
    let (moved, upstream) = reschedule_with(grant("reconnect_required"), &[(200, json!({"abandoned": true}))]).await;
    assert_eq!(moved.unwrap_err(), (409, "zoom_reconnect_required".to_owned()));
    assert_eq!(upstream.calls(), [ABANDON]);
}

#[tokio::test]
async fn a_move_whose_answer_is_lost_is_left_to_the_outbox() {
    let (moved, upstream) = reschedule_answered(&[(502, json!(null)), (200, json!({"settled": 1}))]).await;
    assert_eq!(moved.unwrap_err(), (502, "provider_failed".to_owned()));
    assert_eq!(upstream.calls(), [MOVE, SETTLE]);
    assert_eq!(settled(&upstream), json!({"id": ID, "lease_id": ID, "outcome": "retry", "error": "provider_failed"}));
}

#[tokio::test]
async fn a_move_that_is_not_committed_is_unsettled() {
    for lost in [(200, json!({"session": null})), (503, json!(null))] {
        let (moved, upstream) = reschedule_answered(&[(204, json!(null)), lost]).await;
        assert_eq!(moved.unwrap_err(), (503, "session_unsettled".to_owned()));
        assert_eq!(upstream.calls(), [MOVE, COMMIT]);
    }
}

#[tokio::test]
async fn the_meeting_of_a_closed_session_goes_now_or_later() {
    for (action, call) in [(Action::Cancel, "DELETE /meetings/1"), (Action::End, "PUT /meetings/1/status")] {
        for (status, at_zoom, outcome, error) in [
            (204, Progress::Done, "done", json!(null)),
            (404, Progress::Done, "done", json!(null)),
            (500, Progress::Pending, "retry", json!("provider_failed")),
            (429, Progress::Pending, "retry", json!("zoom_rate_limited")),
        ] {
            let (upstream, context) = upstream(&[(status, json!(null)), (200, json!({"settled": 1}))]);
            let closed = close(&context, action, "1", &effect(), grant("connected")).await;
            assert_eq!(closed, at_zoom, "{status}");
            assert_eq!(upstream.calls(), [call, SETTLE]);
            let expected = json!({"id": ID, "lease_id": ID, "outcome": outcome, "error": error});
            assert_eq!(settled(&upstream), expected);
        }
    }
}

#[tokio::test]
async fn a_closed_session_stays_closed_for_a_host_without_zoom() {
    let (upstream, context) = upstream(&[(200, json!({"settled": 1}))]);
    let closed = close(&context, Action::Cancel, "1", &effect(), grant("missing")).await;
    assert_eq!((closed, upstream.calls()), (Progress::Pending, vec![SETTLE.to_owned()]));
}

async fn start_answered(answers: &[(u16, Value)]) -> (Result<Started, (u16, String)>, Vec<String>) {
    let (upstream, context) = upstream(answers);
    let started = start(&context, ID, "1", grant("connected")).await;
    (started.map_err(|error| (error.status().as_u16(), error.code().to_owned())), upstream.calls())
}

#[tokio::test]
async fn a_start_needs_zooms_link_and_a_session_that_is_open() {
    const READ: &str = "GET /meetings/1";
    const COMMIT: &str = "POST commit_zoom_start";
    let meeting = json!({"id": 1, "start_url": "https://zoom.us/s/1"});

    let (started, asked) = start_answered(&[(200, meeting.clone()), (200, json!({"session": {"id": 1}}))]).await;
    let Started { session, start_url } = started.ok().unwrap();
    assert_eq!((session, start_url.as_str()), (json!({"id": 1}), "https://zoom.us/s/1"));
    assert_eq!(asked, [READ, COMMIT]);

    let (started, _) = start_answered(&[(200, meeting), (200, json!({"session": null}))]).await;
    assert_eq!(started.err().unwrap(), (409, "invalid_transition".to_owned()));

    for (status, expected) in [(404, (409, "zoom_meeting_gone")), (503, (502, "provider_failed"))] {
        let (started, asked) = start_answered(&[(status, json!(null))]).await;
        assert_eq!(started.err().unwrap(), (expected.0, expected.1.to_owned()));
        assert_eq!(asked, [READ], "nothing was written");
    }
}
