//! OpenVidu 2, by its REST API (<https://docs.openvidu.io/en/2.30.0/reference-docs/REST-API/>). A room is a session there.

mod webhook;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::FutureExt as _;
use http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::rooms::{self, Admission, Asked, Person, Recording, Role, Rooms, RoomsError};
use crate::{config::OpenViduConfig, context::Context, http::upstream::Answer};

pub use webhook::verify_report;

/// OpenVidu 2 as the server of rooms.
pub(super) struct OpenVidu<'a> {
    pub(super) context: &'a Context,
    pub(super) config: OpenViduConfig,
}

/// A connection. Its token works once.
#[derive(Deserialize)]
struct Connection {
    token: String,
}

#[derive(Deserialize)]
struct RecordingState {
    status: String,
    url: Option<String>,
}

/// All that is not an id's own.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

impl Rooms for OpenVidu<'_> {
    fn open<'a>(&'a self, room: &'a str) -> Asked<'a, ()> {
        self.open_session(room).boxed_local()
    }

    /// Needs one call when the session is there. When it is not, it is opened first.
    fn admit<'a>(&'a self, room: &'a str, person: &'a Person) -> Asked<'a, Admission> {
        async move {
            let mut answer = self.connect(room, person).await?;
            if answer.status == StatusCode::NOT_FOUND {
                self.open_session(room).await?;
                answer = self.connect(room, person).await?;
            }
            let Connection { token } = rooms::read(&succeeded(answer)?)?;
            Ok(Admission { token, url: None })
        }
        .boxed_local()
    }

    fn close<'a>(&'a self, room: &'a str) -> Asked<'a, ()> {
        async move {
            let answer = self.call(Method::DELETE, &path("/sessions/", room), None).await?;
            if answer.status == StatusCode::NOT_FOUND { Ok(()) } else { succeeded(answer).map(drop) }
        }
        .boxed_local()
    }

    fn recording<'a>(&'a self, id: &'a str) -> Asked<'a, Recording> {
        async move {
            // Dots alone lead elsewhere, however they are encoded.
            if id.starts_with('.') {
                return Ok(Recording::Nowhere);
            }
            let answer = self.call(Method::GET, &path("/recordings/", id), None).await?;
            if answer.status == StatusCode::NOT_FOUND {
                return Ok(Recording::Nowhere);
            }
            Ok(match rooms::read(&succeeded(answer)?)? {
                RecordingState { status, .. } if status == "failed" => Recording::Nowhere,
                RecordingState { status, url: Some(url) } if status == "ready" => {
                    rooms::web_url(&url).map_or(Recording::Nowhere, Recording::Ready)
                }
                _ => Recording::NotYet,
            })
        }
        .boxed_local()
    }
}

impl OpenVidu<'_> {
    /// A session that exists answers 409, and is usable as it is.
    async fn open_session(&self, room: &str) -> Result<(), RoomsError> {
        let session = json!({"customSessionId": room, "mediaMode": "ROUTED", "recordingMode": "MANUAL"});
        let answer = self.call(Method::POST, "/sessions", Some(session)).await?;
        if answer.status == StatusCode::CONFLICT { Ok(()) } else { succeeded(answer).map(drop) }
    }

    async fn connect(&self, room: &str, person: &Person) -> Result<Answer, RoomsError> {
        let mut data = json!({"userId": person.user_id, "role": person.role});
        if let Some(name) = &person.name {
            data["name"] = json!(name);
        }
        let role = match person.role {
            Role::Operator => "MODERATOR",
            Role::Client => "PUBLISHER",
        };
        let connection = json!({"type": "WEBRTC", "role": role, "data": data.to_string()});
        self.call(Method::POST, &format!("{}/connection", path("/sessions/", room)), Some(connection)).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Answer, RoomsError> {
        let OpenViduConfig { url, secret, .. } = &self.config;
        let user = BASE64_STANDARD.encode(format!("OPENVIDUAPP:{}", secret.expose()));
        rooms::call(self.context, method, format!("{url}/openvidu/api{path}"), format!("Basic {user}"), body).await
    }
}

/// Encoded, so that no id leads elsewhere.
fn path(collection: &str, id: &str) -> String {
    format!("{collection}{}", utf8_percent_encode(id, ENCODED))
}

fn succeeded(answer: Answer) -> Result<Answer, RoomsError> {
    if answer.status.is_success() { Ok(answer) } else { Err(RoomsError::Refused(answer.status)) }
}

#[cfg(test)]
mod tests;
