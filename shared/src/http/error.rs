//! The one error type of the project, and the one envelope it becomes.

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{ALLOW, CONTENT_TYPE, RETRY_AFTER},
};
use serde::Serialize;

use super::Response;
use crate::{
    config::ConfigError,
    crypto::{random::RandomError, seal::SealError},
};

/// Why a request was not served. Every variant has one status and one stable code; what only the log may see is in a
/// `cause`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400: the body is not JSON.
    #[error("The body is not valid JSON.")]
    MalformedJson,
    /// 401: no token, or one that this project did not issue to a user. The reason is for the log.
    #[error("Sign in first: a valid access token is required.")]
    Unauthenticated(&'static str),
    /// 405: the function does not answer this method.
    #[error("This function answers {0}.")]
    MethodNotAllowed(&'static str),
    /// 413: the body is larger than this many bytes.
    #[error("The body is larger than {0} bytes.")]
    TooLarge(usize),
    /// 415: the body is not declared as JSON.
    #[error("Send the body as Content-Type: application/json.")]
    UnsupportedMediaType,
    /// 422: one field has a value that cannot be used.
    #[error("{field}: {reason}")]
    InvalidField {
        /// The field's name as the caller sent it.
        field: Cow<'static, str>,
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
    /// A rule that the database or the product states said no.
    #[error("{message}")]
    Refused {
        /// The status: 4xx, or 503 for what only time can settle.
        status: StatusCode,
        /// The stable code that apps switch on.
        code: Cow<'static, str>,
        /// For a person.
        message: Cow<'static, str>,
        /// The field it is about.
        field: Option<String>,
        /// When asking again may help.
        retry_after: Option<Duration>,
    },
    /// 502: a provider failed.
    #[error("The video provider could not do this. Try again later.")]
    ProviderFailed(String),
    /// 504: a provider did not answer in time.
    #[error("The video provider did not answer in time. Ask again, with the same Idempotency-Key if you sent one.")]
    ProviderTimedOut(String),
    /// 503: the database or the auth server is away.
    #[error("The service is not available right now. Try again in a moment.")]
    Unavailable(String),
    /// 500: something that should not happen.
    #[error("Something went wrong on our side.")]
    Internal(String),
}

/// How long a caller should wait when the database is away.
const RETRY_WHEN_UNAVAILABLE: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Envelope<'a> {
    error: String,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct Details<'a> {
    field: &'a str,
}

impl Error {
    /// 422 `invalid_field`.
    pub fn invalid(field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::InvalidField { field: field.into(), reason: reason.into() }
    }

    /// A refusal with its own stable code.
    pub fn refused(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Refused { status, code: code.into(), message: message.into(), field: None, retry_after: None }
    }

    /// A refusal that asking again after `retry_after` may lift.
    pub fn refused_for(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
        retry_after: Duration,
    ) -> Self {
        Self::Refused {
            status,
            code: code.into(),
            message: message.into(),
            field: None,
            retry_after: Some(retry_after),
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MalformedJson => StatusCode::BAD_REQUEST,
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidField { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Refused { status, .. } => *status,
            Self::ProviderFailed(_) => StatusCode::BAD_GATEWAY,
            Self::ProviderTimedOut(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable code that apps switch on.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::MalformedJson => "malformed_json",
            Self::Unauthenticated(_) => "unauthenticated",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::TooLarge(_) => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::InvalidField { .. } => "invalid_field",
            Self::Refused { code, .. } => code,
            Self::ProviderFailed(_) => "provider_failed",
            Self::ProviderTimedOut(_) => "provider_timed_out",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// What the log says besides the code: the inside of a 5xx, or why a token was refused.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        match self {
            Self::Unauthenticated(cause) => Some(cause),
            Self::ProviderFailed(cause)
            | Self::ProviderTimedOut(cause)
            | Self::Unavailable(cause)
            | Self::Internal(cause) => Some(cause),
            _ => None,
        }
    }

    /// The answer: `{"error", "code", "details"?, "request_id"}`, exactly `application/json`, because that is all that
    /// supabase-js and `supabase_flutter` parse.
    #[must_use]
    pub fn into_response(self, request_id: &str) -> Response {
        let field = match &self {
            Self::InvalidField { field, .. } => Some(field.as_ref()),
            Self::Refused { field, .. } => field.as_deref(),
            _ => None,
        };
        let envelope = Envelope {
            error: self.to_string(),
            code: self.code(),
            details: field.map(|field| Details { field }),
            request_id,
        };
        let body = serde_json::to_vec(&envelope).unwrap_or_default();
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = self.status();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Self::MethodNotAllowed(methods) = self {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
        }
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// Whole seconds, rounded up.
    fn retry_after(&self) -> Option<u64> {
        let wait = match self {
            Self::Refused { retry_after, .. } => (*retry_after)?,
            Self::Unavailable(_) | Self::ProviderTimedOut(_) => RETRY_WHEN_UNAVAILABLE,
            _ => return None,
        };
        Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }
}

impl From<RandomError> for Error {
    fn from(error: RandomError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        Self::Internal(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(error: Error) -> serde_json::Value {
        serde_json::from_slice(error.into_response("r-1").body()).unwrap()
    }

    #[test]
    fn the_envelope_names_the_field_and_the_request() {
        let body = body(Error::invalid("title", "must not be empty"));
        assert_eq!(
            body,
            serde_json::json!({
                "error": "title: must not be empty", "code": "invalid_field",
                "details": {"field": "title"}, "request_id": "r-1",
            })
        );
    }

    #[test]
    fn a_5xx_tells_nothing_of_its_cause() {
        for error in [
            Error::Internal("cause".into()),
            Error::Unavailable("cause".into()),
            Error::ProviderFailed("cause".into()),
            Error::ProviderTimedOut("cause".into()),
        ] {
            assert_eq!(error.cause(), Some("cause"));
            assert!(!body(error).to_string().contains("cause"));
        }
    }

    #[test]
    fn retry_after_is_in_whole_seconds_rounded_up() {
        let error =
            Error::refused_for(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Wait.", Duration::from_millis(1_200));
        let response = error.into_response("r-1");
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    }
}
