//! ICE servers: STUN tells a browser its public address, TURN relays for those who cannot reach each other. TURN costs, so its
//! credentials are made for one participant, after their admission, and for a short time.

mod cloudflare;
mod coturn;
#[cfg(test)]
mod tests;
mod twilio;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    context::Context,
    http::{
        Error, Note,
        request_id::X_REQUEST_ID,
        upstream::{self, UpstreamError},
    },
};

pub(crate) use cloudflare::Cloudflare;
pub(crate) use coturn::Coturn;
pub(crate) use twilio::Twilio;

/// Credentials are good for no longer than this: who stays asks again.
const LONGEST: Duration = Duration::from_hours(1);
/// Nor for less: it takes a moment to connect.
const SHORTEST: Duration = Duration::from_mins(1);
/// Somebody waits to come in, and most of them will not need the relays.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// A server as a browser's `RTCIceServer` (<https://www.w3.org/TR/webrtc/#rtciceserver-dictionary>).
#[derive(Clone, Deserialize, Serialize)]
pub struct IceServer {
    /// Where it is, in several ways.
    #[serde(deserialize_with = "one_or_more")]
    pub urls: Vec<String>,
    /// For TURN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password for TURN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// Who gives out credentials for TURN.
pub(crate) enum TurnService {
    Coturn(Coturn),
    Twilio(Twilio),
    Cloudflare(Cloudflare),
}

/// The servers of this deployment.
pub struct IceServers {
    pub(crate) stun: IceServer,
    pub(crate) turn: Option<TurnService>,
}

impl IceServer {
    /// One that asks for no credentials.
    pub(crate) fn open(urls: Vec<String>) -> Self {
        Self { urls, username: None, credential: None }
    }
}

impl IceServers {
    /// What everyone may use. Most browsers reach each other with these alone, so they will do when the TURN service fails.
    fn stun_only(&self) -> Vec<IceServer> {
        vec![self.stun.clone()]
    }

    /// For a participant who was admitted, until the session ends, but for no more than an hour and no less than a minute.
    /// STUN alone when no TURN is configured; 502 or 504 when the TURN service fails.
    pub async fn for_participant(
        &self,
        context: &Context,
        who: &str,
        session_end: DateTime<Utc>,
    ) -> Result<Vec<IceServer>, Error> {
        let Some(turn) = &self.turn else { return Ok(self.stun_only()) };
        let left = session_end.signed_duration_since(context.clock().now()).to_std().unwrap_or_default();
        let ttl = left.clamp(SHORTEST, LONGEST);
        let client = &context.deployment.client;
        match turn {
            TurnService::Coturn(coturn) => {
                Ok(vec![self.stun.clone(), coturn.credentials(who, context.clock().now() + ttl)?])
            }
            TurnService::Twilio(twilio) => mint(context, "Twilio", twilio.request(client, ttl)).await,
            TurnService::Cloudflare(cloudflare) => {
                mint(context, "Cloudflare", cloudflare.request(client, ttl)).await.map(cloudflare::for_browsers)
            }
        }
    }

    /// The same for who is to get in whatever the TURN service does: STUN alone when it fails, which the log says.
    pub async fn or_stun(&self, context: &Context, who: &str, session_end: DateTime<Utc>) -> Vec<IceServer> {
        let servers = self.for_participant(context, who, session_end).await;
        servers.unwrap_or_else(|error| {
            let cause = error.cause().map(str::to_owned);
            context.note.set(Some(Note { code: "turn_failed", cause, is_fault: true }));
            self.stun_only()
        })
    }
}

/// What Twilio and Cloudflare answer, as far as it matters.
#[derive(Deserialize)]
struct Minted {
    #[serde(alias = "iceServers")]
    ice_servers: Vec<IceServer>,
}

/// Has `provider` make credentials. The request is named to it, and nobody else is.
async fn mint(context: &Context, provider: &str, request: reqwest::RequestBuilder) -> Result<Vec<IceServer>, Error> {
    let failed = |cause: &str| Error::ProviderFailed(format!("{provider}: {cause}"));
    let request = request.header(X_REQUEST_ID, &context.request_id);
    let timeout = context.config().provider_timeout.min(LONGEST_WAIT);
    let answer = upstream::send(context, request, timeout).await;
    let answer = answer.map_err(|error| match error {
        UpstreamError::TimedOut => Error::ProviderTimedOut(format!("{provider}: {error}")),
        _ => failed(&error.to_string()),
    })?;
    if !answer.status.is_success() {
        return Err(failed(&format!("status {}", answer.status.as_u16())));
    }
    let minted: Minted = upstream::read(&answer.body).map_err(|error| failed(&error))?;
    let relays = |server: &IceServer| server.username.is_some() && server.credential.is_some();
    if !minted.ice_servers.iter().any(relays) {
        return Err(failed("an answer without credentials"));
    }
    Ok(minted.ice_servers)
}

/// A browser takes one URL without a list, and Twilio gives it so.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Urls {
        One(String),
        More(Vec<String>),
    }
    Ok(match Urls::deserialize(deserializer)? {
        Urls::One(url) => vec![url],
        Urls::More(urls) => urls,
    })
}
