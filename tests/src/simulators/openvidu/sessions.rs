use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::super::rooms::Event;
use super::super::{now, random};
use super::{NewSession, events};

/// What OpenVidu knows.
#[derive(Default)]
pub(crate) struct OpenVidu {
    sessions: HashMap<String, Session>,
    /// They outlive their sessions.
    recordings: Vec<Recording>,
}

/// Whether media goes through the server.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum MediaMode {
    #[default]
    Routed,
    Relayed,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum RecordingMode {
    #[default]
    Manual,
    Always,
}

/// What a connection may do.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Role {
    Subscriber,
    Publisher,
    Moderator,
}

/// Why a session or a connection has ended.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EndReason {
    Disconnect,
    ForceDisconnectByServer,
    LastParticipantLeft,
    SessionClosedByServer,
}

pub(super) struct Session {
    pub(super) id: String,
    pub(super) created_at: DateTime<Utc>,
    media_mode: MediaMode,
    recording_mode: RecordingMode,
    /// Somebody has come, and the project was told of the session.
    is_active: bool,
    /// Those whose tokens nobody has used.
    pending: Vec<Connection>,
    present: Vec<Connection>,
}

pub(super) struct Connection {
    pub(super) id: String,
    token: String,
    role: Role,
    pub(super) data: String,
    created_at: DateTime<Utc>,
    pub(super) active_at: DateTime<Utc>,
}

pub(super) struct Recording {
    pub(super) id: String,
    pub(super) session_id: String,
    pub(super) unique_session_id: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) name: String,
}

impl OpenVidu {
    /// None when there is one of this name.
    pub(super) fn open(&mut self, wanted: NewSession) -> Option<Value> {
        if self.sessions.contains_key(&wanted.custom_session_id) {
            return None;
        }
        let session = Session {
            id: wanted.custom_session_id,
            created_at: now(),
            media_mode: wanted.media_mode,
            recording_mode: wanted.recording_mode,
            is_active: false,
            pending: Vec::new(),
            present: Vec::new(),
        };
        let answer = session.to_json();
        self.sessions.insert(session.id.clone(), session);
        Some(answer)
    }

    pub(super) fn session(&self, id: &str) -> Option<Value> {
        self.sessions.get(id).map(Session::to_json)
    }

    /// A connection that waits for the browser with its token.
    pub(super) fn admit(&mut self, session_id: &str, role: Role, data: String) -> Option<Value> {
        let session = self.sessions.get_mut(session_id)?;
        let connection = Connection {
            id: format!("con_{}", random::alphanumeric::<10>()),
            token: format!("wss://openvidu.example?sessionId={session_id}&token=tok_{}", random::alphanumeric::<16>()),
            role,
            data,
            created_at: now(),
            active_at: now(),
        };
        let answer = connection.to_json(session_id, "pending");
        session.pending.push(connection);
        Some(answer)
    }

    /// A browser connects. The token does not work again. The connection's id, or why not.
    pub(crate) fn connect(&mut self, token: &str) -> Result<(String, Vec<Event>), String> {
        let url = Url::parse(token).map_err(|error| format!("no token of OpenVidu 2: {error}"))?;
        let (_, session_id) = url.query_pairs().find(|(name, _)| name == "sessionId").ok_or("no sessionId in it")?;
        let session = self.sessions.get_mut(session_id.as_ref()).ok_or("there is no such session")?;
        let pending = session.pending.iter().position(|pending| pending.token == token);
        let mut connection = session.pending.remove(pending.ok_or("the token is not one, or was used")?);
        connection.active_at = now();
        let mut told = Vec::new();
        if !session.is_active {
            session.is_active = true;
            told.push(events::session_created(session));
        }
        told.push(events::participant_joined(session, &connection));
        let id = connection.id.clone();
        session.present.push(connection);
        Ok((id, told))
    }

    /// A browser goes. The last one ends the session. None when nobody has this connection.
    pub(crate) fn leave(&mut self, connection_id: &str) -> Option<Vec<Event>> {
        let is_here = |session: &&Session| session.present.iter().any(|present| present.id == connection_id);
        let session_id = self.sessions.values().find(is_here)?.id.clone();
        self.disconnect(&session_id, connection_id, EndReason::Disconnect)
    }

    /// The status of the refusal when there is no such session, or no such connection in it.
    pub(super) fn remove(&mut self, session_id: &str, connection_id: &str) -> Result<Vec<Event>, u16> {
        let session = self.sessions.get_mut(session_id).ok_or(400_u16)?;
        if let Some(unused) = session.pending.iter().position(|pending| pending.id == connection_id) {
            session.pending.remove(unused);
            return Ok(Vec::new());
        }
        self.disconnect(session_id, connection_id, EndReason::ForceDisconnectByServer).ok_or(404)
    }

    fn disconnect(&mut self, session_id: &str, connection_id: &str, reason: EndReason) -> Option<Vec<Event>> {
        let session = self.sessions.get_mut(session_id)?;
        let index = session.present.iter().position(|present| present.id == connection_id)?;
        let gone = session.present.remove(index);
        let mut told = vec![events::participant_left(session, &gone, reason)];
        if session.present.is_empty() {
            told.extend(self.close(session_id, EndReason::LastParticipantLeft)?);
        }
        Some(told)
    }

    /// Ends a session, with whoever is there and every token. A session to which nobody has ever come ends without a word.
    /// None when it is not there.
    pub(crate) fn close(&mut self, id: &str, reason: EndReason) -> Option<Vec<Event>> {
        let session = self.sessions.remove(id)?;
        let mut told: Vec<Event> =
            session.present.iter().map(|gone| events::participant_left(&session, gone, reason)).collect();
        if session.is_active {
            told.push(events::session_destroyed(&session, reason));
        }
        Some(told)
    }

    /// Records something of a session, from its start to the finished file. None when nobody is there.
    pub(crate) fn record(&mut self, session_id: &str) -> Option<Vec<Event>> {
        let session = self.sessions.get(session_id).filter(|session| !session.present.is_empty())?;
        let earlier = self.recordings.iter().filter(|recording| recording.session_id == session_id).count();
        let id = if earlier == 0 { session_id.to_owned() } else { format!("{session_id}~{earlier}") };
        let recording = Recording {
            name: id.clone(),
            id,
            session_id: session_id.to_owned(),
            unique_session_id: session.unique_id(),
            created_at: now(),
        };
        let told = ["started", "stopped", "ready"].map(|status| events::recording_status_changed(&recording, status));
        self.recordings.push(recording);
        Some(told.into())
    }

    pub(super) fn recording(&self, id: &str) -> Option<Value> {
        self.recordings.iter().find(|recording| recording.id == id).map(Recording::to_json)
    }

    pub(super) fn session_of_recording(&self, id: &str) -> Option<String> {
        let recording = self.recordings.iter().find(|recording| recording.id == id)?;
        Some(recording.session_id.clone())
    }

    /// A session as the tests see it.
    pub(crate) fn room(&self, id: &str) -> Option<Value> {
        let session = self.sessions.get(id)?;
        let seen = |connection: &Connection| json!({"connection": connection.id, "role": connection.role, "data": connection.data});
        Some(json!({
            "room": id,
            "participants": session.present.iter().map(seen).collect::<Vec<Value>>(),
        }))
    }
}

impl Session {
    pub(super) fn unique_id(&self) -> String {
        format!("{}_{}", self.id, self.created_at.timestamp_millis())
    }

    fn to_json(&self) -> Value {
        let connections: Vec<Value> = self.present.iter().map(|present| present.to_json(&self.id, "active")).collect();
        json!({
            "id": self.id,
            "object": "session",
            "sessionId": self.id,
            "createdAt": self.created_at.timestamp_millis(),
            "mediaMode": self.media_mode,
            "recordingMode": self.recording_mode,
            "defaultRecordingProperties": {
                "name": "",
                "hasAudio": true,
                "hasVideo": true,
                "outputMode": "COMPOSED",
                "recordingLayout": "BEST_FIT",
                "resolution": "1280x720",
                "frameRate": 25,
                "shmSize": 536_870_912,
            },
            "customSessionId": self.id,
            "connections": {"numberOfElements": connections.len(), "content": connections},
            "recording": false,
            "broadcasting": false,
            "forcedVideoCodec": "VP8",
            "allowTranscoding": false,
        })
    }
}

impl Connection {
    fn to_json(&self, session_id: &str, status: &str) -> Value {
        let is_active = status == "active";
        json!({
            "id": self.id,
            "object": "connection",
            "status": status,
            "connectionId": self.id,
            "sessionId": session_id,
            "createdAt": self.created_at.timestamp_millis(),
            "type": "WEBRTC",
            "record": true,
            "role": self.role,
            "kurentoOptions": null,
            "customIceServers": [],
            "rtspUri": null,
            "adaptativeBitrate": null,
            "onlyPlayWithSubscribers": null,
            "networkCache": null,
            "serverData": self.data,
            "token": self.token,
            "activeAt": is_active.then(|| self.active_at.timestamp_millis()),
            "location": is_active.then_some("unknown"),
            "ip": is_active.then_some("127.0.0.1"),
            "platform": is_active.then_some("Simulated browser"),
            "clientData": is_active.then_some(""),
            "publishers": is_active.then_some(json!([])),
            "subscribers": is_active.then_some(json!([])),
        })
    }
}

impl Recording {
    fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "recording",
            "name": self.name,
            "outputMode": "COMPOSED",
            "resolution": "1280x720",
            "frameRate": 25,
            "recordingLayout": "BEST_FIT",
            "hasAudio": true,
            "hasVideo": true,
            "sessionId": self.session_id,
            "uniqueSessionId": self.unique_session_id,
            "createdAt": self.created_at.timestamp_millis(),
            "size": 1_048_576,
            "duration": 6.5,
            "url": format!("https://openvidu.example/openvidu/recordings/{}/{}.mp4", self.id, self.name),
            "status": "ready",
        })
    }
}
