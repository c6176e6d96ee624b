//! What the caller sends, as types that cannot hold a bad value.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::{
    http::{Error, json::required},
    providers::Provider,
    validation::{Description, DurationMinutes, JoinUrl, MaxParticipants, ScheduledTime, Timezone, Title},
};
use uuid::Uuid;

/// The most clients one session is created with.
const MOST_CLIENTS: usize = 50;

/// The body, as JSON has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    title: Option<Title>,
    description: Option<Description>,
    scheduled_start: Option<ScheduledTime>,
    duration_minutes: Option<DurationMinutes>,
    timezone: Option<Timezone>,
    max_participants: Option<MaxParticipants>,
    provider: Option<Provider>,
    join_url: Option<String>,
    client_id: Option<Uuid>,
    client_ids: Option<Vec<Uuid>>,
    conversation_id: Option<Uuid>,
    #[serde(default)]
    send_invite: bool,
}

/// A session to be created. Serialised, it is the `request` of the database function, and what an `Idempotency-Key` stands for.
#[derive(Debug, Serialize)]
pub(crate) struct SessionRequest {
    /// The title; at Zoom, the topic.
    pub(crate) title: Title,
    /// The description; at Zoom, the agenda.
    pub(crate) description: Option<Description>,
    /// When it starts.
    pub(crate) scheduled_start: ScheduledTime,
    /// How long it takes.
    pub(crate) duration_minutes: DurationMinutes,
    /// The time zone in which people think of it.
    pub(crate) timezone: Option<Timezone>,
    /// How many may take part.
    pub(crate) max_participants: Option<MaxParticipants>,
    /// Where it takes place.
    pub(crate) provider: Provider,
    /// The link the host pasted. Without one the provider makes it.
    pub(crate) join_url: Option<String>,
    /// Whom the host named, each once, in a fixed order.
    pub(crate) client_ids: Vec<Uuid>,
    /// The conversation whose client takes part.
    pub(crate) conversation_id: Option<Uuid>,
    /// Whether to post the link into the conversation with each client.
    pub(crate) send_invite: bool,
}

impl SessionRequest {
    /// Checks the fields against each other and against the present: 422 naming the field.
    pub(crate) fn parse(body: Body, now: DateTime<Utc>, jitsi_domain: &str) -> Result<Self, Error> {
        let start = required(body.scheduled_start, "scheduled_start")?;
        let (provider, join_url) = place(body.provider, body.join_url, jitsi_domain)?;
        Ok(Self {
            title: required(body.title, "title")?,
            description: body.description.filter(|description| !description.as_str().is_empty()),
            scheduled_start: start
                .ahead_of(now)
                .map_err(|error| Error::invalid("scheduled_start", error.to_string()))?,
            duration_minutes: required(body.duration_minutes, "duration_minutes")?,
            timezone: body.timezone,
            max_participants: body.max_participants,
            provider,
            join_url,
            client_ids: clients(body.client_id, body.client_ids)?,
            conversation_id: body.conversation_id,
            send_invite: body.send_invite,
        })
    }
}

/// Where the session takes place: at the pasted link, whose host says whose it is; else at the provider that was named, else at Zoom.
fn place(
    named: Option<Provider>,
    link: Option<String>,
    jitsi_domain: &str,
) -> Result<(Provider, Option<String>), Error> {
    let Some(link) = link else {
        return match named.unwrap_or(Provider::Zoom) {
            made_here @ (Provider::Zoom | Provider::Jitsi) => Ok((made_here, None)),
            Provider::Meet | Provider::Teams | Provider::Manual => {
                Err(Error::invalid("join_url", "is required for this provider: paste the link for participants"))
            }
            Provider::Openvidu => Err(Error::invalid("provider", "openvidu rooms are created as meetings")),
        };
    };
    let link = JoinUrl::parse(&link, jitsi_domain).map_err(|error| Error::invalid("join_url", error.to_string()))?;
    match named {
        Some(named) if named != link.provider() => {
            Err(Error::invalid("join_url", "is not a link of the provider that was named"))
        }
        _ => Ok((link.provider(), Some(link.as_str().to_owned()))),
    }
}

fn clients(one: Option<Uuid>, many: Option<Vec<Uuid>>) -> Result<Vec<Uuid>, Error> {
    if one.is_some() && many.is_some() {
        return Err(Error::invalid("client_ids", "cannot be given together with client_id"));
    }
    let mut clients = Vec::new();
    for client in one.into_iter().chain(many.into_iter().flatten()) {
        if let Err(place) = clients.binary_search(&client) {
            clients.insert(place, client);
        }
    }
    if clients.len() > MOST_CLIENTS {
        return Err(Error::invalid("client_ids", format!("must name at most {MOST_CLIENTS} clients")));
    }
    Ok(clients)
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
