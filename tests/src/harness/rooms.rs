//! What happens in the rooms of OpenVidu, whichever version the stack has, and the webhooks that tell of it.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Call, Request, RoomFault, RoomOperation, Stack, Version};
use crate::simulators::rooms::livekit_signature;

/// A webhook, and what the functions answered.
#[derive(Clone, Debug, Deserialize)]
pub struct RoomEvent {
    /// What was sent, to the letter.
    pub webhook: String,
    /// What showed that the room's server sent it.
    pub authorization: String,
    /// As it was sent.
    pub content_type: String,
    /// The HTTP status, if it was sent and answered.
    pub status: Option<u16>,
    /// The body of the answer.
    #[serde(default)]
    pub body: Value,
}

/// What came of something that happened in a room.
#[derive(Clone, Debug, Deserialize)]
pub struct RoomNews {
    /// Whose doing it was, when somebody has joined.
    #[serde(default)]
    pub connection: String,
    /// The webhooks, in order.
    pub events: Vec<RoomEvent>,
}

impl RoomEvent {
    /// What was sent.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.webhook).unwrap()
    }

    /// What kind of event it is.
    pub fn name(&self) -> String {
        self.json()["event"].as_str().unwrap().to_owned()
    }
}

impl RoomNews {
    /// The webhook of that kind.
    #[track_caller]
    pub fn event(&self, name: &str) -> &RoomEvent {
        let found = self.events.iter().find(|event| event.name() == name);
        found.unwrap_or_else(|| panic!("no {name} among {:?}", self.events))
    }

    /// Asserts that the functions received every webhook.
    #[track_caller]
    pub fn received(&self) {
        for event in &self.events {
            assert_eq!((event.status, &event.body), (Some(200), &json!({"received": true})), "{event:?}");
        }
    }
}

impl Stack {
    /// Which OpenVidu the functions use.
    pub fn openvidu_version(&self) -> Version {
        let version: u8 = self.variable("OPENVIDU_VERSION").parse().unwrap();
        version.try_into().unwrap()
    }

    /// A browser connects with the token. The functions are told.
    pub async fn join_room(&self, token: &str) -> RoomNews {
        self.in_room("join", json!({"token": token})).await
    }

    /// The same, for a token that may not work: 403 then.
    pub async fn try_to_join_room(&self, token: &str) -> Answer {
        self.request(Method::POST, self.control("rooms/join")).json(&json!({"token": token})).send().await
    }

    /// A browser goes. From OpenVidu 2 the session goes with the last one, in LiveKit the room stays.
    pub async fn leave_room(&self, connection: &str) -> RoomNews {
        self.in_room("leave", json!({"connection": connection})).await
    }

    /// The server closes the room: by its timeout, or by hand.
    pub async fn finish_room(&self, room: &str) -> RoomNews {
        self.in_room("finish", json!({"room": room})).await
    }

    /// Somebody records the room for a while.
    pub async fn record_room(&self, room: &str) -> RoomNews {
        self.in_room("record", json!({"room": room})).await
    }

    /// `join`, `leave`, `finish` or `record`. With `"deliver": false` the functions are not told: the webhooks are there to be
    /// sent by [`Stack::tell_again`].
    pub async fn in_room(&self, what: &str, details: Value) -> RoomNews {
        self.tell(&format!("rooms/{what}"), &details).await
    }

    /// The room and who is in it, if it is open.
    pub async fn room(&self, room: &str) -> Option<Value> {
        self.ask(&format!("rooms?room={room}")).await
    }

    /// The next `times` such calls about the room go wrong.
    pub async fn room_fault(&self, room: &str, operation: RoomOperation, fault: RoomFault, times: u32) {
        let planned = json!({"room": room, "operation": operation, "fault": fault, "times": times});
        self.tell::<Value>("rooms/faults", &planned).await;
    }

    /// The calls about the room, in order of arrival.
    pub async fn room_calls(&self, room: &str) -> Vec<Call> {
        self.ask(&format!("calls?room={room}")).await
    }

    /// Every webhook of the room that was sent, also those that the functions' own calls caused, which come a moment later.
    pub async fn room_events(&self, room: &str) -> Vec<RoomEvent> {
        self.ask(&format!("rooms/events?room={room}")).await
    }

    /// The very same webhook once more.
    pub fn tell_again(&self, event: &RoomEvent) -> Request {
        self.function("openvidu-webhook")
            .without("apikey")
            .header("authorization", &event.authorization)
            .body(&event.content_type, event.webhook.clone())
    }

    /// A webhook of one's own, as the stack's version of OpenVidu would send it now.
    pub fn room_webhook(&self, body: impl Into<Vec<u8>>) -> Request {
        let (version, body) = (self.openvidu_version(), body.into());
        let authorization = match version {
            Version::V2 => format!("Bearer {}", self.variable("OPENVIDU_WEBHOOK_SECRET")),
            Version::V3 => {
                livekit_signature(self.variable("LIVEKIT_API_KEY"), self.variable("LIVEKIT_API_SECRET"), &body)
            }
        };
        self.function("openvidu-webhook")
            .without("apikey")
            .header("authorization", &authorization)
            .body(version.webhook_content_type(), body)
    }
}
