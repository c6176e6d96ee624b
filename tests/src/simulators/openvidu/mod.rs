//! The simulator of OpenVidu 2.30: sessions, connections whose tokens work once, recordings, and webhooks. It refuses
//! whatever OpenVidu might not accept or would quietly ignore.
#![expect(clippy::result_large_err, reason = "a refusal is an answer like any other")]

mod answers;
mod events;
mod sessions;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Settings;
use super::recording::media_type;
use super::rooms::{Event, RoomOperation, RoomRequest};

use answers::Answer;
pub(crate) use sessions::{EndReason, OpenVidu};
use sessions::{MediaMode, RecordingMode, Role};

const API: &str = "/openvidu/openvidu/api/";

/// The body of `POST /sessions`, as far as the project may use it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewSession {
    /// Left out, it would be a session that nobody can find again.
    custom_session_id: String,
    #[serde(default)]
    media_mode: MediaMode,
    #[serde(default)]
    recording_mode: RecordingMode,
}

/// The body of `POST /sessions/{id}/connection`, as far as the project may use it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConnection {
    r#type: ConnectionType,
    role: Role,
    #[serde(default)]
    data: String,
}

#[derive(Deserialize)]
enum ConnectionType {
    #[serde(rename = "WEBRTC")]
    WebRtc,
}

/// What a request is about.
pub(crate) fn read(openvidu: &OpenVidu, parts: Parts, body: Bytes) -> RoomRequest {
    let segments = segments(&parts);
    let known = match (parts.method.as_str(), segments.as_slice()) {
        ("POST", ["sessions"]) => {
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            Some((RoomOperation::Open, body["customSessionId"].as_str().map(str::to_owned)))
        }
        ("GET", ["sessions", id]) => Some((RoomOperation::Look, Some((*id).to_owned()))),
        ("DELETE", ["sessions", id]) => Some((RoomOperation::Close, Some((*id).to_owned()))),
        ("POST", ["sessions", id, "connection"]) => Some((RoomOperation::Admit, Some((*id).to_owned()))),
        ("DELETE", ["sessions", id, "connection", _]) => Some((RoomOperation::Remove, Some((*id).to_owned()))),
        ("GET", ["recordings", id]) => Some((RoomOperation::GetRecording, openvidu.session_of_recording(id))),
        _ => None,
    };
    let (operation, room) = known.map_or((None, None), |(operation, room)| (Some(operation), room));
    RoomRequest { operation, room, parts, body }
}

pub(crate) fn perform(
    settings: &Settings,
    openvidu: &mut OpenVidu,
    request: &RoomRequest,
    events: &mut Vec<Event>,
) -> Result<Answer, Answer> {
    let path = request.parts.uri.path();
    let path = path.strip_prefix("/openvidu").unwrap_or(path);
    authorize(settings, &request.parts).ok_or_else(|| answers::unauthorized(path))?;
    if request.parts.uri.query().is_some() {
        return Err(answers::error(400, path, "no parameters are known here"));
    }
    let segments = segments(&request.parts);
    let Some(operation) = request.operation else { return Err(answers::error(404, path, "No message available")) };
    if !matches!(operation, RoomOperation::Open | RoomOperation::Admit) && !request.body.is_empty() {
        return Err(answers::error(400, path, "no body is known here"));
    }
    match operation {
        RoomOperation::Open => {
            let wanted: NewSession = json(request, path)?;
            if !is_session_id(&wanted.custom_session_id) {
                let message = "Parameter 'customSessionId' is wrong. Must be an alphanumeric string [a-zA-Z0-9_-]";
                return Err(answers::error(400, path, message));
            }
            Ok(openvidu.open(wanted).map_or_else(|| answers::nothing(409), |session| answers::json(&session)))
        }
        RoomOperation::Look => found(openvidu.session(segments[1])),
        RoomOperation::Admit => {
            // OpenVidu looks for the session before it reads the body, and the body is wrong all the same.
            let wanted: NewConnection = json(request, path)?;
            let ConnectionType::WebRtc = wanted.r#type;
            found(openvidu.admit(segments[1], wanted.role, wanted.data))
        }
        RoomOperation::Remove => {
            events.extend(openvidu.remove(segments[1], segments[3]).map_err(answers::nothing)?);
            Ok(answers::nothing(204))
        }
        RoomOperation::Close => {
            let closed = openvidu.close(segments[1], EndReason::SessionClosedByServer);
            events.extend(closed.ok_or_else(|| answers::nothing(404))?);
            Ok(answers::nothing(204))
        }
        RoomOperation::GetRecording => found(openvidu.recording(segments[1])),
    }
}

/// The secret is OpenVidu's password; the name is always the same.
fn authorize(settings: &Settings, parts: &Parts) -> Option<()> {
    let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("OPENVIDUAPP:{}", settings.openvidu_secret)));
    (parts.headers.get(AUTHORIZATION)?.as_bytes() == expected.as_bytes()).then_some(())
}

fn segments(parts: &Parts) -> Vec<&str> {
    parts.uri.path().strip_prefix(API).map(|path| path.split('/').collect()).unwrap_or_default()
}

fn json<T: DeserializeOwned>(request: &RoomRequest, path: &str) -> Result<T, Answer> {
    if media_type(&request.parts.headers) != Some("application/json") {
        return Err(answers::error(415, path, "Content type is not supported"));
    }
    serde_json::from_slice(&request.body).map_err(|error| answers::error(400, path, &error.to_string()))
}

fn found(found: Option<Value>) -> Result<Answer, Answer> {
    found.map(|found| answers::json(&found)).ok_or_else(|| answers::nothing(404))
}

fn is_session_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}
