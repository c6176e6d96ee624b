//! What a room needs of its deployment: the secret of its tickets, and the servers by which browsers reach each other.

use std::net::Ipv6Addr;

use super::{ConfigError, http_url};
use crate::{
    crypto::Secret,
    providers::turn::{Cloudflare, Coturn, IceServer, IceServers, TurnService, Twilio},
};

/// Who tells browsers their public addresses, unless `STUN_URLS` says otherwise.
const DEFAULT_STUN_URLS: &str = "stun:stun.cloudflare.com:3478";
const TWILIO_API_URL: &str = "https://api.twilio.com";
const CLOUDFLARE_TURN_URL: &str = "https://rtc.live.cloudflare.com";
/// A key of HS256 has at least as many bits as its hash (RFC 7518, section 3.2).
const SHORTEST_TICKET_SECRET: usize = 32;

/// The variables as they are set. They are read where they are asked for, so that no other function carries the rules.
pub struct Variables {
    ticket_secret: Option<String>,
    stun_urls: Option<String>,
    turn_urls: Option<String>,
    turn_secret: Option<String>,
    twilio_account_sid: Option<String>,
    twilio_auth_token: Option<String>,
    twilio_api_url: Option<String>,
    cloudflare_key_id: Option<String>,
    cloudflare_api_token: Option<String>,
    cloudflare_url: Option<String>,
}

/// A TURN service, if it is set.
type Service = Result<Option<TurnService>, ConfigError>;

impl Variables {
    pub(super) fn read(variable: &impl Fn(&str) -> Option<String>) -> Self {
        Self {
            ticket_secret: variable("ROOM_TICKET_SECRET"),
            stun_urls: variable("STUN_URLS"),
            turn_urls: variable("TURN_URLS"),
            turn_secret: variable("TURN_SECRET"),
            twilio_account_sid: variable("TWILIO_ACCOUNT_SID"),
            twilio_auth_token: variable("TWILIO_AUTH_TOKEN"),
            twilio_api_url: variable("TWILIO_API_URL"),
            cloudflare_key_id: variable("CLOUDFLARE_TURN_KEY_ID"),
            cloudflare_api_token: variable("CLOUDFLARE_TURN_API_TOKEN"),
            cloudflare_url: variable("CLOUDFLARE_TURN_URL"),
        }
    }

    /// `ROOM_TICKET_SECRET`: signs the tickets that let participants into a room.
    pub fn ticket_secret(&self) -> Result<Secret, ConfigError> {
        const NAME: &str = "ROOM_TICKET_SECRET";
        let secret = self.ticket_secret.as_deref().ok_or(ConfigError::Missing(NAME))?;
        if secret.chars().count() < SHORTEST_TICKET_SECRET {
            return Err(ConfigError::Invalid(NAME, "a secret of at least 32 characters"));
        }
        Ok(Secret::new(secret))
    }

    /// The servers by which browsers reach each other: TURN of coturn (`TURN_...`), Twilio (`TWILIO_...`) or Cloudflare
    /// (`CLOUDFLARE_TURN_...`), whichever is set, and STUN.
    pub fn servers(&self) -> Result<IceServers, ConfigError> {
        let stun_urls = urls(self.stun_urls.as_deref().unwrap_or(DEFAULT_STUN_URLS), is_stun_url)
            .ok_or(ConfigError::Invalid("STUN_URLS", "a list of URLs like stun:stun.example:3478"))?;
        let stun = IceServer::open(stun_urls);
        let mut turn = None;
        for (name, service) in [
            ("TURN_URLS", self.coturn()?),
            ("TWILIO_ACCOUNT_SID", self.twilio()?),
            ("CLOUDFLARE_TURN_KEY_ID", self.cloudflare()?),
        ] {
            if turn.is_some() && service.is_some() {
                return Err(ConfigError::Invalid(name, "to be set together with another TURN service"));
            }
            turn = turn.or(service);
        }
        Ok(IceServers { stun, turn })
    }

    fn coturn(&self) -> Service {
        let Some((list, secret)) = pair(("TURN_URLS", &self.turn_urls), ("TURN_SECRET", &self.turn_secret))? else {
            return Ok(None);
        };
        let urls = urls(list, is_turn_url)
            .ok_or(ConfigError::Invalid("TURN_URLS", "a list of URLs like turn:turn.example:3478?transport=udp"))?;
        Ok(Some(TurnService::Coturn(Coturn { urls, secret })))
    }

    fn twilio(&self) -> Service {
        const NAME: &str = "TWILIO_ACCOUNT_SID";
        let account = pair((NAME, &self.twilio_account_sid), ("TWILIO_AUTH_TOKEN", &self.twilio_auth_token))?;
        let Some((account_sid, auth_token)) = account else { return Ok(None) };
        let api_url = self.twilio_api_url.as_deref().unwrap_or(TWILIO_API_URL);
        let api_url = http_url("TWILIO_API_URL", api_url)?;
        Ok(Some(TurnService::Twilio(Twilio { account_sid: id(NAME, account_sid)?, auth_token, api_url })))
    }

    fn cloudflare(&self) -> Service {
        const NAME: &str = "CLOUDFLARE_TURN_KEY_ID";
        let key = pair((NAME, &self.cloudflare_key_id), ("CLOUDFLARE_TURN_API_TOKEN", &self.cloudflare_api_token))?;
        let Some((key_id, api_token)) = key else { return Ok(None) };
        let api_url = self.cloudflare_url.as_deref().unwrap_or(CLOUDFLARE_TURN_URL);
        let api_url = http_url("CLOUDFLARE_TURN_URL", api_url)?;
        Ok(Some(TurnService::Cloudflare(Cloudflare { key_id: id(NAME, key_id)?, api_token, api_url })))
    }
}

/// Two variables that are set together or not at all, the second one a secret.
fn pair<'a>(
    (first, value): (&'static str, &'a Option<String>),
    (second, secret): (&'static str, &Option<String>),
) -> Result<Option<(&'a str, Secret)>, ConfigError> {
    match (value, secret) {
        (None, None) => Ok(None),
        (Some(value), Some(secret)) => Ok(Some((value, Secret::new(secret)))),
        (None, Some(_)) => Err(ConfigError::Missing(first)),
        (Some(_), None) => Err(ConfigError::Missing(second)),
    }
}

/// What may stand in a URL's path as it is.
fn id(name: &'static str, value: &str) -> Result<String, ConfigError> {
    if value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        Ok(value.to_owned())
    } else {
        Err(ConfigError::Invalid(name, "of letters and digits"))
    }
}

/// The URLs of a list separated by commas. A browser refuses all of its ICE servers for one that it cannot read.
fn urls(list: &str, is_url: fn(&str) -> bool) -> Option<Vec<String>> {
    let urls: Vec<String> = list.split(',').map(|url| url.trim().to_owned()).collect();
    urls.iter().all(|url| is_url(url)).then_some(urls)
}

/// `stun:host[:port]` (RFC 7064, section 3.1).
fn is_stun_url(url: &str) -> bool {
    url.split_once(':').is_some_and(|(scheme, address)| matches!(scheme, "stun" | "stuns") && is_address(address))
}

/// `turn:host[:port][?transport=udp|tcp]` (RFC 7065, section 3.1).
fn is_turn_url(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let (address, query) = rest.split_once('?').map_or((rest, None), |(address, query)| (address, Some(query)));
    matches!(scheme, "turn" | "turns")
        && is_address(address)
        && matches!(query, None | Some("transport=udp" | "transport=tcp"))
}

/// `host[:port]`, with an IPv6 address in brackets.
fn is_address(address: &str) -> bool {
    let (is_host, port) = if let Some((host, port)) = address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        (host.parse::<Ipv6Addr>().is_ok(), port)
    } else {
        let (host, port) = address.split_at(address.find(':').unwrap_or(address.len()));
        (host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)) && !host.is_empty(), port)
    };
    is_host && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

fn is_port(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_digit()) && matches!(digits.parse::<u16>(), Ok(1..))
}

#[cfg(test)]
#[path = "ice_tests.rs"]
mod tests;
