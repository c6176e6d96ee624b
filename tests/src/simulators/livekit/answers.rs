use bytes::Bytes;
use http::Response;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::{Value, json};

/// An answer, or a refusal.
pub(super) type Answer = Response<Bytes>;

/// Twirp's codes. Each has a status.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Code {
    BadRoute,
    InvalidArgument,
    Malformed,
    NotFound,
    Unauthenticated,
}

impl Code {
    fn status(self) -> u16 {
        match self {
            Self::InvalidArgument | Self::Malformed => 400,
            Self::Unauthenticated => 401,
            Self::BadRoute | Self::NotFound => 404,
        }
    }
}

pub(super) fn json(body: &Value) -> Answer {
    answer(200, "application/json", body.to_string())
}

pub(super) fn refusal(code: Code, message: &str) -> Answer {
    answer(code.status(), "application/json", json!({"code": code, "msg": message}).to_string())
}

/// What is wrong with a token is said before Twirp is asked, as plain text.
pub(super) fn unauthorized(message: String) -> Answer {
    answer(401, "text/plain; charset=utf-8", message)
}

fn answer(status: u16, content_type: &str, body: String) -> Answer {
    Response::builder().status(status).header(CONTENT_TYPE, content_type).body(body.into()).unwrap()
}
