//! Every variable that the project reads, typed and checked once. A function sees nothing else of its environment.

mod ice;
mod jitsi;
mod pages;
mod publishable_keys;
mod rooms;

use std::time::Duration;

use http::HeaderName;
use jitsi::JitsiVariables;
use publishable_keys::PublishableKeys;
use serde_json::Value;
use url::Url;

use crate::{
    crypto::{
        Secret,
        seal::{SealError, SealKeys},
    },
    http::cors::AllowedOrigins,
    providers::jitsi::{JitsiServer, PUBLIC_DOMAIN},
    validation::ReturnTargets,
};

pub use rooms::{LiveKitConfig, OpenViduConfig, RoomServer};

/// How long a call to a video provider may take, unless `PROVIDER_TIMEOUT_MS` says otherwise.
const DEFAULT_PROVIDER_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a connect flow ends, unless `RETURN_TARGETS` says otherwise.
const DEFAULT_RETURN_TARGETS: &str = "cotrainr://video/zoom-connected";

const PUBLISHABLE_KEY_VARIABLES: [&str; 3] =
    ["SUPABASE_PUBLISHABLE_KEY", "SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_ANON_KEY"];

/// The configuration of one deployment, from its environment variables.
pub struct Config {
    /// `SUPABASE_URL`, without a trailing slash.
    pub supabase_url: String,
    /// `SUPABASE_PUBLISHABLE_KEY`, or the hosted `SUPABASE_PUBLISHABLE_KEYS`, or the legacy `SUPABASE_ANON_KEY`.
    pub publishable_key: String,
    /// The same, each of them.
    pub publishable_keys: PublishableKeys,
    /// `SUPABASE_SECRET_KEY`, or the hosted `SUPABASE_SECRET_KEYS`, or the legacy `SUPABASE_SERVICE_ROLE_KEY`.
    pub secret_key: Secret,
    /// `JWT_SECRET`: the project's legacy HS256 secret. Without it no HS256 token is accepted.
    pub jwt_secret: Option<Secret>,
    /// `ALLOWED_ORIGINS`: the web origins that browsers may call from, separated by commas.
    pub allowed_origins: AllowedOrigins,
    /// `CLIENT_ADDRESS_HEADER`: in which header the platform says where a request comes from.
    pub client_address_header: HeaderName,
    /// `SCHEDULER_SECRET`: what the scheduler of `deliver-outbox` presents as its bearer token.
    pub scheduler_secret: Option<Secret>,
    /// `ZOOM_WEBHOOK_SECRET`: the secret token with which Zoom signs what it reports. Without it no report is believed.
    pub zoom_webhook_secret: Option<Secret>,
    /// `JITSI_DOMAIN`: where Jitsi rooms are opened.
    pub jitsi_domain: String,
    /// `JITSI_APP_ID` and its like.
    jitsi: JitsiVariables,
    /// `PROVIDER_TIMEOUT_MS`: how long a call to a video provider may take.
    pub provider_timeout: Duration,
    /// `RETURN_TARGETS`.
    return_targets: Option<String>,
    /// Those of room tickets and ICE servers.
    pub ice: ice::Variables,
    /// Those of the apps' pages.
    pub pages: pages::Variables,
    /// Those of OpenVidu and LiveKit, and `CLIENTS_WAIT_FOR_OPERATOR`.
    pub rooms: rooms::Variables,
    /// The Zoom app, when one is configured.
    pub zoom: Option<ZoomConfig>,
}

/// The Zoom OAuth app of this deployment.
pub struct ZoomConfig {
    /// `ZOOM_CLIENT_ID`.
    pub client_id: String,
    /// `ZOOM_CLIENT_SECRET`.
    pub client_secret: Secret,
    /// `ZOOM_API_URL`, without a trailing slash.
    pub api_url: String,
    /// `ZOOM_OAUTH_URL`, without a trailing slash.
    pub oauth_url: String,
    /// `ZOOM_REDIRECT_URI`: the callback, exactly as it is registered at Zoom.
    pub redirect_uri: String,
    /// `SEAL_KEYS`: the keys that seal users' tokens.
    pub seal_keys: SealKeys,
}

/// A configuration that cannot work, with the variable's name. It never carries the value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The variable has to be there.
    #[error("the variable {0} is not set")]
    Missing(&'static str),
    /// The variable's value cannot be used.
    #[error("the variable {0} is not {1}")]
    Invalid(&'static str, &'static str),
    /// `SEAL_KEYS` cannot be used.
    #[error(transparent)]
    SealKeys(#[from] SealError),
}

impl Config {
    /// Reads the configuration through `variable`, which gives the value of an environment variable, if set.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let supabase_url = base_url(&variable, "SUPABASE_URL", None)?;
        Ok(Self {
            zoom: ZoomConfig::read(&variable, &supabase_url)?,
            supabase_url,
            publishable_key: api_key(&variable, PUBLISHABLE_KEY_VARIABLES)?,
            publishable_keys: PublishableKeys::read(&variable),
            secret_key: Secret::new(api_key(
                &variable,
                ["SUPABASE_SECRET_KEY", "SUPABASE_SECRET_KEYS", "SUPABASE_SERVICE_ROLE_KEY"],
            )?),
            jwt_secret: variable("JWT_SECRET").map(Secret::new),
            allowed_origins: AllowedOrigins::parse(variable("ALLOWED_ORIGINS").as_deref())
                .ok_or(ConfigError::Invalid("ALLOWED_ORIGINS", "a list of origins like https://app.example"))?,
            client_address_header: client_address_header(&variable)?,
            scheduler_secret: variable("SCHEDULER_SECRET").map(Secret::new),
            zoom_webhook_secret: variable("ZOOM_WEBHOOK_SECRET").map(Secret::new),
            jitsi_domain: jitsi_domain(&variable)?,
            jitsi: JitsiVariables::read(&variable),
            provider_timeout: provider_timeout(&variable)?,
            return_targets: variable("RETURN_TARGETS"),
            ice: ice::Variables::read(&variable),
            pages: pages::Variables::read(&variable),
            rooms: rooms::Variables::read(&variable),
        })
    }

    /// The Jitsi that lets in by tokens: the server of one's own at `JITSI_DOMAIN` when `JITSI_APP_ID` and `JITSI_APP_SECRET` are
    /// set, `JaaS` when `JAAS_APP_ID`, `JAAS_KEY_ID` and `JAAS_PRIVATE_KEY` are, and none otherwise.
    pub fn jitsi_server(&self) -> Result<Option<JitsiServer>, ConfigError> {
        self.jitsi.server(&self.jitsi_domain)
    }

    /// Where a browser may be sent back to after it was at a provider. Read only where it is asked for: the two functions that do
    /// carry the rules for URLs in their bundles, and the others work without.
    pub fn return_targets(&self) -> Result<ReturnTargets, ConfigError> {
        let targets = self.return_targets.as_deref().unwrap_or(DEFAULT_RETURN_TARGETS);
        ReturnTargets::parse(targets).ok_or(ConfigError::Invalid(
            "RETURN_TARGETS",
            "a list of app links like app://connected and origins like https://app.example",
        ))
    }
}

impl ZoomConfig {
    fn read(variable: &impl Fn(&str) -> Option<String>, supabase_url: &str) -> Result<Option<Self>, ConfigError> {
        let Some(client_id) = variable("ZOOM_CLIENT_ID") else { return Ok(None) };
        let required = |name| variable(name).ok_or(ConfigError::Missing(name));
        Ok(Some(Self {
            client_id,
            client_secret: Secret::new(required("ZOOM_CLIENT_SECRET")?),
            api_url: base_url(variable, "ZOOM_API_URL", Some("https://api.zoom.us/v2"))?,
            oauth_url: base_url(variable, "ZOOM_OAUTH_URL", Some("https://zoom.us/oauth"))?,
            redirect_uri: redirect_uri(variable, supabase_url)?,
            seal_keys: SealKeys::parse(&required("SEAL_KEYS")?)?,
        }))
    }
}

fn base_url(
    variable: &impl Fn(&str) -> Option<String>,
    name: &'static str,
    default: Option<&str>,
) -> Result<String, ConfigError> {
    let value = variable(name).or_else(|| default.map(str::to_owned)).ok_or(ConfigError::Missing(name))?;
    http_url(name, &value)
}

/// An http(s) URL without a trailing slash.
fn http_url(name: &'static str, value: &str) -> Result<String, ConfigError> {
    let url = Url::parse(value).map_err(|_| ConfigError::Invalid(name, "a URL"))?;
    if matches!(url.scheme(), "http" | "https") {
        Ok(value.trim_end_matches('/').to_owned())
    } else {
        Err(ConfigError::Invalid(name, "an http(s) URL"))
    }
}

/// Kept to the letter: Zoom compares it so.
fn redirect_uri(variable: &impl Fn(&str) -> Option<String>, supabase_url: &str) -> Result<String, ConfigError> {
    const NAME: &str = "ZOOM_REDIRECT_URI";
    let Some(value) = variable(NAME) else { return Ok(format!("{supabase_url}/functions/v1/zoom-oauth-callback")) };
    match Url::parse(&value) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.fragment().is_none() => Ok(value),
        _ => Err(ConfigError::Invalid(NAME, "an http(s) URL")),
    }
}

/// An API key by its own name, from the JSON object of named keys that hosted functions get (`{"default": "sb_..."}`), or by
/// its legacy name.
fn api_key(
    variable: &impl Fn(&str) -> Option<String>,
    [single, hosted, legacy]: [&'static str; 3],
) -> Result<String, ConfigError> {
    if let Some(key) = variable(single) {
        return Ok(key);
    }
    if let Some(keys) = variable(hosted) {
        let named: Value = serde_json::from_str(&keys).unwrap_or_default();
        let default = named["default"].as_str().map(str::to_owned);
        return default.ok_or(ConfigError::Invalid(hosted, "a JSON object with a `default` key"));
    }
    variable(legacy).ok_or(ConfigError::Missing(single))
}

/// A bare host name, as it stands in a room's URL.
fn jitsi_domain(variable: &impl Fn(&str) -> Option<String>) -> Result<String, ConfigError> {
    let Some(domain) = variable("JITSI_DOMAIN") else { return Ok(PUBLIC_DOMAIN.to_owned()) };
    match Url::parse(&format!("https://{domain}/")) {
        Ok(url) if url.host_str() == Some(domain.to_ascii_lowercase().as_str()) => Ok(domain.to_ascii_lowercase()),
        _ => Err(ConfigError::Invalid("JITSI_DOMAIN", "a host name such as meet.example")),
    }
}

fn client_address_header(variable: &impl Fn(&str) -> Option<String>) -> Result<HeaderName, ConfigError> {
    const NAME: &str = "CLIENT_ADDRESS_HEADER";
    let Some(name) = variable(NAME) else { return Ok(HeaderName::from_static("x-forwarded-for")) };
    name.parse().map_err(|_| ConfigError::Invalid(NAME, "the name of a header such as cf-connecting-ip"))
}

fn provider_timeout(variable: &impl Fn(&str) -> Option<String>) -> Result<Duration, ConfigError> {
    let Some(value) = variable("PROVIDER_TIMEOUT_MS") else { return Ok(DEFAULT_PROVIDER_TIMEOUT) };
    match value.parse::<u64>() {
        Ok(milliseconds @ 100..=15_000) => Ok(Duration::from_millis(milliseconds)),
        _ => Err(ConfigError::Invalid("PROVIDER_TIMEOUT_MS", "a number of milliseconds from 100 to 15000")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEAL_KEYS: &str = "k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let minimum =
            [("SUPABASE_URL", "https://x.supabase.co/"), ("SUPABASE_ANON_KEY", "a"), ("SUPABASE_SECRET_KEY", "s")];
        Config::read(|name| {
            variables.iter().chain(&minimum).find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_minimum_gives_the_documented_defaults() {
        let config = read(&[]).unwrap();
        assert_eq!(config.supabase_url, "https://x.supabase.co");
        assert_eq!(config.publishable_key, "a");
        assert_eq!(config.jitsi_domain, "meet.jit.si");
        assert_eq!(config.provider_timeout, Duration::from_secs(10));
        assert_eq!(config.client_address_header, "x-forwarded-for");
        assert!(config.zoom.is_none() && config.jwt_secret.is_none());
        assert_eq!(config.return_targets().unwrap().default_target().as_str(), "cotrainr://video/zoom-connected");
    }

    #[test]
    fn zoom_answers_to_the_project_s_callback_or_to_the_one_that_is_registered() {
        let app = [("ZOOM_CLIENT_ID", "id"), ("ZOOM_CLIENT_SECRET", "s"), ("SEAL_KEYS", SEAL_KEYS)];
        let redirect_uri = |more: &[(&str, &str)]| read(&[&app, more].concat()).unwrap().zoom.unwrap().redirect_uri;
        assert_eq!(redirect_uri(&[]), "https://x.supabase.co/functions/v1/zoom-oauth-callback");
        let registered = "https://api.example/zoom/";
        assert_eq!(redirect_uri(&[("ZOOM_REDIRECT_URI", registered)]), registered);
        assert!(read(&[&app[..], &[("ZOOM_REDIRECT_URI", "app://zoom")]].concat()).is_err());
    }

    #[test]
    fn hosted_key_objects_win_over_legacy_keys() {
        let config = read(&[("SUPABASE_PUBLISHABLE_KEYS", r#"{"default":"sb_publishable_1"}"#)]).unwrap();
        assert_eq!(config.publishable_key, "sb_publishable_1");
    }

    #[test]
    fn a_header_is_the_same_however_it_is_written() {
        let config = read(&[("CLIENT_ADDRESS_HEADER", "CF-Connecting-IP")]).unwrap();
        assert_eq!(config.client_address_header, "cf-connecting-ip");
    }

    #[test]
    fn an_unusable_variable_is_named_without_its_value() {
        for (name, value) in [
            ("SUPABASE_URL", "ftp://secret"),
            ("SUPABASE_PUBLISHABLE_KEYS", "secret"),
            ("ALLOWED_ORIGINS", "secret"),
            ("PROVIDER_TIMEOUT_MS", "secret"),
            ("CLIENT_ADDRESS_HEADER", "secret, secret"),
            ("JITSI_DOMAIN", "https://secret/"),
            ("JITSI_DOMAIN", "secret/path"),
            ("RETURN_TARGETS", "https://app.example/secret"),
            ("RETURN_TARGETS", "javascript:secret"),
        ] {
            let refused = read(&[(name, value)]).and_then(|config| config.return_targets().map(drop));
            let message = refused.err().unwrap().to_string();
            assert!(message.contains(name) && !message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn a_zoom_app_needs_its_secret_and_seal_keys() {
        let message = read(&[("ZOOM_CLIENT_ID", "id")]).err().unwrap().to_string();
        assert!(message.contains("ZOOM_CLIENT_SECRET"), "{message}");
    }
}
