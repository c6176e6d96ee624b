use serde::Deserialize;
use url::form_urlencoded;
use uuid::Uuid;

use super::{
    api::Api,
    error::ZoomError,
    oauth::{self, SealedTokens, TokenPair},
    state::ConnectState,
};
use crate::{
    context::Context,
    crypto::{Secret, pkce, seal::SealError},
    http::Error,
    validation::ReturnTarget,
};

/// The deployment's Zoom app, as it gets users' grants and gives them back.
pub struct ZoomApp<'a>(Api<'a>);

/// A grant that Zoom has just given, and that is stored nowhere yet.
pub struct NewGrant(TokenPair);

/// A user at Zoom.
#[derive(Deserialize)]
pub struct Account {
    /// Zoom's id of the user.
    pub id: String,
    /// Zoom's id of the account that the user belongs to.
    pub account_id: Option<String>,
    /// The user's e-mail address at Zoom.
    pub email: Option<String>,
}

impl<'a> ZoomApp<'a> {
    /// The app, when one is configured; otherwise the deployment is incomplete.
    pub fn new(context: &'a Context) -> Result<Self, ZoomError> {
        Api::new(context).map(Self)
    }

    /// Begins a connect flow: the URL at which the user approves it. PKCE (S256) and a sealed state tie what comes back to this
    /// user and this flow.
    pub async fn begin(&self, user_id: Uuid, return_to: &ReturnTarget) -> Result<String, Error> {
        let Api { context, config } = self.0;
        let state = ConnectState::new(user_id, return_to, context.clock().now())?;
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &config.client_id)
            .append_pair("redirect_uri", &config.redirect_uri)
            .append_pair("state", &state.seal(&config.seal_keys).await?)
            .append_pair("code_challenge", &pkce::s256_challenge(&state.verifier))
            .append_pair("code_challenge_method", "S256")
            .finish();
        Ok(format!("{}/authorize?{query}", config.oauth_url))
    }

    /// The flow that a callback belongs to, expired or not; an error when this deployment did not begin it.
    pub async fn resume(&self, state: &str) -> Result<ConnectState, SealError> {
        ConnectState::open(&self.0.config.seal_keys, state).await
    }

    /// Exchanges the code of a flow. [`ZoomError::ReconnectRequired`] when Zoom says that the code is worth nothing.
    pub async fn exchange(&self, code: &str, flow: &ConnectState) -> Result<NewGrant, ZoomError> {
        self.0.exchange(code, &flow.verifier).await.map(NewGrant)
    }

    /// Whose grant it is.
    pub async fn account(&self, grant: &NewGrant) -> Result<Account, ZoomError> {
        self.0.get(&Secret::new(grant.0.access_token.as_str()), "/users/me").await
    }

    /// The grant's tokens as they are stored for `user_id`.
    pub async fn seal(&self, grant: &NewGrant, user_id: Uuid) -> Result<SealedTokens, SealError> {
        grant.0.seal(&self.0, user_id).await
    }

    /// Gives a grant back that was not stored.
    pub async fn revoke(&self, grant: &NewGrant) -> Result<(), ZoomError> {
        self.0.revoke(&Secret::new(grant.0.access_token.as_str())).await
    }

    /// Gives a stored grant back, by its sealed access token.
    pub async fn revoke_sealed(&self, user_id: Uuid, access_token: &str) -> Result<(), ZoomError> {
        let access_token = oauth::open(&self.0, user_id, access_token).await?;
        self.0.revoke(&access_token).await
    }
}

impl NewGrant {
    /// What the user granted, separated by spaces.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.0.scope
    }
}
