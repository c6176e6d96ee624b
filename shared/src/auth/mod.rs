//! Who is calling: a Supabase user's access token, verified here against the project's keys, without a round trip.

pub mod jwks;
pub mod scheduler;
mod signature;
pub mod ticket;
mod token;

use std::fmt;

use http::header::AUTHORIZATION;
use uuid::Uuid;

use crate::{
    context::Context,
    crypto::Secret,
    http::{Error, Headers},
};

pub(crate) use signature::VerifyingKey;
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
pub async fn authenticate(context: &Context, headers: &Headers) -> Result<Caller, Error> {
    let token = bearer(headers).ok_or(Error::Unauthenticated("no bearer token"))?;
    let id = token::verify(context, &token).await?;
    context.caller_id.set(Some(id));
    Ok(Caller { id, token: Secret::new(token) })
}

/// The caller of a request that guests may make too. A guest has no token: no Authorization header (an empty one is none in workerd), or
/// one with a publishable key of the project, as supabase-js and `supabase_flutter` send it while nobody is signed in. Everything else
/// is as for [`authenticate`]: who was signed in is never taken for a guest.
pub async fn identify(context: &Context, headers: &Headers) -> Result<Option<Caller>, Error> {
    let is_guest = match bearer(headers) {
        Some(token) => context.config().publishable_keys.contain(&token),
        None => headers.get(AUTHORIZATION).is_none(),
    };
    if is_guest { Ok(None) } else { authenticate(context, headers).await.map(Some) }
}

/// The bearer token of a request (RFC 6750, section 2.1).
pub(crate) fn bearer(headers: &Headers) -> Option<String> {
    let authorization = headers.get(AUTHORIZATION)?;
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

#[cfg(test)]
#[path = "caller_tests.rs"]
mod tests;
