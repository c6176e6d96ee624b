use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::{StatusCode, header::RETRY_AFTER};
use serde::Deserialize;

use crate::http::{
    Error,
    upstream::{Answer, UpstreamError},
};

/// Why Zoom did not do what it was asked. Except for [`ZoomError::Unanswered`] it is certain that nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum ZoomError {
    /// The user never connected Zoom, or disconnected it.
    #[error("not connected")]
    NotConnected,
    /// The grant no longer works; only the user can renew it.
    #[error("the grant no longer works")]
    ReconnectRequired,
    /// The access token is not valid, though it has not expired.
    #[error("the access token was refused")]
    TokenRefused,
    /// The user granted too little.
    #[error("a scope is missing")]
    MissingScope,
    /// Too many calls; asking again helps after this time.
    #[error("rate limited for {} s", .0.as_secs())]
    RateLimited(Duration),
    /// The meeting or user does not exist.
    #[error("not found")]
    NotFound,
    /// Zoom refuses this request, with its own code.
    #[error("refused with status {status}, code {code}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Zoom's error code, 0 where it gave none.
        code: i64,
    },
    /// No answer, or one that tells nothing: whether it was done is unknown.
    #[error("unanswered: {cause}")]
    Unanswered {
        /// For the log.
        cause: String,
        /// Whether time ran out.
        timed_out: bool,
    },
    /// Our own part failed: the database, or a seal.
    #[error("{0}")]
    Ours(#[from] Error),
}

impl ZoomError {
    /// Whether the request may have been carried out all the same.
    #[must_use]
    pub fn leaves_it_open(&self) -> bool {
        matches!(self, Self::Unanswered { .. })
    }
}

impl From<UpstreamError> for ZoomError {
    fn from(error: UpstreamError) -> Self {
        let timed_out = matches!(error, UpstreamError::TimedOut);
        Self::Unanswered { cause: format!("Zoom: {error}"), timed_out }
    }
}

impl From<ZoomError> for Error {
    fn from(error: ZoomError) -> Self {
        let conflict = |code: &'static str, message: &'static str| Self::refused(StatusCode::CONFLICT, code, message);
        match error {
            ZoomError::NotConnected => conflict("zoom_not_connected", "Connect Zoom first, or paste a link."),
            ZoomError::ReconnectRequired | ZoomError::TokenRefused => {
                conflict("zoom_reconnect_required", "The connection to Zoom no longer works: connect Zoom again.")
            }
            ZoomError::MissingScope => conflict(
                "zoom_scope_missing",
                "Zoom was connected without a permission that this needs: connect it again.",
            ),
            ZoomError::RateLimited(wait) => Self::refused_for(
                StatusCode::TOO_MANY_REQUESTS,
                "zoom_rate_limited",
                "Zoom takes no more requests from this user for now.",
                wait,
            ),
            ZoomError::Refused { code, .. } => {
                Self::refused(StatusCode::CONFLICT, "zoom_refused", format!("Zoom refused this meeting (code {code})."))
            }
            ZoomError::NotFound => Self::ProviderFailed("Zoom: not found".to_owned()),
            ZoomError::Unanswered { cause, timed_out: true } => Self::ProviderTimedOut(cause),
            ZoomError::Unanswered { cause, timed_out: false } => Self::ProviderFailed(cause),
            ZoomError::Ours(error) => error,
        }
    }
}

/// Zoom's error body. It can also be XML, or nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    code: i64,
    message: String,
}

/// How long to wait when Zoom says "too many" but not until when.
const DEFAULT_WAIT: Duration = Duration::from_secs(10);
/// No limit of Zoom's lasts longer than a day.
const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// Zoom's codes for a scope that was not granted.
const MISSING_SCOPE: [i64; 2] = [4711, 4700];
/// Zoom's code for an invalid access token, also seen with a status other than 401.
const INVALID_TOKEN: i64 = 124;
/// Zoom's code for a meeting that is not there, also seen with a status other than 404.
const NO_MEETING: i64 = 3001;
/// How Zoom also says so, under its code 300, which otherwise means a field that is not valid.
const NO_MEETING_MESSAGE: &str = "is not found or has expired";
/// Zoom's code when a meeting cannot be deleted because people are in it.
pub(super) const IN_PROGRESS: i64 = 3002;
/// Zoom's code when a meeting cannot be deleted because it is over.
pub(super) const ENDED: i64 = 3007;

/// What an unsuccessful answer means.
pub(super) fn of_answer(answer: &Answer, now: DateTime<Utc>) -> ZoomError {
    let body: Body = serde_json::from_slice(&answer.body).unwrap_or_default();
    match answer.status {
        _ if MISSING_SCOPE.contains(&body.code) => ZoomError::MissingScope,
        StatusCode::UNAUTHORIZED => ZoomError::TokenRefused,
        _ if body.code == INVALID_TOKEN => ZoomError::TokenRefused,
        StatusCode::TOO_MANY_REQUESTS => ZoomError::RateLimited(wait(answer, &body, now)),
        StatusCode::NOT_FOUND => ZoomError::NotFound,
        status if status.is_client_error() && says_no_meeting(&body) => ZoomError::NotFound,
        StatusCode::REQUEST_TIMEOUT => ZoomError::Unanswered { cause: "Zoom: status 408".to_owned(), timed_out: true },
        status if status.is_client_error() => ZoomError::Refused { status: status.as_u16(), code: body.code },
        status => ZoomError::Unanswered { cause: format!("Zoom: status {}", status.as_u16()), timed_out: false },
    }
}

fn says_no_meeting(body: &Body) -> bool {
    body.code == NO_MEETING || body.message.contains(NO_MEETING_MESSAGE)
}

/// Zoom's Retry-After is an ISO 8601 time, not seconds; the daily limit on creating and updating may come without one and ends at
/// midnight UTC.
fn wait(answer: &Answer, body: &Body, now: DateTime<Utc>) -> Duration {
    let header = answer.headers.get(RETRY_AFTER);
    let until = match header.as_deref() {
        Some(value) => match value.parse::<i64>() {
            Ok(seconds) => TimeDelta::try_seconds(seconds).and_then(|wait| now.checked_add_signed(wait)),
            Err(_) => DateTime::parse_from_rfc3339(value).ok().map(|time| time.to_utc()),
        },
        None if body.message.contains("daily") => {
            (now.date_naive() + TimeDelta::days(1)).and_hms_opt(0, 0, 0).map(|midnight| midnight.and_utc())
        }
        None => None,
    };
    let wait = until.and_then(|until| until.signed_duration_since(now).to_std().ok()).unwrap_or(DEFAULT_WAIT);
    wait.clamp(Duration::from_secs(1), LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, retry_after: Option<&str>, body: &str) -> ZoomError {
        let headers = retry_after.map(|value| ("retry-after", value)).into();
        let status = StatusCode::from_u16(status).unwrap();
        let now = DateTime::parse_from_rfc3339("2026-05-01T22:00:00Z").unwrap().to_utc();
        of_answer(&Answer { status, headers, body: body.as_bytes().to_vec() }, now)
    }

    #[test]
    fn a_bad_token_is_recognised_by_status_or_code() {
        assert!(matches!(error(401, None, ""), ZoomError::TokenRefused));
        assert!(matches!(error(400, None, r#"{"code":124,"message":"x"}"#), ZoomError::TokenRefused));
    }

    #[test]
    fn a_missing_scope_is_not_a_bad_token() {
        assert!(matches!(error(401, None, r#"{"code":4711,"message":"x"}"#), ZoomError::MissingScope));
        assert!(matches!(error(400, None, r#"{"code":4711}"#), ZoomError::MissingScope));
    }

    #[test]
    fn a_meeting_that_is_gone_is_recognised_however_zoom_says_so() {
        assert!(matches!(error(404, None, "<error/>"), ZoomError::NotFound));
        assert!(matches!(
            error(400, None, r#"{"code":3001,"message":"Meeting does not exist: 1."}"#),
            ZoomError::NotFound
        ));
        let expired = r#"{"code":300,"message":"Meeting 1 is not found or has expired."}"#;
        assert!(matches!(error(400, None, expired), ZoomError::NotFound));
        let invalid = r#"{"code":300,"message":"Validation Failed."}"#;
        assert!(matches!(error(400, None, invalid), ZoomError::Refused { status: 400, code: 300 }));
        assert!(error(500, None, expired).leaves_it_open());
    }

    #[test]
    fn a_rate_limit_says_how_long_it_lasts() {
        let seconds = |retry_after, body| match error(429, retry_after, body) {
            ZoomError::RateLimited(wait) => wait.as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!(seconds(Some("2026-05-01T22:05:00Z"), ""), 300);
        assert_eq!(seconds(Some("7"), ""), 7);
        assert_eq!(seconds(None, r#"{"message":"You have exceeded the daily rate limit (100)"}"#), 7_200);
        assert_eq!(seconds(None, ""), 10);
        assert_eq!(seconds(Some("2020-01-01T00:00:00Z"), ""), 10);
        assert_eq!(seconds(Some("soon"), ""), 10);
        assert_eq!(seconds(Some("0"), ""), 1);
        assert_eq!(seconds(Some("9999-12-31T23:59:59Z"), ""), 86_400);
        assert_eq!(seconds(Some("9223372036854775807"), ""), 10);
    }

    #[test]
    fn only_a_definite_answer_settles_what_happened() {
        for status in [400, 401, 404, 409, 429] {
            assert!(!error(status, None, "<error/>").leaves_it_open(), "{status}");
        }
        for status in [500, 502, 503, 302, 408] {
            assert!(error(status, None, "<error/>").leaves_it_open(), "{status}");
        }
    }
}
