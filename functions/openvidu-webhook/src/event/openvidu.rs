//! The reports of OpenVidu 2 (<https://docs.openvidu.io/en/2.30.0/reference-docs/openvidu-server-webhook/>).

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    http::{
        Error,
        json::{self, required},
    },
    validation::lenient::{Whole, moment, present},
};
use uuid::Uuid;

use super::{Record, attendance};

#[derive(Deserialize)]
struct Named {
    event: String,
}

/// What every report has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Basics {
    session_id: Option<String>,
    /// Milliseconds since 1970.
    timestamp: Option<Whole>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Participant {
    connection_id: Option<String>,
    /// What the token was made with.
    server_data: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerData {
    user_id: Uuid,
}

#[derive(Deserialize)]
struct Recording {
    status: Option<String>,
    id: Option<String>,
}

/// Reads a body that carried the secret: 400 when it is not JSON, 422 naming what is missing or unreadable in an event that
/// matters. Nothing for any other event.
pub(crate) fn parse(body: &[u8]) -> Result<Option<Record>, Error> {
    let Named { event } = json::parse(body)?;
    Ok(Some(match event.as_str() {
        "sessionCreated" => record("room_started", body, at(body)?, json!({}))?,
        "sessionDestroyed" => record("room_gone", body, at(body)?, json!({}))?,
        "participantJoined" => participant("participant_joined", body)?,
        "participantLeft" => participant("participant_left", body)?,
        "recordingStatusChanged" => match json::parse(body)? {
            Recording { status: Some(status), id } if status == "ready" => {
                record("recording_ready", body, at(body)?, json!({"recording_id": required(present(id), "id")?}))?
            }
            _ => return Ok(None),
        },
        _ => return Ok(None),
    }))
}

fn record(event: &'static str, body: &[u8], event_at: DateTime<Utc>, details: Value) -> Result<Record, Error> {
    let Basics { session_id, .. } = json::parse(body)?;
    Ok(Record { event, event_at, room: required(present(session_id), "sessionId")?, details })
}

fn at(body: &[u8]) -> Result<DateTime<Utc>, Error> {
    let Basics { timestamp, .. } = json::parse(body)?;
    timestamp
        .and_then(|Whole(milliseconds)| moment(milliseconds))
        .ok_or_else(|| Error::invalid("timestamp", "must be a number of milliseconds since 1970"))
}

fn participant(event: &'static str, body: &[u8]) -> Result<Record, Error> {
    let Participant { connection_id, server_data } = json::parse(body)?;
    record(event, body, at(body)?, attendance(connection_id, "connectionId", user_id(server_data))?)
}

/// The user in what the token was made with. Somebody whose token was not made here has none.
fn user_id(server_data: Option<Value>) -> Option<Uuid> {
    let data: ServerData = serde_json::from_str(server_data?.as_str()?).ok()?;
    Some(data.user_id)
}

#[cfg(test)]
#[path = "openvidu_tests.rs"]
mod tests;
