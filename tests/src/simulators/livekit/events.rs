//! The webhooks of LiveKit.

use chrono::Duration;
use serde_json::{Value, json};

use super::super::rooms::Event;
use super::super::{now, random};
use super::protojson::{in_webhook, int64};
use super::rooms::{Participant, Room};

pub(super) fn room_started(room: &Room) -> Event {
    event("room_started", room, json!({"room": room.to_json()}))
}

pub(super) fn room_finished(room: &Room) -> Event {
    event("room_finished", room, json!({"room": room.to_json()}))
}

pub(super) fn participant_joined(room: &Room, participant: &Participant) -> Event {
    let told = json!({"room": room.to_json(), "participant": participant.to_json("ACTIVE")});
    event("participant_joined", room, told)
}

pub(super) fn participant_left(room: &Room, participant: &Participant, reason: &str) -> Event {
    let mut participant = participant.to_json("DISCONNECTED");
    participant["disconnectReason"] = json!(reason);
    event("participant_left", room, json!({"room": room.to_json(), "participant": participant}))
}

/// A recording that starts, runs and ends with a file. Its times are in nanoseconds.
pub(super) fn egress(room: &Room, egress_id: &str) -> Vec<Event> {
    let (started, ended) = (now(), now() + Duration::milliseconds(6500));
    let nanoseconds = |time: chrono::DateTime<chrono::Utc>| int64(time.timestamp_nanos_opt().unwrap_or_default());
    let filename = format!("{}/{egress_id}.mp4", room.name);
    let file = json!({
        "filename": filename,
        "startedAt": nanoseconds(started),
        "endedAt": nanoseconds(ended),
        "duration": int64(6_500_000_000),
        "size": int64(1_048_576),
        "location": format!("https://recordings.example/{filename}"),
    });
    let info = |status: Value, ended_at: Value, files: Value| {
        json!({
            "egressId": egress_id,
            "roomId": room.sid,
            "roomName": room.name,
            "status": status,
            "startedAt": nanoseconds(started),
            "endedAt": ended_at,
            "updatedAt": nanoseconds(started),
            "roomComposite": {"roomName": room.name, "layout": "grid", "fileOutputs": [{"filepath": filename}]},
            "fileResults": files,
        })
    };
    // Starting is zero, which is not told.
    let told = [
        ("egress_started", info(Value::Null, Value::Null, json!([]))),
        ("egress_updated", info(json!("EGRESS_ACTIVE"), Value::Null, json!([]))),
        ("egress_ended", info(json!("EGRESS_COMPLETE"), nanoseconds(ended), json!([file]))),
    ];
    told.map(|(name, info)| event(name, room, json!({"egressInfo": info}))).into()
}

fn event(name: &str, room: &Room, mut message: Value) -> Event {
    message["event"] = json!(name);
    message["id"] = json!(format!("EV_{}", random::alphanumeric::<12>()));
    message["createdAt"] = int64(now().timestamp());
    Event { room: room.name.clone(), body: in_webhook(message) }
}
