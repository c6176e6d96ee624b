use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{
    StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde::Deserialize;

use super::{
    api::Api,
    error::{self, ZoomError},
};
use crate::{crypto::Secret, http::upstream};

/// A new pair of tokens. The refresh token it was made with is dead.
#[derive(Deserialize)]
pub(super) struct TokenPair {
    pub(super) access_token: String,
    pub(super) refresh_token: String,
    /// Seconds.
    pub(super) expires_in: u32,
    #[serde(default)]
    pub(super) scope: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OauthError {
    error: String,
}

impl Api<'_> {
    /// Exchanges a refresh token. [`ZoomError::ReconnectRequired`] when Zoom says that it is worth nothing any more.
    pub(super) async fn refresh(&self, refresh_token: &Secret) -> Result<TokenPair, ZoomError> {
        let app = format!("{}:{}", self.config.client_id, self.config.client_secret.expose());
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", refresh_token.expose())
            .finish();
        let request = self
            .context
            .deployment
            .client
            .post(format!("{}/token", self.config.oauth_url))
            .header(AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(app)))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let answer = upstream::send(self.context, request, self.context.config().provider_timeout).await?;
        if answer.status.is_success() {
            // A pair that cannot be read is a pair that is lost.
            return serde_json::from_slice(&answer.body).map_err(|error| ZoomError::Unanswered {
                cause: format!("Zoom's token endpoint: an unexpected answer: {error}"),
                timed_out: false,
            });
        }
        let body: OauthError = serde_json::from_slice(&answer.body).unwrap_or_default();
        let is_dead = match answer.status {
            StatusCode::BAD_REQUEST => body.error == "invalid_grant",
            // Seen for a token that is no token.
            StatusCode::UNAUTHORIZED => body.error == "invalid_request",
            _ => false,
        };
        if is_dead {
            return Err(ZoomError::ReconnectRequired);
        }
        match error::of_answer(&answer, self.context.clock().now()) {
            // Our own credentials, not the user's.
            ZoomError::TokenRefused | ZoomError::Refused { .. } | ZoomError::NotFound => Err(ZoomError::Unanswered {
                cause: format!("Zoom's token endpoint: status {}", answer.status.as_u16()),
                timed_out: false,
            }),
            error => Err(error),
        }
    }
}
