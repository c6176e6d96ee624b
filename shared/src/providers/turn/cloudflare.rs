use std::time::Duration;

use futures_util::{FutureExt as _, future::LocalBoxFuture};
use http::header::{AUTHORIZATION, CONTENT_TYPE};

use super::{IceServer, TurnService, mint};
use crate::{context::Context, crypto::Secret, http::Error};

/// Cloudflare's TURN service (<https://developers.cloudflare.com/realtime/turn/generate-credentials/>). It is not told who the
/// credentials are for.
pub(crate) struct Cloudflare {
    /// `CLOUDFLARE_TURN_KEY_ID`.
    pub(crate) key_id: String,
    /// `CLOUDFLARE_TURN_API_TOKEN`: of that key, not of the account.
    pub(crate) api_token: Secret,
    /// `CLOUDFLARE_TURN_URL`, without a trailing slash.
    pub(crate) api_url: String,
}

impl TurnService for Cloudflare {
    fn credentials<'a>(
        &'a self,
        context: &'a Context,
        _who: &'a str,
        ttl: Duration,
    ) -> LocalBoxFuture<'a, Result<Vec<IceServer>, Error>> {
        let request = context
            .deployment
            .client
            .post(format!("{}/v1/turn/keys/{}/credentials/generate-ice-servers", self.api_url, self.key_id))
            .header(AUTHORIZATION, format!("Bearer {}", self.api_token.expose()))
            .header(CONTENT_TYPE, "application/json")
            .body(format!(r#"{{"ttl":{}}}"#, ttl.as_secs()));
        async move { Ok(for_browsers(mint(context, "Cloudflare", request).await?)) }.boxed_local()
    }
}

/// Without the URLs of port 53, to which browsers do not connect: they would wait for a timeout.
fn for_browsers(mut servers: Vec<IceServer>) -> Vec<IceServer> {
    for server in &mut servers {
        server.urls.retain(|url| !url.split('?').next().is_some_and(|address| address.ends_with(":53")));
    }
    servers.retain(|server| !server.urls.is_empty());
    servers
}
