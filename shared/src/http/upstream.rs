//! Outbound calls: each with a timeout and a size limit, none of them retried.

use std::time::Duration;

use futures_util::{
    future::{Either, select},
    pin_mut,
};
use http::StatusCode;
use serde::de::DeserializeOwned;

use super::Headers;
#[cfg(not(target_arch = "wasm32"))]
use super::upstream_native::exchange;
#[cfg(target_arch = "wasm32")]
use super::upstream_web::exchange;
use crate::context::Context;

/// The largest answer that is read from Supabase or a provider, in bytes.
pub(super) const LARGEST_ANSWER: usize = 1024 * 1024;

/// An answer of an upstream server, whatever its status.
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: Headers,
    /// The whole body.
    pub body: Vec<u8>,
}

/// Why there is no answer. Whether the upstream did the work is unknown in every case.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection could not be made, or broke.
    #[error("no connection: {0}")]
    Connection(String),
    /// The answer is at another URL, to which nothing is sent: it would get keys and tokens.
    #[error("redirected")]
    Redirected,
    /// The answer is larger than anything that is expected.
    #[error("an answer of more than {LARGEST_ANSWER} bytes")]
    TooLarge,
}

impl From<reqwest::Error> for UpstreamError {
    fn from(error: reqwest::Error) -> Self {
        // Without its URL: a query can hold what no log may see.
        Self::Connection(error.without_url().to_string())
    }
}

/// Reads a body. The error says where it is of another form, and not what is there, as serde would: it goes into the log, and what is
/// there may be a token.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> String {
    format!("an unexpected answer, from line {} column {} on ({:?})", error.line(), error.column(), error.classify())
}

/// Sends `request` and reads the whole answer within `timeout`. Dropping the call aborts it.
pub async fn send(
    context: &Context,
    request: reqwest::RequestBuilder,
    timeout: Duration,
) -> Result<Answer, UpstreamError> {
    let exchange = exchange(request.build()?);
    let deadline = context.clock().sleep(timeout);
    pin_mut!(exchange);
    let answer = match select(exchange, deadline).await {
        Either::Left((answer, _)) => answer?,
        Either::Right(((), _)) => return Err(UpstreamError::TimedOut),
    };
    if answer.status.is_redirection() { Err(UpstreamError::Redirected) } else { Ok(answer) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_repeated() {
        #[derive(Debug, serde::Deserialize)]
        struct Pair {
            #[expect(dead_code, reason = "only read")]
            expires_in: u32,
        }
        for (body, category) in [
            (r#""secret""#, "Data"),
            (r#"{"expires_in": "secret"}"#, "Data"),
            (r#"{"secret": 1}"#, "Data"),
            ("secret", "Syntax"),
            (r#"{"expires_in": "secret"#, "Eof"),
        ] {
            let error = read::<Pair>(body.as_bytes()).unwrap_err();
            assert!(error.contains("line 1 column") && error.contains(category), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
