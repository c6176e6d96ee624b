use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};

use super::IceServer;
use crate::crypto::Secret;

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

impl Cloudflare {
    pub(super) fn request(&self, client: &reqwest::Client, ttl: Duration) -> reqwest::RequestBuilder {
        client
            .post(format!("{}/v1/turn/keys/{}/credentials/generate-ice-servers", self.api_url, self.key_id))
            .header(AUTHORIZATION, format!("Bearer {}", self.api_token.expose()))
            .header(CONTENT_TYPE, "application/json")
            .body(format!(r#"{{"ttl":{}}}"#, ttl.as_secs()))
    }
}

/// Without the URLs of port 53, to which browsers do not connect: they would wait for a timeout.
pub(super) fn for_browsers(mut servers: Vec<IceServer>) -> Vec<IceServer> {
    for server in &mut servers {
        server.urls.retain(|url| !url.split('?').next().is_some_and(|address| address.ends_with(":53")));
    }
    servers.retain(|server| !server.urls.is_empty());
    servers
}
