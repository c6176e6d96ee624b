use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::header::{AUTHORIZATION, CONTENT_TYPE};

use crate::crypto::Secret;

/// Twilio's Network Traversal Service (<https://www.twilio.com/docs/stun-turn/api>). It is not told who the credentials are for.
pub(crate) struct Twilio {
    /// `TWILIO_ACCOUNT_SID`.
    pub(crate) account_sid: String,
    /// `TWILIO_AUTH_TOKEN`.
    pub(crate) auth_token: Secret,
    /// `TWILIO_API_URL`, without a trailing slash.
    pub(crate) api_url: String,
}

impl Twilio {
    pub(super) fn request(&self, client: &reqwest::Client, ttl: Duration) -> reqwest::RequestBuilder {
        let account = format!("{}:{}", self.account_sid, self.auth_token.expose());
        client
            .post(format!("{}/2010-04-01/Accounts/{}/Tokens.json", self.api_url, self.account_sid))
            .header(AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(account)))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(format!("Ttl={}", ttl.as_secs()))
    }
}
