use bytes::Bytes;
use serde_json::{Value, json};
use shared::{
    crypto::{Secret, hmac_sha256_hex},
    testing::{self, TestClock},
};

use super::*;

// Of Zoom's own example.
const SECRET: &str = "4fv1RkqGQUq5sWbEz6hA5A";
const SENT: i64 = 1_720_705_455;

/// A deployment whose Supabase nobody answers for.
fn context(secret: &str) -> Context {
    let variables = [("SUPABASE_URL", testing::NOWHERE), ("ZOOM_WEBHOOK_SECRET", secret)];
    testing::context(&TestClock::at("2024-07-11T13:44:15Z"), &variables)
}

fn signed(body: &str) -> Request {
    let timestamp = SENT.to_string();
    let parts = [b"v0:", timestamp.as_bytes(), b":", body.as_bytes()];
    let signature = hmac_sha256_hex(&Secret::new(SECRET), &parts).unwrap();
    testing::request(&[("x-zm-request-timestamp", &timestamp), ("x-zm-signature", &format!("v0={signature}"))], body)
}

async fn answer(request: Request) -> Result<Value, Error> {
    let response = handle(&context(SECRET), request).await?;
    assert_eq!(response.status(), StatusCode::OK);
    Ok(serde_json::from_slice(response.body()).unwrap())
}

#[tokio::test]
async fn zooms_question_is_answered_without_the_database() {
    let body = r#"{"payload":{"plainToken":"xys8n8PGS7mAU0m5-YJjRA"},"event":"endpoint.url_validation"}"#;
    let expected = json!({
        "plainToken": "xys8n8PGS7mAU0m5-YJjRA",
        "encryptedToken": "2fffc6a967dde4f68024025a5bd991c5ae1e5313b4e6365be4883e3e81d479b3",
    });
    assert_eq!(answer(signed(body)).await.unwrap(), expected);
}

#[tokio::test]
async fn an_unknown_event_is_received_without_the_database() {
    assert_eq!(answer(signed(r#"{"event":"user.created"}"#)).await.unwrap(), json!({"received": true}));
}

#[tokio::test]
async fn an_event_that_cannot_be_recorded_is_left_for_zoom_to_repeat() {
    let body = r#"{"event":"meeting.ended","event_ts":1,"payload":{"object":{"id":1}}}"#;
    assert!(matches!(answer(signed(body)).await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn nothing_is_read_before_the_signature_holds() {
    for body in [r#"{"payload":{"plainToken":"t"},"event":"endpoint.url_validation"}"#, "no JSON"] {
        let mut request = signed(body);
        request.body = Bytes::from(format!("{body} "));
        assert!(matches!(answer(request).await, Err(Error::Unauthenticated(_))), "{body}");
    }
}

#[tokio::test]
async fn without_a_secret_nobody_is_believed() {
    let request = signed(r#"{"event":"user.created"}"#);
    assert!(matches!(handle(&context(""), request).await, Err(Error::Internal(_))));
}
