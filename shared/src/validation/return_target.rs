//! Where a browser goes back to after a detour to a provider. A target that is not configured is never followed: it would make
//! this project's address lead wherever a link's author likes, with the outcome of somebody's flow.

use url::{Host, Origin, Url, form_urlencoded};

/// The return targets of a deployment. There is at least one.
#[derive(Debug)]
pub struct ReturnTargets {
    default: ReturnTarget,
    allowed: Vec<Allowed>,
}

/// A place that a browser may be sent back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTarget(Url);

#[derive(Debug)]
enum Allowed {
    /// An app's own link, and no other.
    Link(String),
    /// Anything at this origin.
    Origin(Origin),
}

/// Longer ones would not leave enough of a URL to the provider's own parameters.
const LONGEST: usize = 1024;
/// What a browser acts upon by itself instead of handing it to an app.
const BROWSERS_OWN_SCHEMES: [&str; 10] =
    ["about", "blob", "data", "file", "filesystem", "ftp", "javascript", "vbscript", "ws", "wss"];
/// The parameters in which a target gets the outcome.
const OUTCOME: [&str; 2] = ["status", "reason"];

impl ReturnTargets {
    /// Reads a comma-separated list: links with an app's own scheme (`cotrainr://video/zoom-connected`), and web origins without a
    /// path (`https://app.example`; plain http for this machine alone). The first is the default.
    #[must_use]
    pub fn parse(targets: &str) -> Option<Self> {
        let mut parsed = Vec::new();
        for entry in targets.split(',').map(str::trim) {
            // Whoever writes a wildcard expects one.
            let url = parse(entry).filter(|_| !entry.contains('*'))?;
            let allowed = if is_web(&url) {
                let origin = url.origin();
                // Nothing but an origin: whoever names a path expects it to be a limit.
                (origin.ascii_serialization() == entry).then_some(Allowed::Origin(origin))?
            } else {
                (url.as_str() == entry).then(|| Allowed::Link(entry.to_owned()))?
            };
            parsed.push((ReturnTarget(url), allowed));
        }
        let (default, _) = parsed.first()?;
        Some(Self { default: default.clone(), allowed: parsed.into_iter().map(|(_, allowed)| allowed).collect() })
    }

    /// Where to go when nothing else is asked for.
    #[must_use]
    pub fn default_target(&self) -> &ReturnTarget {
        &self.default
    }

    /// The target that was asked for, if it is allowed: an app's link exactly as it is configured, or any page of an origin.
    #[must_use]
    pub fn find(&self, target: &str) -> Option<ReturnTarget> {
        let url = parse(target)?;
        let is_allowed = self.allowed.iter().any(|allowed| match allowed {
            Allowed::Link(link) => link == target,
            Allowed::Origin(origin) => is_web(&url) && url.origin() == *origin,
        });
        is_allowed.then_some(ReturnTarget(url))
    }
}

impl ReturnTarget {
    /// The target, normalised.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The target with the outcome as its parameters `status` and `reason`. Other parameters stay as they are, and so does a
    /// fragment; an outcome that was there before, of an earlier try, goes.
    #[must_use]
    pub fn with_outcome(&self, status: &str, reason: Option<&str>) -> String {
        let mut url = self.0.clone();
        let is_outcome = |pair: &&str| {
            form_urlencoded::parse(pair.as_bytes()).next().is_some_and(|(name, _)| OUTCOME.contains(&name.as_ref()))
        };
        let others: Vec<&str> =
            self.0.query().unwrap_or_default().split('&').filter(|pair| !is_outcome(pair)).collect();
        let others = others.join("&");
        url.set_query(Some(&others).filter(|others| !others.is_empty()).map(String::as_str));
        let mut query = url.query_pairs_mut();
        for (name, value) in OUTCOME.into_iter().zip([Some(status), reason]) {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        drop(query);
        url.into()
    }
}

/// A URL that leads where it seems to: nothing in it that parsers read differently, no user name in front of the host.
fn parse(target: &str) -> Option<Url> {
    let is_odd = |character: char| character.is_control() || character.is_whitespace() || character == '\\';
    if target.len() > LONGEST || target.chars().any(is_odd) {
        return None;
    }
    let url = Url::parse(target).ok().filter(|url| url.username().is_empty() && url.password().is_none())?;
    let is_usable = match url.scheme() {
        "https" => true,
        "http" => is_this_machine(&url),
        scheme => !BROWSERS_OWN_SCHEMES.contains(&scheme),
    };
    // Normalised, it may have grown.
    (is_usable && url.as_str().len() <= LONGEST).then_some(url)
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
#[path = "return_target_tests.rs"]
mod tests;
