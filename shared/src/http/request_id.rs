//! Request ids: one name for a request in the answer, the log, and the calls that it makes to Supabase.

use http::HeaderName;
use uuid::Uuid;

use super::Headers;

/// The header that carries the id, in and out.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const LONGEST: usize = 64;

/// The caller's own id if it is up to 64 letters, digits and `-` (so that it cannot forge a log line), else a new UUID.
#[must_use]
pub fn of(headers: &Headers) -> String {
    headers
        .get(X_REQUEST_ID)
        .filter(|id| (1..=LONGEST).contains(&id.len()))
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
        .unwrap_or_else(|| Uuid::new_v4().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_id_is_kept_and_anything_else_is_replaced() {
        let id = |value| of(&[("x-request-id", value)].into());
        assert_eq!(id("abc-123"), "abc-123");
        for bad in ["", "a b", "a\"b", &"x".repeat(65)] {
            assert!(Uuid::parse_str(&id(bad)).is_ok(), "{bad}");
        }
    }
}
