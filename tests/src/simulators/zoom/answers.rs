use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, LOCATION};
use serde_json::{Value, json};

use super::accounts::DAILY_WRITES;

/// An answer, or a refusal: Zoom's are of the same form.
pub(super) type Answer = Response<Bytes>;

/// A field that Zoom does not accept, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FieldError {
    pub(super) field: String,
    pub(super) message: String,
}

pub(super) fn json(status: u16, body: &Value) -> Answer {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/json;charset=UTF-8")
        .body(body.to_string().into())
        .unwrap()
}

pub(super) fn no_content() -> Answer {
    Response::builder().status(204).body(Bytes::new()).unwrap()
}

pub(super) fn error(status: u16, code: u32, message: &str) -> Answer {
    json(status, &json!({"code": code, "message": message}))
}

/// Code 300 with what is wrong field by field.
pub(super) fn invalid(errors: &[FieldError]) -> Answer {
    let errors: Vec<Value> =
        errors.iter().map(|error| json!({"field": error.field, "message": error.message})).collect();
    json(400, &json!({"code": 300, "message": "Validation Failed.", "errors": errors}))
}

pub(super) fn bad_token(message: &str) -> Answer {
    error(401, 124, message)
}

pub(super) fn unknown_meeting(id: &str) -> Answer {
    error(404, 3001, &format!("Meeting does not exist: {id}."))
}

/// The 429 of the limit on calls a second, or of the one on creates and updates a day.
pub(super) fn too_many_requests(kind: &str, limit: u32, message: &str, retry_after: Option<&str>) -> Answer {
    let mut answer = error(429, 429, message);
    let headers = answer.headers_mut();
    headers.insert("x-ratelimit-category", "Light".parse().unwrap());
    headers.insert("x-ratelimit-type", kind.parse().unwrap());
    headers.insert("x-ratelimit-limit", limit.into());
    headers.insert("x-ratelimit-remaining", 0.into());
    if let Some(date) = retry_after {
        headers.insert("retry-after", date.parse().unwrap());
    }
    answer
}

/// The 429 of a host whose creates and updates of today are used up.
pub(super) fn daily_limit(retry_after: Option<&str>) -> Answer {
    let message = format!(
        "You have exceeded the daily rate limit ({DAILY_WRITES}) of Meeting Create/Update API requests permitted for this particular user."
    );
    too_many_requests("Daily-limit", DAILY_WRITES, &message, retry_after)
}

/// An answer of any kind.
pub(super) fn raw(status: u16, content_type: &str, body: String) -> Answer {
    Response::builder().status(status).header(CONTENT_TYPE, content_type).body(body.into()).unwrap()
}

pub(super) fn redirect(location: &str) -> Answer {
    Response::builder().status(307).header(LOCATION, location).body(Bytes::new()).unwrap()
}

pub(super) fn xml(status: u16) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<result><code>{status}</code><message>Service error.</message></result>"
    );
    raw(status, "application/xml;charset=UTF-8", body)
}
