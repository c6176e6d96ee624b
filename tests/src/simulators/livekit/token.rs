//! Tokens as LiveKit reads them. This is no code of the project's, so that it cannot share a mistake with it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

use super::super::{Settings, now};

/// What a token says. LiveKit would ignore what it does not know; here that is a mistake.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims {
    #[serde(rename = "iss")]
    _issuer: String,
    exp: i64,
    nbf: Option<i64>,
    #[serde(rename = "iat")]
    _issued_at: Option<i64>,
    #[serde(rename = "jti")]
    _id: Option<String>,
    /// The identity.
    #[serde(default)]
    pub(super) sub: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) metadata: String,
    #[serde(default)]
    pub(super) video: Grants,
    #[serde(rename = "roomConfig", default)]
    pub(super) room_config: RoomConfig,
}

/// What the bearer may do.
#[expect(clippy::struct_excessive_bools, reason = "that is what they are")]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(super) struct Grants {
    pub(super) room: String,
    pub(super) room_join: bool,
    pub(super) room_create: bool,
    pub(super) room_list: bool,
    pub(super) room_record: bool,
    pub(super) room_admin: bool,
    pub(super) can_publish: Option<bool>,
    pub(super) can_subscribe: Option<bool>,
    pub(super) can_publish_data: Option<bool>,
    pub(super) can_publish_sources: Vec<String>,
    pub(super) can_update_own_metadata: Option<bool>,
    pub(super) hidden: bool,
}

/// How the room is made if this is the first to come, or by `CreateRoom`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RoomConfig {
    #[serde(alias = "emptyTimeout")]
    pub(super) empty_timeout: u32,
    #[serde(alias = "departureTimeout")]
    pub(super) departure_timeout: u32,
}

impl Claims {
    /// What the token says, if it is good now. Otherwise what LiveKit answers.
    pub(super) fn verified(settings: &Settings, token: &str) -> Result<Self, String> {
        let unreadable = || "invalid authorization token".to_owned();
        let [header, claims, signature] = token.split('.').collect::<Vec<&str>>()[..] else { return Err(unreadable()) };
        let decoded = |part: &str| BASE64URL.decode(part).map_err(|_| unreadable());
        let header: Value = serde_json::from_slice(&decoded(header)?).map_err(|_| unreadable())?;
        let invalid = |reason: &str| format!("invalid token: {token}, error: {reason}");
        if header["alg"] != "HS256" {
            return Err(invalid("go-jose/go-jose: unsupported key type/format"));
        }
        let raw: Value = serde_json::from_slice(&decoded(claims)?).map_err(|_| unreadable())?;
        let issuer = raw["iss"].as_str().unwrap_or_default();
        if issuer != settings.livekit_api_key {
            return Err(format!("invalid API key: {issuer}"));
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(settings.livekit_api_secret.as_bytes()).unwrap();
        mac.update(&token.as_bytes()[..token.rfind('.').unwrap_or_default()]);
        if mac.verify_slice(&decoded(signature)?).is_err() {
            return Err(invalid("go-jose/go-jose: error in cryptographic primitive"));
        }
        let claims: Self = serde_json::from_value(raw).map_err(|error| invalid(&error.to_string()))?;
        // LiveKit lets a minute pass; the project's clock is this one, so here not a second does.
        let now = now().timestamp();
        if claims.exp <= now {
            return Err(invalid("go-jose/go-jose/jwt: validation failed, token is expired (exp)"));
        }
        if claims.nbf.is_some_and(|nbf| nbf > now) {
            return Err(invalid("go-jose/go-jose/jwt: validation failed, token not valid yet (nbf)"));
        }
        Ok(claims)
    }
}
