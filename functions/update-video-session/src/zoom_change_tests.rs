use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    rc::Rc,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, Utc};
use futures_util::future::{FutureExt as _, LocalBoxFuture};
use shared::{
    clock::Clock, config::Config, context::Deployment, crypto::seal::SealKeys, providers::zoom::token_seal_context,
};

use super::*;

const SEAL_KEYS: &str = "k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const ID: Uuid = Uuid::from_u128(7);

struct TestClock;

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        "2026-05-01T09:00:00Z".parse().unwrap()
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed_local()
    }
}

/// A request may come in pieces.
fn read_request(stream: &mut TcpStream) -> String {
    let (mut request, mut piece) = (String::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut piece).unwrap();
        request.push_str(&String::from_utf8_lossy(&piece[..length]));
        let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
        let announced = head.to_ascii_lowercase();
        let announced = announced.lines().find_map(|line| line.strip_prefix("content-length: "));
        if length == 0 || body.len() >= announced.map_or(0, |length| length.parse().unwrap()) {
            return request;
        }
    }
}

/// Supabase and Zoom in one, with an answer for each call in turn; it keeps what it was asked, as method, path and
/// body.
struct Upstream {
    context: Context,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Upstream {
    fn new(answers: &[(u16, Value)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (asking, answers) = (Arc::clone(&asked), answers.to_vec());
        std::thread::spawn(move || {
            for ((status, body), stream) in answers.into_iter().zip(listener.incoming()) {
                let mut stream = stream.unwrap();
                let request = read_request(&mut stream);
                let (head, sent) = request.split_once("\r\n\r\n").unwrap();
                let line = head.split(" HTTP/").next().unwrap().replace("/rest/v1/rpc/", "");
                asking.lock().unwrap().push((line, serde_json::from_str(sent).unwrap_or_default()));
                let body = body.to_string();
                let length = body.len();
                write!(stream, "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
                    .unwrap();
            }
        });
        let config = Config::read(|name| match name {
            "SUPABASE_URL" | "ZOOM_API_URL" | "ZOOM_OAUTH_URL" => Some(url.clone()),
            "SEAL_KEYS" => Some(SEAL_KEYS.to_owned()),
            "SUPABASE_ANON_KEY" | "SUPABASE_SECRET_KEY" | "ZOOM_CLIENT_ID" | "ZOOM_CLIENT_SECRET" => {
                Some("x".to_owned())
            }
            _ => None,
        });
        let deployment = Deployment::new(config.unwrap(), Rc::new(TestClock));
        let context = Context::new(Rc::new(deployment), "r".to_owned());
        Self { context, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(line, _)| line.clone()).collect()
    }

    /// What became of the effect, as the database was told.
    fn settled(&self) -> Value {
        self.asked.lock().unwrap().last().unwrap().1["results"][0].clone()
    }
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
    let upstream = Upstream::new(answers);
    let plan = MeetingPlan {
        meeting_id: "1".to_owned(),
        topic: "Knee".to_owned(),
        scheduled_start: "2026-06-01T09:00:00Z".to_owned().try_into().unwrap(),
        duration_minutes: 50,
        timezone: "UTC".to_owned(),
    };
    let changes = Changes::default();
    let moved = reschedule(&upstream.context, &changes, &plan, &effect(), grant).await;
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
    assert_eq!(upstream.asked(), [MOVE, COMMIT]);
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
        assert_eq!(upstream.asked(), [MOVE, ABANDON]);
    }
    let (moved, upstream) = reschedule_with(grant("reconnect_required"), &[(200, json!({"abandoned": true}))]).await;
    assert_eq!(moved.unwrap_err(), (409, "zoom_reconnect_required".to_owned()));
    assert_eq!(upstream.asked(), [ABANDON]);
}

#[tokio::test]
async fn a_move_whose_answer_is_lost_is_left_to_the_outbox() {
    let (moved, upstream) = reschedule_answered(&[(502, json!(null)), (200, json!({"settled": 1}))]).await;
    assert_eq!(moved.unwrap_err(), (502, "provider_failed".to_owned()));
    assert_eq!(upstream.asked(), [MOVE, SETTLE]);
    assert_eq!(upstream.settled(), json!({"id": ID, "lease_id": ID, "outcome": "retry", "error": "provider_failed"}));
}

#[tokio::test]
async fn a_move_that_is_not_committed_is_unsettled() {
    for lost in [(200, json!({"session": null})), (503, json!(null))] {
        let (moved, upstream) = reschedule_answered(&[(204, json!(null)), lost]).await;
        assert_eq!(moved.unwrap_err(), (503, "session_unsettled".to_owned()));
        assert_eq!(upstream.asked(), [MOVE, COMMIT]);
    }
}

#[tokio::test]
async fn the_meeting_of_a_closed_session_goes_now_or_later() {
    for (action, call) in [(Action::Cancel, "DELETE /meetings/1"), (Action::End, "PUT /meetings/1/status")] {
        for (status, at_zoom, outcome, error) in [
            (204, AtZoom::Done, "done", json!(null)),
            (404, AtZoom::Done, "done", json!(null)),
            (500, AtZoom::Pending, "retry", json!("provider_failed")),
            (429, AtZoom::Pending, "retry", json!("zoom_rate_limited")),
        ] {
            let upstream = Upstream::new(&[(status, json!(null)), (200, json!({"settled": 1}))]);
            let closed = close(&upstream.context, action, "1", &effect(), grant("connected")).await;
            assert_eq!(closed, at_zoom, "{status}");
            assert_eq!(upstream.asked(), [call, SETTLE]);
            let settled = json!({"id": ID, "lease_id": ID, "outcome": outcome, "error": error});
            assert_eq!(upstream.settled(), settled);
        }
    }
}

#[tokio::test]
async fn a_closed_session_stays_closed_for_a_host_without_zoom() {
    let upstream = Upstream::new(&[(200, json!({"settled": 1}))]);
    let closed = close(&upstream.context, Action::Cancel, "1", &effect(), grant("missing")).await;
    assert_eq!((closed, upstream.asked()), (AtZoom::Pending, vec![SETTLE.to_owned()]));
}

async fn start_answered(answers: &[(u16, Value)]) -> (Result<Started, (u16, String)>, Vec<String>) {
    let upstream = Upstream::new(answers);
    let started = start(&upstream.context, ID, "1", grant("connected")).await;
    (started.map_err(|error| (error.status().as_u16(), error.code().to_owned())), upstream.asked())
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
