//! The webhooks of OpenVidu 2.30. Times are in milliseconds, durations in seconds.

use serde_json::{Value, json};

use super::super::now;
use super::super::rooms::Event;
use super::sessions::{Connection, EndReason, Recording, Session};

/// When the first one comes. The session itself is as old as the call that opened it.
pub(super) fn session_created(session: &Session) -> Event {
    event(session, json!({"event": "sessionCreated", "timestamp": session.created_at.timestamp_millis()}))
}

pub(super) fn session_destroyed(session: &Session, reason: EndReason) -> Event {
    let (now, start) = (now(), session.created_at);
    let body = json!({
        "event": "sessionDestroyed",
        "timestamp": now.timestamp_millis(),
        "startTime": start.timestamp_millis(),
        "duration": (now - start).num_seconds(),
        "reason": reason,
    });
    event(session, body)
}

pub(super) fn participant_joined(session: &Session, connection: &Connection) -> Event {
    let joined = json!({"event": "participantJoined", "timestamp": connection.active_at.timestamp_millis()});
    participant(session, connection, joined)
}

pub(super) fn participant_left(session: &Session, connection: &Connection, reason: EndReason) -> Event {
    let (now, start) = (now(), connection.active_at);
    let left = json!({
        "event": "participantLeft",
        "timestamp": now.timestamp_millis(),
        "startTime": start.timestamp_millis(),
        "duration": (now - start).num_seconds(),
        "reason": reason,
    });
    participant(session, connection, left)
}

/// `started`, `stopped`, and when the file is written, `ready`.
pub(super) fn recording_status_changed(recording: &Recording, status: &str) -> Event {
    let is_over = status != "started";
    let mut body = json!({
        "event": "recordingStatusChanged",
        "sessionId": recording.session_id,
        "uniqueSessionId": recording.unique_session_id,
        "timestamp": now().timestamp_millis(),
        "startTime": recording.created_at.timestamp_millis(),
        "duration": if is_over { 6.5 } else { 0.0 },
        "id": recording.id,
        "name": recording.name,
        "outputMode": "COMPOSED",
        "resolution": "1280x720",
        "frameRate": 25,
        "recordingLayout": "BEST_FIT",
        "hasAudio": true,
        "hasVideo": true,
        "size": if is_over { 1_048_576 } else { 0 },
        "status": status,
    });
    if is_over {
        body["reason"] = json!("recordingStoppedByServer");
    }
    Event { room: recording.session_id.clone(), body }
}

fn participant(session: &Session, connection: &Connection, mut body: Value) -> Event {
    let more = json!({
        "participantId": connection.id,
        "connectionId": connection.id,
        "location": "unknown",
        "ip": "127.0.0.1",
        "platform": "Simulated browser",
        "clientData": "",
        "serverData": connection.data,
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event(session, body)
}

fn event(session: &Session, mut body: Value) -> Event {
    body["sessionId"] = json!(session.id);
    body["uniqueSessionId"] = json!(session.unique_id());
    Event { room: session.id.clone(), body }
}
