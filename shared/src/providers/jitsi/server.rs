use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use jwt_compact::{
    AlgorithmExt as _, Header,
    alg::{Hs256, Hs256Key},
};
use serde_json::json;

use super::{JAAS_DOMAIN, JitsiRoom, JitsiToken, token::Terms};
use crate::{
    config::ConfigError,
    crypto::{Rs256Key, Secret},
    http::Error,
};

/// Jitsi's server refuses a token that does not say so.
const TOKEN_TYPE: &str = "JWT";
/// Every tenant's issuer at `JaaS`.
const JAAS_ISSUER: &str = "chat";
/// The features that a token opens or closes at `JaaS`. They cost money or keep what was said, and nothing here asks for one.
const JAAS_FEATURES: [&str; 7] = [
    "livestreaming",
    "recording",
    "transcription",
    "inbound-call",
    "outbound-call",
    "sip-inbound-call",
    "sip-outbound-call",
];

/// A Jitsi that lets in by tokens.
pub enum JitsiServer {
    /// A server of one's own, which shares a secret with this deployment: HS256.
    SelfHosted {
        /// Where it is.
        domain: String,
        /// Its `app_id`: the issuer that it accepts.
        app_id: String,
        /// Its `app_secret`.
        app_secret: Secret,
    },
    /// Jitsi as a Service, which knows the public half of a key: RS256.
    Jaas {
        /// The tenant's `AppID`.
        app_id: String,
        /// Which of the tenant's keys it is.
        key_id: String,
        /// The key.
        private_key: Rs256Key,
    },
}

impl JitsiServer {
    /// The token as this server reads it, valid from now on.
    pub async fn sign(&self, token: &JitsiToken, now: DateTime<Utc>) -> Result<String, Error> {
        match self {
            Self::SelfHosted { domain, app_id, app_secret } => {
                let claims = token.claims(&Terms { issuer: app_id, subject: domain, closed_features: &[] }, now);
                let header = Header::empty().with_token_type(TOKEN_TYPE);
                let signed = Hs256.token(&header, &claims, &Hs256Key::new(app_secret.expose()));
                signed.map_err(|error| Error::Internal(format!("a Jitsi token: {error}")))
            }
            Self::Jaas { app_id, key_id, private_key } => {
                let terms = Terms { issuer: JAAS_ISSUER, subject: app_id, closed_features: &JAAS_FEATURES };
                let header = json!({"alg": "RS256", "typ": TOKEN_TYPE, "kid": format!("{app_id}/{key_id}")});
                let claims = serde_json::to_vec(&token.claims(&terms, now))
                    .map_err(|error| Error::Internal(format!("a Jitsi token: {error}")))?;
                sign_rs256(private_key, &header.to_string(), &claims).await
            }
        }
    }

    /// What stands before the name in the URL of each of this server's rooms.
    #[must_use]
    pub fn base_url(&self) -> String {
        match self {
            Self::SelfHosted { domain, .. } => format!("https://{domain}/"),
            Self::Jaas { app_id, .. } => format!("https://{JAAS_DOMAIN}/{app_id}/"),
        }
    }

    /// Where `room` is.
    #[must_use]
    pub fn room_url(&self, room: &JitsiRoom) -> String {
        format!("{}{}", self.base_url(), room.as_str())
    }

    /// Where a browser enters `room` with `token`.
    #[must_use]
    pub fn join_url(&self, room: &JitsiRoom, token: &str) -> String {
        format!("{}?jwt={token}", self.room_url(room))
    }
}

/// A JWS in its compact form (RFC 7515, section 3.1).
async fn sign_rs256(key: &Rs256Key, header: &str, claims: &[u8]) -> Result<String, Error> {
    let encode = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(part);
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims));
    let signature = key.sign(signed.as_bytes()).await;
    let signature = signature.ok_or(ConfigError::Invalid("JAAS_PRIVATE_KEY", "an RSA key of at least 2048 bits"))?;
    Ok(format!("{signed}.{}", encode(&signature)))
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
