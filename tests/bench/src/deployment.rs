//! The project that the programs under test believe to belong to: its address, keys, tokens and secrets.

use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};
use shared::{
    crypto::{Secret, hmac_sha256_hex, seal::SealKeys},
    providers::zoom::token_seal_context,
};
use uuid::Uuid;

use crate::server::Variables;

/// Who calls.
pub(crate) const USER: Uuid = Uuid::from_u128(0x1);
/// A client of theirs.
pub(crate) const CLIENT: Uuid = Uuid::from_u128(0x3);
/// The page that a browser is led back to.
pub(crate) const RETURN_TARGET: &str = "https://app.example/connected";
/// `SCHEDULER_SECRET`.
pub(crate) const SCHEDULER_SECRET: &str = "the scheduler's own secret";
/// `OPENVIDU_WEBHOOK_SECRET`.
pub(crate) const WEBHOOK_SECRET: &str = "0123456789abcdef0123456789abcdef";
const ZOOM_WEBHOOK_SECRET: &str = "what Zoom signs its reports with";
const SESSIONS: u128 = 500;
const KEY_ID: &str = "bench";
const SEAL_KEY: [u8; 32] = [7; 32];

/// Which server has the rooms of operators' meetings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rooms {
    LiveKit,
    OpenVidu2,
}

pub(crate) struct Deployment {
    /// Of the stub, which plays Supabase and the providers.
    url: String,
    key: SigningKey,
    seal_keys: SealKeys,
    /// The user's access token.
    pub(crate) token: String,
    /// The same with another signature.
    pub(crate) forged_token: String,
    /// Of so many sessions that a function has forgotten the first when the last is over.
    pub(crate) tokens: Vec<String>,
}

impl Deployment {
    pub(crate) fn new(url: &str) -> Result<Self> {
        // A key that is the same each time: ECDSA's cost does not depend on it, and here it opens nothing.
        let key = SigningKey::from_slice(&[9; 32])?;
        let token = access_token(&key, url, 0)?;
        let forged_token = access_token(&SigningKey::from_slice(&[8; 32])?, url, 0)?;
        let tokens = (0..SESSIONS).map(|session| access_token(&key, url, session)).collect::<Result<_>>()?;
        let seal_keys = SealKeys::parse(&format!("bench:{}", BASE64_STANDARD.encode(SEAL_KEY)))?;
        Ok(Self { url: url.to_owned(), key, seal_keys, token, forged_token, tokens })
    }

    /// What the programs get.
    pub(crate) fn variables(&self, rooms: Rooms) -> Variables {
        let url = &self.url;
        let mut variables: Variables = vec![
            ("SUPABASE_URL", url.clone()),
            ("SUPABASE_PUBLISHABLE_KEY", "sb_publishable_bench".to_owned()),
            ("SUPABASE_SECRET_KEY", "sb_secret_bench".to_owned()),
            ("SCHEDULER_SECRET", SCHEDULER_SECRET.to_owned()),
            ("ZOOM_CLIENT_ID", "bench".to_owned()),
            ("ZOOM_CLIENT_SECRET", "the app's own secret".to_owned()),
            ("ZOOM_WEBHOOK_SECRET", ZOOM_WEBHOOK_SECRET.to_owned()),
            ("ZOOM_API_URL", format!("{url}/zoom/v2")),
            ("ZOOM_OAUTH_URL", format!("{url}/zoom/oauth")),
            ("ZOOM_REDIRECT_URI", format!("{url}/functions/v1/zoom-oauth-callback")),
            ("RETURN_TARGETS", "https://app.example".to_owned()),
            ("SEAL_KEYS", format!("bench:{}", BASE64_STANDARD.encode(SEAL_KEY))),
            ("INSTANT_SESSION_URL", "https://app.example/join".to_owned()),
            ("VIDEO_MEETING_URL", "https://app.example/meeting".to_owned()),
            ("ROOM_TICKET_SECRET", "a secret of at least 32 characters".to_owned()),
        ];
        variables.extend(match rooms {
            Rooms::LiveKit => [
                ("LIVEKIT_URL", format!("{url}/livekit")),
                ("LIVEKIT_API_KEY", "bench".to_owned()),
                ("LIVEKIT_API_SECRET", "a secret of at least 32 characters".to_owned()),
            ],
            Rooms::OpenVidu2 => [
                ("OPENVIDU_URL", format!("{url}/openvidu")),
                ("OPENVIDU_SECRET", "OpenVidu's own secret".to_owned()),
                ("OPENVIDU_WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned()),
            ],
        });
        variables
    }

    /// The body of `/auth/v1/.well-known/jwks.json`.
    pub(crate) fn jwks(&self) -> Value {
        let point = self.key.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&p256::FieldBytes>| bytes.map(|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes));
        json!({"keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "key_ops": ["verify"], "ext": true, "kid": KEY_ID,
            "x": coordinate(point.x()), "y": coordinate(point.y()),
        }]})
    }

    /// A token of Zoom's as the database has it.
    pub(crate) async fn sealed_token(&self) -> Result<String> {
        Ok(self.seal_keys.seal(&token_seal_context(USER), "a".repeat(600).as_bytes()).await?)
    }

    /// The state of a connect flow that began now, as `zoom-oauth-start` seals it.
    pub(crate) async fn connect_state(&self) -> Result<String> {
        let expires_at = seconds_since_1970()? + 600;
        let state = json!({
            "user_id": USER,
            "nonce": Uuid::new_v4(),
            "verifier": "v".repeat(43),
            "return_to": RETURN_TARGET,
            "expires_at": rfc3339(expires_at),
        });
        Ok(self.seal_keys.seal("zoom_oauth_state", state.to_string().as_bytes()).await?)
    }

    /// The headers with which Zoom signs `body` now.
    pub(crate) fn zoom_signature(body: &str) -> Result<[(&'static str, String); 2]> {
        let sent = seconds_since_1970()?.to_string();
        let signature =
            hmac_sha256_hex(&Secret::new(ZOOM_WEBHOOK_SECRET), &[b"v0:", sent.as_bytes(), b":", body.as_bytes()]);
        let signature = signature.context("HMAC refused its key")?;
        Ok([("x-zm-signature", format!("v0={signature}")), ("x-zm-request-timestamp", sent)])
    }
}

pub(crate) fn seconds_since_1970() -> Result<u64> {
    Ok(UNIX_EPOCH.elapsed()?.as_secs())
}

/// So many days ahead, at midnight.
pub(crate) fn days_ahead(days: u64) -> Result<String> {
    const DAY: u64 = 24 * 60 * 60;
    Ok(rfc3339((seconds_since_1970()? / DAY + days) * DAY))
}

fn rfc3339(seconds: u64) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

/// With the claims that Supabase gives a user who signed in with a password.
fn access_token(key: &SigningKey, url: &str, session: u128) -> Result<String> {
    let now = seconds_since_1970()?;
    let header = json!({"alg": "ES256", "kid": KEY_ID, "typ": "JWT"});
    let claims = json!({
        "iss": format!("{url}/auth/v1"),
        "sub": USER,
        "aud": "authenticated",
        "exp": now + 3600,
        "iat": now,
        "email": "someone@convene.example",
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {"email": "someone@convene.example", "email_verified": true, "sub": USER},
        "role": "authenticated",
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": now}],
        "session_id": Uuid::from_u128(session),
        "is_anonymous": false,
    });
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", encode(&header), encode(&claims));
    let signature: Signature = key.sign(input.as_bytes());
    Ok(format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes())))
}
