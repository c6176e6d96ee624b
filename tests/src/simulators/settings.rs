use std::env;

use url::Url;

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
        })
    }
}

fn redirect_uri() -> Result<String, String> {
    let uri = required("ZOOM_REDIRECT_URI")?;
    Url::parse(&uri).map_err(|error| format!("ZOOM_REDIRECT_URI must be a URL: {error}"))?;
    Ok(uri)
}

fn required(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} must be set (scripts/dev sets it)"))
}
