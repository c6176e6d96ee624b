use std::env;

use url::Url;

use super::rooms::Version;

/// What the simulators must know of the stack that they are part of.
pub struct Settings {
    /// 0 takes a free one.
    pub port: u16,
    /// Base URL of the local Supabase, without a slash at the end.
    pub supabase_upstream_url: String,
    /// The local Supabase's secret API key: used to store the grants that `connect` makes.
    pub supabase_secret_key: String,
    /// The HS256 secret with which the local Supabase verifies tokens.
    pub jwt_secret: String,
    /// As the functions get them: `<key id>:<base64 of 32 bytes>[,...]`.
    pub seal_keys: String,
    /// The OAuth app's id, which the token endpoint expects.
    pub zoom_client_id: String,
    /// The OAuth app's secret.
    pub zoom_client_secret: String,
    /// The only redirect URI that the OAuth app has registered.
    pub zoom_redirect_uri: String,
    /// Where the OAuth app wants to be told of events.
    pub zoom_webhook_url: String,
    /// The secret with which events are signed.
    pub zoom_webhook_secret: String,
    /// Which OpenVidu the functions use.
    pub openvidu_version: Version,
    /// The password of OpenVidu 2.
    pub openvidu_secret: String,
    /// What OpenVidu 2 puts into the `Authorization` of its webhooks, after `Bearer`.
    pub openvidu_webhook_secret: String,
    /// The name of LiveKit's key.
    pub livekit_api_key: String,
    /// LiveKit's key: tokens and webhooks are signed with it.
    pub livekit_api_secret: String,
    /// Where OpenVidu and LiveKit tell of events.
    pub rooms_webhook_url: String,
    /// The account at Twilio.
    pub twilio_account_sid: String,
    /// Its password.
    pub twilio_auth_token: String,
    /// The TURN key at Cloudflare.
    pub cloudflare_turn_key_id: String,
    /// What whoever uses the key has to know.
    pub cloudflare_turn_api_token: String,
}

impl Settings {
    /// Reads the variables that `scripts/dev` sets.
    pub fn from_environment() -> Result<Self, String> {
        let port = required("SIMULATORS_PORT")?;
        Ok(Self {
            port: port
                .parse()
                .map_err(|_| format!("SIMULATORS_PORT must be a port, or 0 for a free one, not {port:?}"))?,
            supabase_upstream_url: required("SUPABASE_UPSTREAM_URL")?.trim_end_matches('/').to_owned(),
            supabase_secret_key: required("SUPABASE_SECRET_KEY")?,
            jwt_secret: required("JWT_SECRET")?,
            seal_keys: required("SEAL_KEYS")?,
            zoom_client_id: required("ZOOM_CLIENT_ID")?,
            zoom_client_secret: required("ZOOM_CLIENT_SECRET")?,
            zoom_redirect_uri: redirect_uri()?,
            zoom_webhook_url: required("ZOOM_WEBHOOK_URL")?,
            zoom_webhook_secret: required("ZOOM_WEBHOOK_SECRET")?,
            openvidu_version: openvidu_version()?,
            openvidu_secret: required("OPENVIDU_SECRET")?,
            openvidu_webhook_secret: required("OPENVIDU_WEBHOOK_SECRET")?,
            livekit_api_key: required("LIVEKIT_API_KEY")?,
            livekit_api_secret: required("LIVEKIT_API_SECRET")?,
            rooms_webhook_url: required("ROOMS_WEBHOOK_URL")?,
            twilio_account_sid: required("TWILIO_ACCOUNT_SID")?,
            twilio_auth_token: required("TWILIO_AUTH_TOKEN")?,
            cloudflare_turn_key_id: required("CLOUDFLARE_TURN_KEY_ID")?,
            cloudflare_turn_api_token: required("CLOUDFLARE_TURN_API_TOKEN")?,
        })
    }
}

fn redirect_uri() -> Result<String, String> {
    let uri = required("ZOOM_REDIRECT_URI")?;
    Url::parse(&uri).map_err(|error| format!("ZOOM_REDIRECT_URI must be a URL: {error}"))?;
    Ok(uri)
}

fn openvidu_version() -> Result<Version, String> {
    let version = required("OPENVIDU_VERSION")?;
    let number = version.parse::<u8>().map_err(|_| format!("OPENVIDU_VERSION must be 2 or 3, not {version:?}"))?;
    Version::try_from(number)
}

fn required(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} must be set (scripts/dev sets it)"))
}
