//! The scheduler that calls `deliver-outbox`: no user, but a secret of its own.

use super::bearer;
use crate::{
    context::Context,
    http::{Error, Headers},
};

/// Lets a request pass that carries `SCHEDULER_SECRET` as its bearer token, and 401 for every other. Without a configured
/// secret nobody passes.
pub fn authorize(context: &Context, headers: &Headers) -> Result<(), Error> {
    let secret = context.config().scheduler_secret.as_ref();
    match (secret, bearer(headers)) {
        (Some(secret), Some(token)) if secret.matches(&token) => Ok(()),
        (None, _) => Err(Error::Unauthenticated("SCHEDULER_SECRET is not set")),
        _ => Err(Error::Unauthenticated("not the scheduler's secret")),
    }
}
