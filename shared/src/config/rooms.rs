//! Where meetings have their rooms: at OpenVidu 2, or at OpenVidu 3, which is LiveKit.

use super::{ConfigError, http_url};
use crate::crypto::Secret;

/// The variables as they are set. They are read where they are asked for, so that no other function carries the rules.
pub struct Variables {
    openvidu_url: Option<String>,
    openvidu_secret: Option<String>,
    openvidu_webhook_secret: Option<String>,
    livekit_url: Option<String>,
    livekit_api_key: Option<String>,
    livekit_api_secret: Option<String>,
    clients_wait: Option<String>,
}

/// The server that has the rooms.
pub enum RoomServer {
    /// OpenVidu 2.
    OpenVidu(OpenViduConfig),
    /// OpenVidu 3, or any other LiveKit.
    LiveKit(LiveKitConfig),
}

/// OpenVidu 2.
pub struct OpenViduConfig {
    /// `OPENVIDU_URL`, without a trailing slash.
    pub url: String,
    /// `OPENVIDU_SECRET`.
    pub secret: Secret,
    /// `OPENVIDU_WEBHOOK_SECRET`: what OpenVidu presents as its bearer token. Without it no report is believed.
    pub webhook_secret: Option<Secret>,
}

/// LiveKit.
pub struct LiveKitConfig {
    /// `LIVEKIT_URL` for calls to it: http(s), without a trailing slash.
    pub api_url: String,
    /// `LIVEKIT_URL` for apps: ws(s), without a trailing slash.
    pub client_url: String,
    /// `LIVEKIT_API_KEY`.
    pub api_key: String,
    /// `LIVEKIT_API_SECRET`.
    pub api_secret: Secret,
}

impl Variables {
    pub(super) fn read(variable: &impl Fn(&str) -> Option<String>) -> Self {
        Self {
            openvidu_url: variable("OPENVIDU_URL"),
            openvidu_secret: variable("OPENVIDU_SECRET"),
            openvidu_webhook_secret: variable("OPENVIDU_WEBHOOK_SECRET"),
            livekit_url: variable("LIVEKIT_URL"),
            livekit_api_key: variable("LIVEKIT_API_KEY"),
            livekit_api_secret: variable("LIVEKIT_API_SECRET"),
            clients_wait: variable("CLIENTS_WAIT_FOR_OPERATOR"),
        }
    }

    /// The server that has the rooms of meetings, by `OPENVIDU_...` or `LIVEKIT_...`.
    pub fn server(&self) -> Result<RoomServer, ConfigError> {
        match (&self.openvidu_url, &self.livekit_url) {
            (Some(url), None) => Ok(RoomServer::OpenVidu(OpenViduConfig {
                url: http_url("OPENVIDU_URL", url)?,
                secret: Secret::new(required("OPENVIDU_SECRET", self.openvidu_secret.as_ref())?),
                webhook_secret: self.openvidu_webhook_secret.as_ref().map(Secret::new),
            })),
            (None, Some(url)) => {
                let (api_url, client_url) = livekit_urls(url)?;
                Ok(RoomServer::LiveKit(LiveKitConfig {
                    api_url,
                    client_url,
                    api_key: required("LIVEKIT_API_KEY", self.livekit_api_key.as_ref())?.to_owned(),
                    api_secret: Secret::new(required("LIVEKIT_API_SECRET", self.livekit_api_secret.as_ref())?),
                }))
            }
            (Some(_), Some(_)) => Err(ConfigError::Invalid("OPENVIDU_URL", "to be set together with LIVEKIT_URL")),
            (None, None) => Err(ConfigError::Missing("LIVEKIT_URL or OPENVIDU_URL")),
        }
    }

    /// `CLIENTS_WAIT_FOR_OPERATOR`: whether clients enter a meeting only once its operator did.
    pub fn clients_wait(&self) -> Result<bool, ConfigError> {
        match self.clients_wait.as_deref() {
            None | Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(ConfigError::Invalid("CLIENTS_WAIT_FOR_OPERATOR", "true or false")),
        }
    }
}

fn required<'a>(name: &'static str, value: Option<&'a String>) -> Result<&'a str, ConfigError> {
    value.map(String::as_str).ok_or(ConfigError::Missing(name))
}

/// The same server as it is called from here, and as apps connect to it.
fn livekit_urls(url: &str) -> Result<(String, String), ConfigError> {
    const NAME: &str = "LIVEKIT_URL";
    let (api_scheme, client_scheme, rest) = match url.split_once("://") {
        Some(("https" | "wss", rest)) => ("https", "wss", rest),
        Some(("http" | "ws", rest)) => ("http", "ws", rest),
        _ => return Err(ConfigError::Invalid(NAME, "a URL with https, wss, http or ws")),
    };
    let api_url = http_url(NAME, &format!("{api_scheme}://{rest}"))?;
    Ok((api_url, format!("{client_scheme}://{}", rest.trim_end_matches('/'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENVIDU: [(&str, &str); 2] = [("OPENVIDU_URL", "https://openvidu.example/"), ("OPENVIDU_SECRET", "s")];
    const LIVEKIT: [(&str, &str); 3] =
        [("LIVEKIT_URL", "wss://livekit.example"), ("LIVEKIT_API_KEY", "k"), ("LIVEKIT_API_SECRET", "s")];

    fn variables(set: &[(&str, &str)]) -> Variables {
        Variables::read(&|name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn refused(set: &[(&str, &str)]) -> String {
        variables(set).server().err().unwrap().to_string()
    }

    #[test]
    fn the_url_that_is_set_says_which_server_it_is() {
        let RoomServer::OpenVidu(openvidu) = variables(&OPENVIDU).server().unwrap() else { panic!("not OpenVidu") };
        assert_eq!((openvidu.url.as_str(), openvidu.secret.expose()), ("https://openvidu.example", "s"));
        assert!(openvidu.webhook_secret.is_none());

        let RoomServer::LiveKit(livekit) = variables(&LIVEKIT).server().unwrap() else { panic!("not LiveKit") };
        assert_eq!((livekit.api_key.as_str(), livekit.api_secret.expose()), ("k", "s"));

        assert!(refused(&[&OPENVIDU[..], &LIVEKIT].concat()).contains("OPENVIDU_URL is not to be set together with"));
        assert_eq!(refused(&[]), "the variable LIVEKIT_URL or OPENVIDU_URL is not set");
    }

    #[test]
    fn livekit_is_called_by_http_and_shown_by_websocket() {
        for (written, api, client) in [
            ("wss://livekit.example", "https://livekit.example", "wss://livekit.example"),
            ("https://livekit.example/", "https://livekit.example", "wss://livekit.example"),
            ("http://127.0.0.1:7880/livekit", "http://127.0.0.1:7880/livekit", "ws://127.0.0.1:7880/livekit"),
            ("ws://127.0.0.1:7880", "http://127.0.0.1:7880", "ws://127.0.0.1:7880"),
        ] {
            assert_eq!(livekit_urls(written).unwrap(), (api.to_owned(), client.to_owned()), "{written}");
        }
    }

    #[test]
    fn what_is_missing_or_unusable_is_named_without_its_value() {
        for (name, set) in [("OPENVIDU_SECRET", &OPENVIDU[..1]), ("LIVEKIT_API_KEY", &LIVEKIT[..1])] {
            assert_eq!(refused(set), format!("the variable {name} is not set"));
        }
        for (name, value) in [
            ("OPENVIDU_URL", "wss://secret"),
            ("OPENVIDU_URL", "secret"),
            ("LIVEKIT_URL", "ftp://secret"),
            ("LIVEKIT_URL", "secret.example"),
            ("LIVEKIT_URL", "https://"),
        ] {
            let message = refused(&[(name, value)]);
            assert!(message.contains(name) && !message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn clients_wait_unless_it_is_said_otherwise() {
        let wait = |value: &str| variables(&[("CLIENTS_WAIT_FOR_OPERATOR", value)]).clients_wait();
        assert!(variables(&[]).clients_wait().unwrap() && wait("true").unwrap());
        assert!(!wait("false").unwrap());
        assert!(wait("no").unwrap_err().to_string().contains("CLIENTS_WAIT_FOR_OPERATOR"));
    }
}
