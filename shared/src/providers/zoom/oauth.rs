use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{SecondsFormat, TimeDelta};
use http::{
    StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde::Deserialize;
use url::form_urlencoded;
use uuid::Uuid;

use super::{
    api::Api,
    error::{self, ZoomError},
};
use crate::{
    crypto::{Secret, seal::SealError},
    http::{
        Error,
        upstream::{self, Answer},
    },
};

/// A new pair of tokens, from a code or from a refresh token, which is worth nothing any more.
#[derive(Deserialize)]
pub(super) struct TokenPair {
    pub(super) access_token: String,
    pub(super) refresh_token: String,
    /// Seconds.
    expires_in: u32,
    /// Separated by spaces.
    #[serde(default)]
    pub(super) scope: String,
}

/// A pair of tokens as it is stored.
pub struct SealedTokens {
    /// Sealed for the user.
    pub access_token: String,
    /// Sealed for the user.
    pub refresh_token: String,
    /// When the access token expires, in RFC 3339.
    pub expires_at: String,
    /// What the user granted, separated by spaces.
    pub scope: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OauthError {
    error: String,
}

/// Below the 8 seconds for which the database lets one flight refresh: a flight that gets no answer ends before the next one starts.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(5);

impl Api<'_> {
    /// Exchanges a code. [`ZoomError::ReconnectRequired`] when Zoom says that it is worth nothing.
    pub(super) async fn exchange(&self, code: &str, verifier: &str) -> Result<TokenPair, ZoomError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.config.redirect_uri),
            ("code_verifier", verifier),
        ];
        let answer = self.oauth("token", &form, self.context.config().provider_timeout).await?;
        // Zoom names it either way; a code that is none, so far, always by the second.
        self.pair(&answer, |status, error| {
            matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED)
                && matches!(error, "invalid_grant" | "invalid_request")
        })
    }

    /// Exchanges a refresh token. [`ZoomError::ReconnectRequired`] when Zoom says that it is worth nothing any more.
    pub(super) async fn refresh(&self, refresh_token: &Secret) -> Result<TokenPair, ZoomError> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())];
        let timeout = self.context.config().provider_timeout.min(REFRESH_TIMEOUT);
        let answer = self.oauth("token", &form, timeout).await?;
        self.pair(&answer, |status, error| {
            // The second is seen for a token that is no token.
            matches!(
                (status, error),
                (StatusCode::BAD_REQUEST, "invalid_grant") | (StatusCode::UNAUTHORIZED, "invalid_request")
            )
        })
    }

    /// Ends the grant of an access token.
    pub(super) async fn revoke(&self, access_token: &Secret) -> Result<(), ZoomError> {
        let form = [("token", access_token.expose())];
        let answer = self.oauth("revoke", &form, self.context.config().provider_timeout).await?;
        if answer.status.is_success() { Ok(()) } else { Err(self.failure(&answer)) }
    }

    /// Calls an endpoint as the app. Its secret and users' tokens are in the header and the body, never in the URL.
    async fn oauth(&self, endpoint: &str, form: &[(&str, &str)], timeout: Duration) -> Result<Answer, ZoomError> {
        let app = format!("{}:{}", self.config.client_id, self.config.client_secret.expose());
        let request = self
            .context
            .deployment
            .client
            .post(format!("{}/{endpoint}", self.config.oauth_url))
            .header(AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(app)))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish());
        Ok(upstream::send(self.context, request, timeout).await?)
    }

    /// `is_dead` tells by status and error whether what was exchanged is worth nothing.
    fn pair(&self, answer: &Answer, is_dead: fn(StatusCode, &str) -> bool) -> Result<TokenPair, ZoomError> {
        if answer.status.is_success() {
            // A pair that cannot be read is a pair that is lost.
            return upstream::read(&answer.body).map_err(|error| ZoomError::Unanswered {
                cause: format!("Zoom's token endpoint: {error}"),
                timed_out: false,
            });
        }
        let error = oauth_error(answer);
        if is_dead(answer.status, &error) { Err(ZoomError::ReconnectRequired) } else { Err(self.failure(answer)) }
    }

    fn failure(&self, answer: &Answer) -> ZoomError {
        match error::of_answer(answer, self.context.clock().now()) {
            // Our own credentials, not the user's.
            ZoomError::TokenRefused | ZoomError::Refused { .. } | ZoomError::NotFound => ZoomError::Unanswered {
                cause: format!("Zoom's OAuth: status {} {}", answer.status.as_u16(), oauth_error(answer)),
                timed_out: false,
            },
            error => error,
        }
    }
}

impl TokenPair {
    /// Seals the tokens for `user_id`: in another user's row they do not open.
    pub(super) async fn seal(&self, api: &Api<'_>, user_id: Uuid) -> Result<SealedTokens, SealError> {
        let context = super::token_seal_context(user_id);
        let seal = async |token: &str| api.config.seal_keys.seal(&context, token.as_bytes()).await;
        let expires_at = api.context.clock().now() + TimeDelta::seconds(self.expires_in.into());
        Ok(SealedTokens {
            access_token: seal(&self.access_token).await?,
            refresh_token: seal(&self.refresh_token).await?,
            expires_at: expires_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            scope: self.scope.clone(),
        })
    }
}

/// Opens a token that was sealed for `user_id`.
pub(super) async fn open(api: &Api<'_>, user_id: Uuid, sealed: &str) -> Result<Secret, Error> {
    let token = api.config.seal_keys.open(&super::token_seal_context(user_id), sealed).await?;
    String::from_utf8(token).map(Secret::new).map_err(|_| Error::Internal("a sealed token is not text".to_owned()))
}

/// The `error` of RFC 6749, section 5.2; nothing when it is not one, since it goes into the log.
fn oauth_error(answer: &Answer) -> String {
    let error = serde_json::from_slice::<OauthError>(&answer.body).unwrap_or_default().error;
    let is_code = error.len() <= 40 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_code { error } else { String::new() }
}
