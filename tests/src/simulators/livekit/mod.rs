//! The simulator of LiveKit, which OpenVidu 3 is: rooms, participants whose tokens the project signs, and webhooks. It refuses
//! whatever LiveKit might not accept or would quietly ignore.
#![expect(clippy::result_large_err, reason = "a refusal is an answer like any other")]

mod answers;
mod events;
mod protojson;
mod rooms;
mod token;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Settings;
use super::recording::media_type;
use super::rooms::{Event, RoomOperation, RoomRequest};

use answers::{Answer, Code};
pub(crate) use rooms::LiveKit;
use token::{Claims, Grants, RoomConfig};

const SERVICE: &str = "/livekit/twirp/livekit.RoomService/";

/// The body of `CreateRoom`, as far as the project may use it. Both casings are right in a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateRoom {
    name: String,
    #[serde(default, alias = "emptyTimeout")]
    empty_timeout: u32,
    #[serde(default, alias = "departureTimeout")]
    departure_timeout: u32,
}

/// The body of `DeleteRoom` and `ListParticipants`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoomName {
    room: String,
}

/// The body of `RemoveParticipant`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParticipantName {
    room: String,
    identity: String,
}

/// What a request is about.
pub(crate) fn read(parts: Parts, body: Bytes) -> RoomRequest {
    let known = match parts.uri.path().strip_prefix(SERVICE) {
        Some("CreateRoom") => Some((RoomOperation::Open, "name")),
        Some("DeleteRoom") => Some((RoomOperation::Close, "room")),
        Some("ListParticipants") => Some((RoomOperation::Look, "room")),
        Some("RemoveParticipant") => Some((RoomOperation::Remove, "room")),
        _ => None,
    };
    let room = known.and_then(|(_, field)| {
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        body[field].as_str().map(str::to_owned)
    });
    RoomRequest { operation: known.map(|(operation, _)| operation), room, parts, body }
}

pub(crate) fn perform(
    settings: &Settings,
    livekit: &mut LiveKit,
    request: &RoomRequest,
    events: &mut Vec<Event>,
) -> Result<Answer, Answer> {
    let grants = grants(settings, &request.parts)?;
    let Some(operation) = request.operation.filter(|_| request.parts.method == http::Method::POST) else {
        let route = format!("no handler for path {:?}", request.parts.uri.path());
        return Err(answers::refusal(Code::BadRoute, &route));
    };
    match operation {
        RoomOperation::Open => {
            let CreateRoom { name, empty_timeout, departure_timeout } = json(request)?;
            allowed(grants.room_create)?;
            if name.is_empty() {
                return Err(answers::refusal(Code::InvalidArgument, "no room name"));
            }
            let (room, started) = livekit.open(&name, &RoomConfig { empty_timeout, departure_timeout });
            events.extend(started);
            Ok(answers::json(&room))
        }
        RoomOperation::Close => {
            let RoomName { room } = json(request)?;
            allowed(grants.room_create)?;
            let missing = || answers::refusal(Code::NotFound, "requested room does not exist");
            events.extend(livekit.delete(&room).ok_or_else(missing)?);
            Ok(answers::json(&json!({})))
        }
        RoomOperation::Look => {
            let RoomName { room } = json(request)?;
            allowed(grants.room_admin && grants.room == room)?;
            Ok(answers::json(&json!({"participants": livekit.participants(&room)})))
        }
        RoomOperation::Remove => {
            let ParticipantName { room, identity } = json(request)?;
            allowed(grants.room_admin && grants.room == room)?;
            let missing = || answers::refusal(Code::NotFound, "participant not found");
            events.extend(livekit.remove(&room, &identity).ok_or_else(missing)?);
            Ok(answers::json(&json!({})))
        }
        RoomOperation::Admit | RoomOperation::GetRecording => unreachable!("LiveKit has no such call"),
    }
}

/// None at all without a token: LiveKit finds that out when a grant is needed.
fn grants(settings: &Settings, parts: &Parts) -> Result<Grants, Answer> {
    let Some(authorization) = parts.headers.get(AUTHORIZATION) else { return Ok(Grants::default()) };
    let token = authorization.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
    let token =
        token.ok_or_else(|| answers::unauthorized("invalid authorization header. Must start with Bearer ".into()))?;
    Ok(Claims::verified(settings, token).map_err(answers::unauthorized)?.video)
}

fn allowed(allowed: bool) -> Result<(), Answer> {
    if allowed { Ok(()) } else { Err(answers::refusal(Code::Unauthenticated, "permissions denied")) }
}

fn json<T: DeserializeOwned>(request: &RoomRequest) -> Result<T, Answer> {
    if media_type(&request.parts.headers) != Some("application/json") {
        return Err(answers::refusal(Code::BadRoute, "unexpected Content-Type"));
    }
    serde_json::from_slice(&request.body)
        .map_err(|error| answers::refusal(Code::Malformed, &format!("the json request could not be decoded: {error}")))
}
