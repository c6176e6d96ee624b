use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use chrono::TimeDelta;
use http::header::AUTHORIZATION;
use jwt_compact::{
    AlgorithmExt as _, Claims, Header,
    alg::{Hs256, Hs256Key},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use shared::testing::{self, TestClock, Upstream};

use super::*;

const ROOM: &str = "00000000-0000-0000-0000-000000000001";
const OPENVIDU: [(&str, &str); 3] = [
    ("OPENVIDU_URL", testing::NOWHERE),
    ("OPENVIDU_SECRET", "api-secret"),
    ("OPENVIDU_WEBHOOK_SECRET", "webhook-secret"),
];
const LIVEKIT: [(&str, &str); 3] =
    [("LIVEKIT_URL", "wss://livekit.invalid"), ("LIVEKIT_API_KEY", "key"), ("LIVEKIT_API_SECRET", "secret")];

fn context(supabase_url: &str, variables: &[(&str, &str)]) -> Context {
    let variables = [&[("SUPABASE_URL", supabase_url)], variables].concat();
    testing::context(&TestClock::at("2026-05-01T09:00:00Z"), &variables)
}

fn request(authorization: &str, body: &str) -> Request {
    http::Request::builder().header(AUTHORIZATION, authorization).body(Bytes::from(body.to_owned())).unwrap()
}

/// As LiveKit signs a body at the time of the tests.
fn signed(body: &str) -> String {
    let hash = BASE64_STANDARD.encode(Sha256::digest(body));
    let mut claims = Claims::new(json!({"iss": "key", "sha256": hash}));
    claims.expiration = Some("2026-05-01T09:05:00Z".parse().unwrap());
    claims.not_before = claims.expiration.map(|expiration| expiration - TimeDelta::minutes(5));
    Hs256.token(&Header::empty(), &claims, &Hs256Key::new("secret")).unwrap()
}

fn openvidu_report() -> String {
    json!({"event": "sessionCreated", "sessionId": ROOM, "timestamp": 1_777_626_000_000_u64}).to_string()
}

fn livekit_report() -> String {
    json!({"event": "room_started", "room": {"name": ROOM}, "createdAt": "1777626000"}).to_string()
}

#[tokio::test]
async fn a_report_of_either_server_is_recorded_with_one_call() {
    let expected = json!({"event": "room_started", "event_at": "2026-05-01T09:00:00Z", "room": ROOM, "details": {}});
    let (openvidu, livekit) = (openvidu_report(), livekit_report());
    for (variables, authorization, body) in
        [(OPENVIDU, "Bearer webhook-secret".to_owned(), openvidu), (LIVEKIT, signed(&livekit), livekit)]
    {
        let upstream = Upstream::in_turn(&[(200, json!({"recorded": true}))]);
        let response = handle(&context(&upstream.url, &variables), request(&authorization, &body)).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(serde_json::from_slice::<Value>(response.body()).unwrap(), json!({"received": true}));
        assert_eq!(upstream.calls(), ["POST record_openvidu_event"]);
        assert_eq!(upstream.asked()[0].json(), expected);
    }
}

#[tokio::test]
async fn what_nothing_depends_on_is_received_without_a_call() {
    let body = r#"{"event":"track_published"}"#;
    for (variables, authorization) in [(OPENVIDU, "Bearer webhook-secret".to_owned()), (LIVEKIT, signed(body))] {
        let response = handle(&context(testing::NOWHERE, &variables), request(&authorization, body)).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn nothing_is_read_before_the_sender_is_known() {
    let genuine = signed(&livekit_report());
    for (variables, authorization, body) in [
        (OPENVIDU, "Bearer api-secret", "no JSON".to_owned()),
        (OPENVIDU, genuine.as_str(), openvidu_report()),
        (LIVEKIT, "Bearer webhook-secret", livekit_report()),
        (LIVEKIT, genuine.as_str(), "no JSON".to_owned()),
    ] {
        let refused = handle(&context(testing::NOWHERE, &variables), request(authorization, &body)).await;
        assert!(matches!(refused, Err(Error::Unauthenticated(_))), "{authorization} {body}");
    }
}

#[tokio::test]
async fn a_report_that_cannot_be_recorded_is_not_received() {
    let request = request("Bearer webhook-secret", &openvidu_report());
    assert!(matches!(handle(&context(testing::NOWHERE, &OPENVIDU), request).await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn without_a_secret_nobody_is_believed() {
    for variables in [&[][..], &OPENVIDU[..2]] {
        let refused = handle(&context(testing::NOWHERE, variables), request("Bearer ", &openvidu_report())).await;
        assert!(matches!(refused, Err(Error::Internal(_))));
    }
}
