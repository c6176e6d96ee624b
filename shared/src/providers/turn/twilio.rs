use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{FutureExt as _, future::LocalBoxFuture};
use http::header::{AUTHORIZATION, CONTENT_TYPE};

use super::{IceServer, TurnService, mint};
use crate::{context::Context, crypto::Secret, http::Error};

/// Twilio's Network Traversal Service (<https://www.twilio.com/docs/stun-turn/api>). It is not told who the credentials are for.
pub(crate) struct Twilio {
    /// `TWILIO_ACCOUNT_SID`.
    pub(crate) account_sid: String,
    /// `TWILIO_AUTH_TOKEN`.
    pub(crate) auth_token: Secret,
    /// `TWILIO_API_URL`, without a trailing slash.
    pub(crate) api_url: String,
}

impl TurnService for Twilio {
    fn credentials<'a>(
        &'a self,
        context: &'a Context,
        _who: &'a str,
        ttl: Duration,
    ) -> LocalBoxFuture<'a, Result<Vec<IceServer>, Error>> {
        let account = format!("{}:{}", self.account_sid, self.auth_token.expose());
        let request = context
            .deployment
            .client
            .post(format!("{}/2010-04-01/Accounts/{}/Tokens.json", self.api_url, self.account_sid))
            .header(AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(account)))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(format!("Ttl={}", ttl.as_secs()));
        mint(context, "Twilio", request).boxed_local()
    }
}
