use std::time::Duration;

use futures_util::{FutureExt as _, future::LocalBoxFuture};

use super::{IceServer, TurnService};
use crate::{
    context::Context,
    crypto::{Secret, hmac_sha1_base64},
    http::Error,
};

/// A coturn with `use-auth-secret`: whoever knows its secret makes credentials, and it is not asked
/// (<https://datatracker.ietf.org/doc/html/draft-uberti-behave-turn-rest-00>).
pub(crate) struct Coturn {
    /// `TURN_URLS`.
    pub(crate) urls: Vec<String>,
    /// `TURN_SECRET`: its `static-auth-secret`.
    pub(crate) secret: Secret,
    /// Given beside it.
    pub(crate) stun: IceServer,
}

impl TurnService for Coturn {
    fn credentials<'a>(
        &'a self,
        context: &'a Context,
        who: &'a str,
        ttl: Duration,
    ) -> LocalBoxFuture<'a, Result<Vec<IceServer>, Error>> {
        async move {
            let expires_at = context.clock().now() + ttl;
            let username = format!("{}:{who}", expires_at.timestamp());
            let credential = hmac_sha1_base64(&self.secret, &username)
                .ok_or_else(|| Error::Internal("HMAC refused its key".to_owned()))?;
            let turn = IceServer { urls: self.urls.clone(), username: Some(username), credential: Some(credential) };
            Ok(vec![self.stun.clone(), turn])
        }
        .boxed_local()
    }
}
