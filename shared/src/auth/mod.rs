//! Who is calling: a Supabase user's access token, verified here against the project's keys, without a round trip.

pub mod jwks;
pub mod scheduler;
mod signature;
mod token;

use std::fmt;

use http::{HeaderMap, header::AUTHORIZATION};
use uuid::Uuid;

use crate::{
    context::Context,
    crypto::Secret,
    http::{Error, header},
};

pub(crate) use token::check_times;

/// A signed-in user of the Supabase project. What they may do is the database's to decide: calls carry their own token.
pub struct Caller {
    /// The token's `sub`: `auth.users.id`.
    pub id: Uuid,
    /// The token, for calls on this caller's behalf.
    pub token: Secret,
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Caller").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The caller of a request: 401 unless it carries a bearer token that this project issued to a user and that is valid now;
/// 503 when the project's keys cannot be fetched.
pub async fn authenticate(context: &Context, headers: &HeaderMap) -> Result<Caller, Error> {
    let token = bearer(headers).ok_or(Error::Unauthenticated("no bearer token"))?;
    let id = token::verify(context, token).await?;
    context.caller_id.set(Some(id));
    Ok(Caller { id, token: Secret::new(token) })
}

/// The bearer token of a request (RFC 6750, section 2.1), if there is exactly one Authorization header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = header::single(headers, AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_bearer_header_counts() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(of(&["Bearer a.b.c"]).as_deref(), Some("a.b.c"));
        assert_eq!(of(&["bearer a.b.c"]).as_deref(), Some("a.b.c"));
        for none in [vec![], vec!["Basic a"], vec!["a.b.c"], vec!["Bearer a", "Bearer b"]] {
            assert_eq!(of(&none), None, "{none:?}");
        }
    }
}
