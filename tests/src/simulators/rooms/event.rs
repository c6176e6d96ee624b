use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::Duration;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::webhook::{self, Reply};
use super::super::{Settings, Simulators, now};
use super::Version;
use crate::tokens;

/// Older events are forgotten, so that a development server can run for days.
const KEPT: usize = 2_000;
/// How long OpenVidu and LiveKit wait for an answer, at least.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Something that happened in a room, not told yet.
pub(crate) struct Event {
    pub(crate) room: String,
    pub(crate) body: Value,
}

/// A webhook, and what the project answered.
#[derive(Clone, Serialize)]
pub(crate) struct Told {
    #[serde(skip)]
    room: String,
    /// As it was sent, to the letter.
    webhook: String,
    authorization: String,
    content_type: &'static str,
    /// None when it was not sent, or not answered.
    #[serde(flatten)]
    reply: Option<Reply>,
}

/// Tells the project, and remembers what was told.
#[derive(Default)]
pub(crate) struct Messenger {
    client: reqwest::Client,
    told: Mutex<VecDeque<Told>>,
}

impl Event {
    fn sealed(self, settings: &Settings, version: Version) -> Told {
        let body = self.body.to_string();
        Told {
            room: self.room,
            authorization: authorization(settings, version, body.as_bytes()),
            content_type: version.webhook_content_type(),
            webhook: body,
            reply: None,
        }
    }
}

impl Messenger {
    /// What was told of a room, in the order of the answers.
    pub(crate) fn told(&self, room: &str) -> Vec<Told> {
        self.told.lock().unwrap().iter().filter(|told| told.room == room).cloned().collect()
    }

    async fn send(&self, settings: &Settings, told: &mut Told) {
        let request = self
            .client
            .post(&settings.rooms_webhook_url)
            .timeout(PATIENCE)
            .header(CONTENT_TYPE, told.content_type)
            .header(AUTHORIZATION, &told.authorization)
            .body(told.webhook.clone());
        match webhook::send(request).await {
            Ok(reply) => told.reply = Some(reply),
            Err(error) => eprintln!("simulators: {error}"),
        }
        let mut all = self.told.lock().unwrap();
        if all.len() == KEPT {
            all.pop_front();
        }
        all.push_back(told.clone());
    }
}

/// Tells the project, each event when the one before was answered, once: real retries come later.
pub(crate) async fn tell(simulators: &Simulators, version: Version, events: Vec<Event>, deliver: bool) -> Vec<Told> {
    let settings = &simulators.settings;
    let mut all: Vec<Told> = events.into_iter().map(|event| event.sealed(settings, version)).collect();
    if deliver {
        for told in &mut all {
            simulators.rooms.messenger.send(settings, told).await;
        }
    }
    all
}

/// Tells the project of what its own call caused, while the call is being answered.
pub(super) fn tell_meanwhile(simulators: &Arc<Simulators>, version: Version, events: Vec<Event>) {
    let simulators = Arc::clone(simulators);
    tokio::spawn(async move { tell(&simulators, version, events, true).await });
}

/// What shows that a webhook comes from the simulator: for version 2 a header that the project chose, for version 3 a token
/// over the body.
fn authorization(settings: &Settings, version: Version, body: &[u8]) -> String {
    match version {
        Version::V2 => format!("Bearer {}", settings.openvidu_webhook_secret),
        Version::V3 => livekit_signature(&settings.livekit_api_key, &settings.livekit_api_secret, body),
    }
}

/// The `Authorization` of a webhook of LiveKit, good for five minutes.
pub fn livekit_signature(api_key: &str, api_secret: &str, body: &[u8]) -> String {
    let claims = json!({
        "iss": api_key,
        "nbf": now().timestamp(),
        "exp": (now() + Duration::minutes(5)).timestamp(),
        "sha256": BASE64_STANDARD.encode(Sha256::digest(body)),
    });
    tokens::hs256(&json!({"alg": "HS256", "typ": "JWT"}), &claims, api_secret.as_bytes())
}
