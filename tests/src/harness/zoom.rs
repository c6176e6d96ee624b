//! Connecting Zoom as a person does it, and webhooks as Zoom sends them.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::crypto::seal::SealKeys;
use shared::providers::zoom::token_seal_context;
use url::Url;

use super::{Answer, Person, Request, Stack};
use crate::simulators::now;
use crate::simulators::zoom::signature;

/// What the state of a connect flow is bound to.
const STATE_CONTEXT: &str = "zoom_oauth_state";

/// What came of the consent page.
#[derive(Clone, Debug, Deserialize)]
pub struct Consent {
    /// Where Zoom sends the browser: the callback, with a code or an error.
    pub location: String,
    /// Who approved.
    pub zoom_user_id: Option<String>,
    /// The code of an approval.
    pub code: Option<String>,
}

/// Where the callback sends the browser.
#[derive(Debug, PartialEq, Eq)]
pub struct Landing {
    /// The return target, without what the callback added.
    pub target: String,
    /// `connected` or `error`.
    pub status: String,
    /// The stable code of an error.
    pub reason: Option<String>,
}

/// What the functions answered when Zoom told them of something.
#[derive(Debug, Deserialize)]
pub struct Told {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// The id under which its upstream calls were recorded.
    pub request_id: Option<String>,
    /// What was sent.
    pub webhook: Value,
}

impl Stack {
    /// Presses Connect: the URL of Zoom's consent page.
    pub async fn start_zoom_connect(&self, person: &Person, body: &Value) -> String {
        let answer = self.function("zoom-oauth-start").by(person).json(body).send().await;
        let url = &answer.expect(200)["url"];
        url.as_str().unwrap_or_else(|| panic!("no url: {answer:?}")).to_owned()
    }

    /// Approves, as a new Zoom user with every scope, unless the options have a `zoom_user_id` or a `scope`.
    pub async fn approve_zoom(&self, url: &str, mut options: Value) -> Consent {
        options["url"] = json!(url);
        options["approve"] = json!(true);
        self.tell("zoom/authorize", &options).await
    }

    /// Denies.
    pub async fn deny_zoom(&self, url: &str) -> Consent {
        self.tell("zoom/authorize", &json!({"url": url, "approve": false})).await
    }

    /// The five minutes of a code are over.
    pub async fn expire_zoom_code(&self, code: &str) {
        self.tell::<Value>("zoom/expire-code", &json!({"code": code})).await;
    }

    /// What the browser asks when Zoom sends it back: without any key of the project.
    pub fn callback(&self, location: &str) -> Request {
        let uri = self.variable("ZOOM_REDIRECT_URI");
        assert!(location.starts_with(uri), "{location} is not the callback");
        self.request(Method::GET, location.to_owned()).without("apikey")
    }

    /// Something happens at Zoom: `{"event": "start", "meeting_id": 1}`, for example. The functions are told.
    pub async fn at_zoom(&self, event: &Value) -> Told {
        self.tell("zoom/events", event).await
    }

    /// A webhook, signed now.
    pub fn webhook(&self, body: impl Into<Vec<u8>>) -> Request {
        self.webhook_at(&now().timestamp().to_string(), body)
    }

    /// A webhook whose timestamp header says something else, correctly signed.
    pub fn webhook_at(&self, timestamp: &str, body: impl Into<Vec<u8>>) -> Request {
        let body = body.into();
        let signature = signature(self.variable("ZOOM_WEBHOOK_SECRET"), timestamp, &body);
        self.unsigned_webhook(body).header("x-zm-request-timestamp", timestamp).header("x-zm-signature", &signature)
    }

    /// A webhook without the two headers that make it Zoom's.
    pub fn unsigned_webhook(&self, body: impl Into<Vec<u8>>) -> Request {
        self.function("zoom-webhook").without("apikey").body("application/json; charset=utf-8", body)
    }

    /// What the state of an authorization URL, or of a callback, holds.
    pub async fn open_zoom_state(&self, url: &str) -> Value {
        let opened = self.seal_keys().open(STATE_CONTEXT, &query(url, "state")).await.unwrap();
        serde_json::from_slice(&opened).unwrap()
    }

    /// A state of one's own.
    pub async fn seal_zoom_state(&self, state: &Value) -> String {
        self.seal_zoom_state_with(&self.seal_keys(), state).await
    }

    /// The token behind a value of `user_integrations_zoom`, if it opens in the row of this person.
    pub async fn open_zoom_token(&self, person: &Person, sealed: &str) -> Option<String> {
        let opened = self.seal_keys().open(&token_seal_context(person.id), sealed).await.ok()?;
        Some(String::from_utf8(opened).unwrap())
    }

    /// Keys of which the stack's first is not one: what they seal is from before a rotation that is under way.
    pub fn previous_seal_keys(&self) -> SealKeys {
        let (_, previous) = self.variable("SEAL_KEYS").split_once(',').expect("SEAL_KEYS has a second key");
        SealKeys::parse(previous).unwrap()
    }

    /// What a token looks like in the row of this person, sealed with these keys.
    pub async fn seal_zoom_token(&self, keys: &SealKeys, person: &Person, token: &str) -> String {
        keys.seal(&token_seal_context(person.id), token.as_bytes()).await.unwrap()
    }

    /// A state of one's own, sealed with these keys.
    pub async fn seal_zoom_state_with(&self, keys: &SealKeys, state: &Value) -> String {
        keys.seal(STATE_CONTEXT, state.to_string().as_bytes()).await.unwrap()
    }

    fn seal_keys(&self) -> SealKeys {
        SealKeys::parse(self.variable("SEAL_KEYS")).unwrap()
    }
}

impl Answer {
    /// Asserts that it sends the browser somewhere, and that nothing secret goes with it.
    #[track_caller]
    pub fn landed(&self) -> Landing {
        assert_eq!(self.status, 302, "{self:?}");
        assert_eq!(self.text, "", "{self:?}");
        let location = self.header("location").unwrap_or_else(|| panic!("no location: {self:?}"));
        let mut url = Url::parse(location).unwrap_or_else(|error| panic!("{location}: {error}"));
        let (mut status, mut reason, mut kept) = (None, None, Vec::new());
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "status" => assert_eq!(status.replace(value.into_owned()), None, "two: {location}"),
                "reason" => assert_eq!(reason.replace(value.into_owned()), None, "two: {location}"),
                _ => kept.push((name.into_owned(), value.into_owned())),
            }
        }
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
        let status = status.unwrap_or_else(|| panic!("no status: {location}"));
        assert_eq!(reason.is_some(), status == "error", "{location}");
        Landing { target: url.into(), status, reason }
    }
}

/// A parameter of a URL.
fn query(url: &str, name: &str) -> String {
    let url = Url::parse(url).unwrap();
    let parameter = url.query_pairs().find(|(found, _)| found == name);
    parameter.unwrap_or_else(|| panic!("no {name}: {url}")).1.into_owned()
}
