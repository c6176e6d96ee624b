//! Links that hosts paste. Which provider a link belongs to is decided by its parsed host labels, never by looking for a name in
//! the text, and a link that would let its reader in as the host is refused.

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::providers::{Provider, jitsi};

/// A link by which participants join: https, and safe to show to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinUrl {
    url: String,
    provider: Provider,
}

/// Why a link cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinUrlError {
    /// Longer than browsers and calendars take.
    #[error("must have at most 2048 characters")]
    TooLong,
    /// Not something that a browser opens safely.
    #[error("must be an https link")]
    NotHttps,
    /// Spaces, control characters or backslashes, with which a link can look like another.
    #[error("must not contain spaces, control characters or backslashes")]
    Characters,
    /// `https://user:password@host`, with which a link can look like another.
    #[error("must not contain a user name or password")]
    UserInfo,
    /// An address, or a name that only some networks know.
    #[error("must name a public host")]
    Host,
    /// Whoever opens it becomes the host.
    #[error("is a link for the host: paste the link for participants")]
    HostLink,
    /// The provider's host, but not one of its links for participants.
    #[error("is not a join link of this provider")]
    NotAJoinLink,
}

const LONGEST: usize = 2048;
const ZOOM_DOMAINS: [&str; 4] = ["zoom.us", "zoomgov.com", "zoom.com.cn", "zoom.de"];
const TEAMS_HOSTS: [&str; 4] =
    ["teams.microsoft.com", "teams.live.com", "gov.teams.microsoft.us", "dod.teams.microsoft.us"];

impl JoinUrl {
    /// Parses a pasted link. `jitsi_domain` is a Jitsi host beside the public ones.
    pub fn parse(link: &str, jitsi_domain: &str) -> Result<Self, JoinUrlError> {
        let link = link.trim();
        if link.len() > LONGEST {
            return Err(JoinUrlError::TooLong);
        }
        if link.chars().any(|character| character.is_control() || character.is_whitespace() || character == '\\') {
            return Err(JoinUrlError::Characters);
        }
        let mut url = Url::parse(link).map_err(|_| JoinUrlError::NotHttps)?;
        if url.scheme() != "https" {
            return Err(JoinUrlError::NotHttps);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(JoinUrlError::UserInfo);
        }
        let Some(Host::Domain(host)) = url.host() else { return Err(JoinUrlError::Host) };
        if !host.contains('.') || host.ends_with('.') {
            return Err(JoinUrlError::Host);
        }
        if carries_host_key(&url) {
            return Err(JoinUrlError::HostLink);
        }
        // A provider's links have no port of their own; on another port it is somebody else's server.
        let provider = if url.port().is_none() { provider_of(host, jitsi_domain) } else { Provider::Manual };
        check_path(&url, provider)?;
        if provider == Provider::Jitsi {
            remove_jitsi_token(&mut url);
        }
        Ok(Self { url: url.into(), provider })
    }

    /// The link, normalised.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Whose link it is.
    #[must_use]
    pub fn provider(&self) -> Provider {
        self.provider
    }
}

/// Whether a link leads to Zoom itself, be it one for the host.
#[must_use]
pub fn leads_to_zoom(link: &str) -> bool {
    Url::parse(link).is_ok_and(|url| {
        url.scheme() == "https"
            && url.username().is_empty()
            && url.password().is_none()
            && url.port().is_none()
            && matches!(url.host(), Some(Host::Domain(host)) if provider_of(host, "") == Provider::Zoom)
    })
}

/// Zoom's `zak` signs its bearer in as the host, wherever in the link it stands.
fn carries_host_key(url: &Url) -> bool {
    let link = percent_decode_str(url.as_str()).decode_utf8_lossy().to_ascii_lowercase();
    link.match_indices("zak=").any(|(at, _)| !link[..at].ends_with(|before: char| before.is_ascii_alphanumeric()))
}

fn provider_of(host: &str, jitsi_domain: &str) -> Provider {
    let is_within = |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if ZOOM_DOMAINS.into_iter().any(is_within) {
        Provider::Zoom
    } else if host == "meet.google.com" {
        Provider::Meet
    } else if TEAMS_HOSTS.contains(&host) {
        Provider::Teams
    } else if [jitsi::PUBLIC_DOMAIN, jitsi::JAAS_DOMAIN, jitsi_domain].contains(&host) {
        Provider::Jitsi
    } else {
        Provider::Manual
    }
}

fn check_path(url: &Url, provider: Provider) -> Result<(), JoinUrlError> {
    let segments: Vec<&str> = url.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let is_join_link = match provider {
        Provider::Zoom => match segments[..] {
            ["s", ..] | ["wc", _, "start"] => return Err(JoinUrlError::HostLink),
            ["j", id] | ["wc", id, "join"] | ["wc", "join", id] => is_zoom_meeting_id(id),
            ["my", name] => name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)),
            _ => false,
        },
        Provider::Meet => matches!(segments[..], [code] if is_meet_code(code)),
        Provider::Teams => matches!(segments[..], ["l", "meetup-join", _, ..] | ["meet", _]),
        Provider::Jitsi if url.host_str() == Some(jitsi::JAAS_DOMAIN) => matches!(segments[..], [_, _]),
        Provider::Jitsi => matches!(segments[..], [_]),
        Provider::Manual | Provider::Openvidu => true,
    };
    if is_join_link { Ok(()) } else { Err(JoinUrlError::NotAJoinLink) }
}

fn is_zoom_meeting_id(id: &str) -> bool {
    (9..=12).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// `xxx-xxxx-xxx`, lower-case letters.
fn is_meet_code(code: &str) -> bool {
    let lengths: Vec<usize> = code.split('-').map(str::len).collect();
    lengths == [3, 4, 3] && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// A Jitsi token is one person's: the others must not get it with the link.
fn remove_jitsi_token(url: &mut Url) {
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("jwt"))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if kept.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
}

#[cfg(test)]
#[path = "join_url_tests.rs"]
mod tests;
