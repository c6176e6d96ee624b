use futures_util::future::FutureExt as _;
use serde_json::json;
use shared::{
    crypto::seal::SealKeys,
    providers::zoom::token_seal_context,
    testing::{self, NOWHERE, TestClock, Upstream},
};

use super::*;

const SEAL_KEYS: &str = "k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// A deployment whose Zoom and Supabase nobody answers for.
fn context() -> Context {
    context_with(&[])
}

fn context_with(more: &[(&str, &str)]) -> Context {
    let variables = [
        ("SUPABASE_URL", NOWHERE),
        ("ZOOM_CLIENT_ID", "id"),
        ("ZOOM_CLIENT_SECRET", "secret"),
        ("ZOOM_API_URL", NOWHERE),
        ("SEAL_KEYS", SEAL_KEYS),
    ];
    testing::context(&TestClock::at("2026-05-01T09:00:00Z"), &[&variables, more].concat())
}

fn deletion() -> Effect {
    let host = Uuid::from_u128(7);
    let keys = SealKeys::parse(SEAL_KEYS).unwrap();
    // The native cipher never waits.
    let token = keys.seal(&token_seal_context(host), b"token").now_or_never().unwrap().unwrap();
    serde_json::from_value(json!({
        "id": host, "lease_id": host, "kind": "zoom.delete_meeting", "payload": {"meeting_id": "1"}, "age_seconds": 0,
        "zoom": {
            "user_id": host, "status": "connected", "access_token": token, "refresh_token": token,
            "refresh_lease": null, "refresh_busy": false,
        },
    }))
    .unwrap()
}

/// What becomes of an effect that is reached so many seconds after its delivery began.
async fn reached_after(seconds: i64) -> String {
    let context = context();
    let lease = Lease::since(context.clock().now() - TimeDelta::seconds(seconds));
    perform(&context, deletion(), lease).await.unwrap_err().to_string()
}

#[tokio::test]
async fn an_effect_is_not_started_late_in_its_lease() {
    assert_eq!(reached_after(24).await, "provider_failed", "it asked Zoom");
    assert_eq!(reached_after(26).await, "not_started");
}

#[tokio::test]
async fn a_claim_is_not_searched_for_when_its_lease_is_about_to_end() {
    let context = context();
    let begun = context.clock().now() - TimeDelta::seconds(41);
    let lease = Lease { start_until: context.clock().now(), ..Lease::since(begun) };
    let payload = json!({"topic": "Knee", "scheduled_start": "2026-06-01T09:00:00Z", "passcode": "p"});
    let claim = Effect { kind: "zoom.settle_claim".to_owned(), payload, ..deletion() };
    let undone = perform(&context, claim, lease).await.unwrap_err();
    assert_eq!(undone.to_string(), "provider_timed_out", "Zoom was not asked, which would have failed");
}

fn of_kind(kind: &str, payload: serde_json::Value) -> Effect {
    Effect { kind: kind.to_owned(), payload, ..deletion() }
}

#[tokio::test]
async fn ending_and_changing_a_meeting_are_asked_of_zoom() {
    let context = context();
    let lease = Lease::since(context.clock().now());
    let meeting = json!({
        "meeting_id": "1", "topic": "Knee", "scheduled_start": "2026-06-01T09:00:00+00:00", "duration_minutes": 50,
        "timezone": "UTC",
    });
    for effect in [
        of_kind("zoom.end_meeting", json!({"meeting_id": "1"})),
        of_kind("zoom.sync_meeting", json!({"session_id": Uuid::from_u128(8), "meeting": meeting})),
    ] {
        let undone = perform(&context, effect, lease).await.unwrap_err();
        assert_eq!(undone.to_string(), "provider_failed", "Zoom was asked, and is not there");
    }
}

#[tokio::test]
async fn a_session_that_has_no_meeting_any_more_needs_nothing_of_zoom() {
    let context = context();
    let lease = Lease::since(context.clock().now());
    let gone = of_kind("zoom.sync_meeting", json!({"session_id": Uuid::from_u128(8), "meeting": null}));
    assert!(perform(&context, gone, lease).await.is_ok());
}

#[tokio::test]
async fn what_this_version_does_not_understand_is_left_for_another() {
    let context = context();
    let lease = Lease::since(context.clock().now());
    let unknown = of_kind("zoom.invented", json!({}));
    assert!(matches!(perform(&context, unknown, lease).await, Err(Undone::UnknownKind)));
    for kind in [
        "zoom.settle_claim",
        "zoom.delete_meeting",
        "zoom.end_meeting",
        "zoom.sync_meeting",
        "openvidu.close_room",
        "openvidu.fetch_recording",
    ] {
        let unreadable = of_kind(kind, json!({"meeting": {"meeting_id": 1}}));
        assert!(matches!(perform(&context, unreadable, lease).await, Err(Undone::UnreadablePayload)), "{kind}");
    }
}

/// What becomes of an effect at OpenVidu 2 that answers so, as the database is told.
async fn at_openvidu(effect: Effect, answer: (u16, Value)) -> (Value, Vec<String>) {
    let upstream = Upstream::in_turn(&[answer]);
    let context = context_with(&[("OPENVIDU_URL", &upstream.url), ("OPENVIDU_SECRET", "s")]);
    let lease = Lease::since(context.clock().now());
    let outcome = perform(&context, effect, lease).await.unwrap_or_else(Outcome::from);
    (serde_json::to_value(outcome).unwrap(), upstream.calls())
}

/// As the database claims it: without a grant for Zoom.
fn of_room(kind: &str) -> Effect {
    Effect { zoom: None, ..of_kind(kind, json!({"room": "m", "meeting_id": "m", "recording_id": "m-1"})) }
}

#[tokio::test]
async fn the_room_of_a_meeting_that_is_over_is_closed() {
    for (status, expected) in [
        (204, json!({"outcome": "done"})),
        (404, json!({"outcome": "done"})),
        (500, json!({"outcome": "retry", "error": "provider_failed", "retry_after": null})),
    ] {
        let (outcome, calls) = at_openvidu(of_room("openvidu.close_room"), (status, json!(null))).await;
        assert_eq!(outcome, expected, "{status}");
        assert_eq!(calls, ["DELETE /openvidu/api/sessions/m"]);
    }
}

#[tokio::test]
async fn a_recording_is_stored_once_it_is_somewhere() {
    let url = "https://openvidu.example/recordings/m-1/m-1.mp4";
    for (answer, expected) in [
        ((200, json!({"status": "ready", "url": url})), json!({"outcome": "done", "recording_url": url})),
        (
            (200, json!({"status": "ready", "url": null})),
            json!({"outcome": "retry", "error": "not_ready_yet", "retry_after": null}),
        ),
        ((200, json!({"status": "ready", "url": "file:///m-1.mp4"})), json!({"outcome": "done"})),
        ((404, json!(null)), json!({"outcome": "done"})),
    ] {
        let (outcome, calls) = at_openvidu(of_room("openvidu.fetch_recording"), answer).await;
        assert_eq!(outcome, expected);
        assert_eq!(calls, ["GET /openvidu/api/recordings/m-1"]);
    }
}

#[tokio::test]
async fn a_deployment_without_openvidu_2_leaves_what_only_that_can_do() {
    let livekit = [("LIVEKIT_URL", "wss://livekit.invalid"), ("LIVEKIT_API_KEY", "k"), ("LIVEKIT_API_SECRET", "s")];
    for (variables, error) in [(&livekit[..], "unknown_kind"), (&[], "internal")] {
        let context = context_with(variables);
        let lease = Lease::since(context.clock().now());
        let undone = perform(&context, of_room("openvidu.fetch_recording"), lease).await.unwrap_err();
        assert_eq!(undone.to_string(), error);
    }
}

#[tokio::test]
async fn what_is_done_at_zoom_needs_a_grant() {
    let context = context();
    let lease = Lease::since(context.clock().now());
    let undone = perform(&context, Effect { zoom: None, ..deletion() }, lease).await.unwrap_err();
    assert!(matches!(undone, Undone::UnreadablePayload));
}
