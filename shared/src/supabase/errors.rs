//! PostgREST's errors as ours.

use std::time::Duration;

use http::{StatusCode, header::RETRY_AFTER};
use serde_json::Value;

use crate::http::{Error, upstream::Answer};

/// The code of what row-level security and grants do not allow.
pub(super) const FORBIDDEN: &str = "forbidden";

/// What a failed RPC means to the caller of the function.
///
/// Our database functions refuse with a stable `snake_case` code, a message for a person, the field's name as details, and a
/// Retry-After in seconds where waiting helps: that is passed on. Everything else (an SQLSTATE, `PGRST...`) is the database's own, and says nothing to the caller.
pub(super) fn map(function: &str, answer: &Answer) -> Error {
    let error: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let [code, message, details] = ["code", "message", "details"].map(|name| error[name].as_str().map(str::to_owned));
    let code = code.unwrap_or_default();
    if answer.status.is_client_error() && is_our_code(&code) {
        return Error::Refused {
            status: answer.status,
            code: code.into(),
            message: message.unwrap_or_default().into(),
            field: details,
            retry_after: retry_after(answer),
        };
    }
    let cause = format!("rpc {function}: status {}, code {code:?}", answer.status.as_u16());
    match answer.status {
        // The token passed here, but not there: signed out everywhere, or another secret.
        StatusCode::UNAUTHORIZED => Error::Unauthenticated("the database refused the token"),
        StatusCode::FORBIDDEN => Error::refused(StatusCode::FORBIDDEN, FORBIDDEN, "You may not do this."),
        status if status.is_server_error() => Error::Unavailable(cause),
        _ => Error::Internal(cause),
    }
}

fn retry_after(answer: &Answer) -> Option<Duration> {
    let seconds = answer.headers.get(RETRY_AFTER)?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn is_our_code(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(status: u16, body: &str) -> Error {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: [].into(),
            body: body.as_bytes().to_vec(),
        };
        map("f", &answer)
    }

    #[test]
    fn our_own_refusals_are_passed_on_with_their_field() {
        let error = mapped(403, r#"{"code":"client_not_yours","message":"No.","details":"client_ids","hint":null}"#);
        assert_eq!((error.status().as_u16(), error.code()), (403, "client_not_yours"));
        let body = String::from_utf8(error.into_response("r").body().to_vec()).unwrap();
        assert!(body.contains(r#""field":"client_ids""#), "{body}");
    }

    #[test]
    fn when_asking_again_helps_is_passed_on() {
        for (header, expected) in
            [(None, None), (Some("5"), Some("5")), (Some("soon"), None), (Some("-1"), None), (Some("1.5"), None)]
        {
            let headers = header.map(|value| ("retry-after", value)).into();
            let body = br#"{"code":"waiting_for_operator","message":"Wait."}"#.to_vec();
            let response = map("f", &Answer { status: StatusCode::CONFLICT, headers, body }).into_response("r");
            assert_eq!(response.headers().get(RETRY_AFTER).map(|value| value.to_str().unwrap()), expected);
        }
    }

    #[test]
    fn the_database_s_own_errors_stay_inside() {
        for (status, body, expected) in [
            (401, r#"{"code":"PGRST301","message":"JWT expired"}"#, 401),
            (403, r#"{"code":"42501","message":"permission denied for table x"}"#, 403),
            (404, r#"{"code":"PGRST202","message":"no function x"}"#, 500),
            (400, r#"{"code":"22P02","message":"invalid input x"}"#, 500),
            (500, r#"{"code":"SUP","message":"x"}"#, 503),
            (503, "<html>x</html>", 503),
        ] {
            let error = mapped(status, body);
            assert_eq!(error.status().as_u16(), expected, "{body}");
            let told = String::from_utf8(error.into_response("r").body().to_vec()).unwrap();
            assert!(
                !["table", "expired", "PGRST", "input", "html"].iter().any(|inside| told.contains(inside)),
                "{told}"
            );
        }
    }
}
