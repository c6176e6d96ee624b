use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::rooms::Event;
use super::super::{Settings, now, random};
use super::protojson::{in_answer, int64};
use super::token::{Claims, RoomConfig};
use super::{Grants, events};

/// LiveKit's own, for a room that is opened without them, in seconds.
const EMPTY_TIMEOUT: u32 = 300;
const DEPARTURE_TIMEOUT: u32 = 20;

/// What LiveKit knows.
#[derive(Default)]
pub(crate) struct LiveKit {
    rooms: HashMap<String, Room>,
}

pub(super) struct Room {
    pub(super) sid: String,
    pub(super) name: String,
    empty_timeout: u32,
    departure_timeout: u32,
    created_at: DateTime<Utc>,
    participants: Vec<Participant>,
}

pub(super) struct Participant {
    pub(super) sid: String,
    identity: String,
    name: String,
    metadata: String,
    grants: Grants,
    joined_at: DateTime<Utc>,
}

impl LiveKit {
    /// The room, and what there is to tell if it is a new one.
    pub(super) fn open(&mut self, name: &str, config: &RoomConfig) -> (Value, Option<Event>) {
        let is_new = !self.rooms.contains_key(name);
        let room = self.rooms.entry(name.to_owned()).or_insert_with(|| Room {
            sid: format!("RM_{}", random::alphanumeric::<12>()),
            name: name.to_owned(),
            empty_timeout: EMPTY_TIMEOUT,
            departure_timeout: DEPARTURE_TIMEOUT,
            created_at: now(),
            participants: Vec::new(),
        });
        room.configure(config);
        (in_answer(room.to_json()), is_new.then(|| events::room_started(room)))
    }

    /// None when it is not there.
    pub(super) fn delete(&mut self, name: &str) -> Option<Vec<Event>> {
        self.end(name, "ROOM_DELETED")
    }

    /// Its timeout runs out, for whoever is still there too. None when it is not there.
    pub(crate) fn finish(&mut self, name: &str) -> Option<Vec<Event>> {
        self.end(name, "ROOM_CLOSED")
    }

    fn end(&mut self, name: &str, reason: &str) -> Option<Vec<Event>> {
        let mut room = self.rooms.remove(name)?;
        let mut told = Vec::new();
        while !room.participants.is_empty() {
            told.push(room.part(0, reason));
        }
        told.push(events::room_finished(&room));
        Some(told)
    }

    /// Of a room that is not there, nobody.
    pub(super) fn participants(&self, name: &str) -> Vec<Value> {
        let all = self.rooms.get(name).map(|room| room.participants.as_slice()).unwrap_or_default();
        all.iter().map(|participant| in_answer(participant.to_json("ACTIVE"))).collect()
    }

    /// None when there is nobody of this identity.
    pub(super) fn remove(&mut self, name: &str, identity: &str) -> Option<Vec<Event>> {
        let room = self.rooms.get_mut(name)?;
        Some(vec![room.part(room.place_of(identity)?, "PARTICIPANT_REMOVED")])
    }

    /// A browser connects: the room is made if it is absent, and the same identity from before has to go. The connection's
    /// id, or why not.
    pub(crate) fn connect(&mut self, settings: &Settings, token: &str) -> Result<(String, Vec<Event>), String> {
        let claims = Claims::verified(settings, token)?;
        let name = claims.video.room.clone();
        if !claims.video.room_join || name.is_empty() {
            return Err("permissions denied".to_owned());
        }
        if claims.sub.is_empty() {
            return Err("identity cannot be empty".to_owned());
        }
        let mut told = Vec::new();
        if !self.rooms.contains_key(&name) {
            told.extend(self.open(&name, &claims.room_config).1);
        }
        let room = self.rooms.get_mut(&name).ok_or("the room was not made")?;
        if let Some(before) = room.place_of(&claims.sub) {
            told.push(room.part(before, "DUPLICATE_IDENTITY"));
        }
        let participant = Participant {
            sid: format!("PA_{}", random::alphanumeric::<12>()),
            identity: claims.sub,
            name: claims.name,
            metadata: claims.metadata,
            grants: claims.video,
            joined_at: now(),
        };
        let sid = participant.sid.clone();
        room.participants.push(participant);
        told.extend(room.participants.last().map(|joined| events::participant_joined(room, joined)));
        Ok((sid, told))
    }

    /// A browser goes, and the room stays. None when nobody has this connection.
    pub(crate) fn leave(&mut self, sid: &str) -> Option<Vec<Event>> {
        self.rooms.values_mut().find_map(|room| {
            let place = room.participants.iter().position(|participant| participant.sid == sid)?;
            Some(vec![room.part(place, "CLIENT_INITIATED")])
        })
    }

    /// Records something of a room, from its start to the finished file. None when the room is not there.
    pub(crate) fn record(&mut self, name: &str) -> Option<Vec<Event>> {
        let egress_id = format!("EG_{}", random::alphanumeric::<12>());
        Some(events::egress(self.rooms.get(name)?, &egress_id))
    }

    /// A room as the tests see it.
    pub(crate) fn room(&self, name: &str) -> Option<Value> {
        let room = self.rooms.get(name)?;
        let seen = |participant: &Participant| {
            json!({
                "connection": participant.sid,
                "role": participant.grants,
            })
        };
        Some(json!({
            "room": name,
            "participants": room.participants.iter().map(seen).collect::<Vec<Value>>(),
            "empty_timeout": room.empty_timeout,
            "departure_timeout": room.departure_timeout,
        }))
    }
}

impl Room {
    fn configure(&mut self, config: &RoomConfig) {
        let given = |new: u32, old: u32| if new == 0 { old } else { new };
        self.empty_timeout = given(config.empty_timeout, self.empty_timeout);
        self.departure_timeout = given(config.departure_timeout, self.departure_timeout);
    }

    fn place_of(&self, identity: &str) -> Option<usize> {
        self.participants.iter().position(|participant| participant.identity == identity)
    }

    fn part(&mut self, place: usize, reason: &str) -> Event {
        let gone = self.participants.remove(place);
        events::participant_left(self, &gone, reason)
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "sid": self.sid,
            "name": self.name,
            "emptyTimeout": self.empty_timeout,
            "departureTimeout": self.departure_timeout,
            "maxParticipants": 0,
            "creationTime": int64(self.created_at.timestamp()),
            "creationTimeMs": int64(self.created_at.timestamp_millis()),
            "turnPassword": "",
            "enabledCodecs": [{"mime": "audio/opus", "fmtpLine": ""}, {"mime": "video/VP8", "fmtpLine": ""}],
            "metadata": "",
            "numParticipants": self.participants.len(),
            "numPublishers": 0,
            "activeRecording": false,
            "version": null,
        })
    }
}

impl Participant {
    pub(super) fn to_json(&self, state: &str) -> Value {
        let grants = &self.grants;
        json!({
            "sid": self.sid,
            "identity": self.identity,
            "state": state,
            "tracks": [],
            "metadata": self.metadata,
            "joinedAt": int64(self.joined_at.timestamp()),
            "joinedAtMs": int64(self.joined_at.timestamp_millis()),
            "name": self.name,
            "version": 2,
            "permission": {
                "canSubscribe": grants.can_subscribe.unwrap_or(true),
                "canPublish": grants.can_publish.unwrap_or(true),
                "canPublishData": grants.can_publish_data.unwrap_or(true),
                "canPublishSources": grants.can_publish_sources,
                "hidden": grants.hidden,
                "recorder": false,
                "canUpdateMetadata": grants.can_update_own_metadata.unwrap_or(false),
                "agent": false,
            },
            "region": "",
            "isPublisher": false,
            // Zero, which is not told.
            "kind": null,
            "attributes": {},
            "disconnectReason": null,
        })
    }
}
