//! The reports of LiveKit (<https://docs.livekit.io/intro/basics/rooms-participants-tracks/webhooks-events/>): protobuf's JSON,
//! in which whole numbers are texts, and fields that are zero or empty are left out.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    http::{
        Error,
        json::{self, required},
    },
    providers::rooms::web_url,
    validation::lenient::{Whole, moment, present},
};
use uuid::Uuid;

use super::{Record, attendance};

#[derive(Deserialize)]
struct Named {
    event: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Times {
    /// Seconds since 1970.
    created_at: Option<Whole>,
}

#[derive(Deserialize)]
struct InRoom {
    room: Room,
}

#[derive(Deserialize)]
struct Room {
    name: Option<String>,
}

#[derive(Deserialize)]
struct OfParticipant {
    participant: Participant,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Participant {
    sid: Option<String>,
    identity: Option<String>,
    /// Nothing for a person.
    kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfEgress {
    egress_info: Egress,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Egress {
    room_name: Option<String>,
    status: Option<String>,
    #[serde(default)]
    file_results: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    location: Option<String>,
}

/// Participants of these kinds are LiveKit's own, or programs.
const NOBODY: [&str; 3] = ["AGENT", "EGRESS", "INGRESS"];

/// Reads a body that LiveKit signed: 400 when it is not JSON, 422 naming what is missing or unreadable in an event that
/// matters. Nothing for any other event.
pub(crate) fn parse(body: &[u8]) -> Result<Option<Record>, Error> {
    let Named { event } = json::parse(body)?;
    match event.as_str() {
        "room_started" => in_room("room_started", body, json!({})).map(Some),
        "room_finished" => in_room("room_gone", body, json!({})).map(Some),
        "participant_joined" => participant("participant_joined", body),
        "participant_left" => participant("participant_left", body),
        "egress_ended" => recording(body),
        _ => Ok(None),
    }
}

fn in_room(event: &'static str, body: &[u8], details: Value) -> Result<Record, Error> {
    let InRoom { room } = json::parse(body)?;
    Ok(Record { event, event_at: event_at(body)?, room: required(present(room.name), "room.name")?, details })
}

fn event_at(body: &[u8]) -> Result<DateTime<Utc>, Error> {
    let Times { created_at } = json::parse(body)?;
    created_at.and_then(seconds).ok_or_else(|| Error::invalid("createdAt", "must be a number of seconds since 1970"))
}

fn seconds(Whole(seconds): Whole) -> Option<DateTime<Utc>> {
    moment(seconds.checked_mul(1000)?)
}

fn participant(event: &'static str, body: &[u8]) -> Result<Option<Record>, Error> {
    let OfParticipant { participant: Participant { sid, identity, kind } } = json::parse(body)?;
    if kind.is_some_and(|kind| NOBODY.contains(&kind.as_str())) {
        return Ok(None);
    }
    let user_id = identity.and_then(|identity| Uuid::parse_str(&identity).ok());
    in_room(event, body, attendance(sid, "participant.sid", user_id)?).map(Some)
}

/// The first file of a recording that is on the web.
fn recording(body: &[u8]) -> Result<Option<Record>, Error> {
    let OfEgress { egress_info: Egress { room_name, status, file_results } } = json::parse(body)?;
    let url = file_results.into_iter().find_map(|file| web_url(&file.location?));
    let (Some("EGRESS_COMPLETE" | "EGRESS_LIMIT_REACHED"), Some(url)) = (status.as_deref(), url) else {
        return Ok(None);
    };
    let room = required(present(room_name), "egressInfo.roomName")?;
    Ok(Some(Record { event: "recording_ready", event_at: event_at(body)?, room, details: json!({"url": url}) }))
}

#[cfg(test)]
#[path = "livekit_tests.rs"]
mod tests;
