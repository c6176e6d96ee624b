use bytes::Bytes;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::super::now;

/// An answer, or a refusal.
pub(super) type Answer = Response<Bytes>;

pub(super) fn json(body: &Value) -> Answer {
    with_body(200, body)
}

/// Most of what OpenVidu says, it says by the status alone.
pub(super) fn nothing(status: u16) -> Answer {
    Response::builder().status(status).body(Bytes::new()).unwrap()
}

pub(super) fn error(status: u16, path: &str, message: &str) -> Answer {
    let reason = StatusCode::from_u16(status).unwrap().canonical_reason();
    let body = json!({
        "timestamp": now().timestamp_millis(),
        "status": status,
        "error": reason,
        "message": message,
        "path": path,
    });
    with_body(status, &body)
}

pub(super) fn unauthorized(path: &str) -> Answer {
    let mut answer = error(401, path, "Unauthorized");
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Realm\""));
    answer
}

fn with_body(status: u16, body: &Value) -> Answer {
    Response::builder().status(status).header(CONTENT_TYPE, "application/json").body(body.to_string().into()).unwrap()
}
