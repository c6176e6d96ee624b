use uuid::Uuid;

use super::*;
use crate::{
    http::Error,
    providers::rooms::rooms,
    testing::{self, TestClock, Upstream},
};

const ROOM: &str = "00000000-0000-0000-0000-000000000001";
const CONNECT: &str = "POST /openvidu/api/sessions/00000000-0000-0000-0000-000000000001/connection";
const OPEN: &str = "POST /openvidu/api/sessions";
const CLOSE: &str = "DELETE /openvidu/api/sessions/00000000-0000-0000-0000-000000000001";

fn context(upstream: &Upstream) -> Context {
    let variables =
        [("SUPABASE_URL", testing::NOWHERE), ("OPENVIDU_URL", &upstream.url), ("OPENVIDU_SECRET", "s3cret")];
    testing::context(&TestClock::at("2026-05-01T09:00:00Z"), &variables)
}

fn person(role: Role, name: Option<&str>) -> Person {
    Person { user_id: Uuid::from_u128(7), role, name: name.map(str::to_owned) }
}

fn status(error: RoomsError) -> u16 {
    Error::from(error).status().as_u16()
}

#[tokio::test]
async fn an_open_session_admits_with_one_call() {
    let token = "wss://openvidu.example?sessionId=x&token=tok_1";
    for (role, name, expected) in [
        (
            Role::Operator,
            Some("Ann \"A\""),
            ("MODERATOR", json!({"userId": Uuid::from_u128(7), "role": "operator", "name": "Ann \"A\""})),
        ),
        (Role::Client, None, ("PUBLISHER", json!({"userId": Uuid::from_u128(7), "role": "client"}))),
    ] {
        let upstream = Upstream::in_turn(&[(200, json!({"id": "con_1", "token": token}))]);
        let context = context(&upstream);
        let admission = rooms(&context).unwrap().admit(ROOM, &person(role, name)).await.unwrap();
        assert_eq!((admission.token.as_str(), admission.url), (token, None));
        assert_eq!(upstream.calls(), [CONNECT]);
        let asked = &upstream.asked()[0];
        assert_eq!(asked.header("authorization"), Some("Basic T1BFTlZJRFVBUFA6czNjcmV0"));
        assert_eq!(asked.header("content-type"), Some("application/json"));
        let mut sent = asked.json();
        let data: Value = serde_json::from_str(sent["data"].take().as_str().unwrap()).unwrap();
        assert_eq!((sent, data), (json!({"type": "WEBRTC", "role": expected.0, "data": null}), expected.1));
    }
}

#[tokio::test]
async fn a_session_that_is_missing_is_opened_first_even_when_another_request_is_faster() {
    for opened in [200, 409] {
        let connection = (200, json!({"token": "t"}));
        let upstream = Upstream::in_turn(&[(404, json!(null)), (opened, json!(null)), connection]);
        let context = context(&upstream);
        let admission = rooms(&context).unwrap().admit(ROOM, &person(Role::Client, None)).await.unwrap();
        assert_eq!(admission.token, "t");
        assert_eq!(upstream.calls(), [CONNECT, OPEN, CONNECT]);
        let session = json!({"customSessionId": ROOM, "mediaMode": "ROUTED", "recordingMode": "MANUAL"});
        assert_eq!(upstream.asked()[1].json(), session);
    }
}

#[tokio::test]
async fn who_is_not_admitted_hears_that_the_provider_failed() {
    for (answers, calls) in [
        (&[(401, json!(null))][..], &[CONNECT][..]),
        (&[(200, json!({"token": null}))], &[CONNECT]),
        (&[(404, json!(null)), (500, json!(null))], &[CONNECT, OPEN]),
        (&[(404, json!(null)), (200, json!(null)), (404, json!(null))], &[CONNECT, OPEN, CONNECT]),
    ] {
        let upstream = Upstream::in_turn(answers);
        let context = context(&upstream);
        let error = rooms(&context).unwrap().admit(ROOM, &person(Role::Client, None)).await.err().unwrap();
        assert_eq!(status(error), 502);
        assert_eq!(upstream.calls(), calls);
    }
}

#[tokio::test]
async fn opening_and_closing_again_changes_nothing() {
    for (answer, opened, closed) in
        [(200, true, true), (204, true, true), (409, true, false), (404, false, true), (500, false, false)]
    {
        let upstream = Upstream::in_turn(&[(answer, json!(null)), (answer, json!(null))]);
        let context = context(&upstream);
        let rooms = rooms(&context).unwrap();
        assert_eq!(rooms.open(ROOM).await.is_ok(), opened, "{answer}");
        assert_eq!(rooms.close(ROOM).await.is_ok(), closed, "{answer}");
        assert_eq!(upstream.calls(), [OPEN, CLOSE]);
    }
}

#[tokio::test]
async fn a_recording_is_where_openvidu_says_once_it_is_ready() {
    let url = "https://openvidu.example/openvidu/recordings/r-1/r-1.mp4";
    for (answer, recording) in [
        ((200, json!({"id": "r-1", "status": "ready", "url": url})), Ok(Recording::Ready(url.to_owned()))),
        ((200, json!({"status": "ready", "url": null})), Ok(Recording::NotYet)),
        ((200, json!({"status": "stopped", "url": url})), Ok(Recording::NotYet)),
        ((200, json!({"status": "ready", "url": "ftp://openvidu.example/r-1"})), Ok(Recording::Nowhere)),
        ((200, json!({"status": "failed"})), Ok(Recording::Nowhere)),
        ((404, json!(null)), Ok(Recording::Nowhere)),
        ((200, json!({})), Err(502)),
        ((503, json!(null)), Err(502)),
    ] {
        let upstream = Upstream::in_turn(&[answer]);
        let context = context(&upstream);
        let found = rooms(&context).unwrap().recording("r/../1 ").await;
        assert_eq!(found.map_err(status), recording);
        assert_eq!(upstream.calls(), ["GET /openvidu/api/recordings/r%2F%2E%2E%2F1%20"]);
    }
}
