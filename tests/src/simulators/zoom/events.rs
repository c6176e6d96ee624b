//! What happens at Zoom's side without the project having asked for it, and the webhooks that tell of it.

use chrono::{DateTime, SecondsFormat, Utc};
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::webhook::{self, Reply};
use super::super::{Settings, now, random};
use super::Zoom;
use super::accounts::Accounts;
use super::meetings::MeetingState;
use crate::tokens::hmac_sha256_hex;

/// How long Zoom waits for an answer to a webhook.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);

/// Something that a person does at Zoom.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Event {
    /// The host starts the meeting.
    Start { meeting_id: u64 },
    /// The host ends it.
    End { meeting_id: u64 },
    /// The host deletes it.
    Delete { meeting_id: u64 },
    /// The host changes it.
    Change { meeting_id: u64, start_time: Option<DateTime<Utc>>, duration: Option<u32>, topic: Option<String> },
    /// Somebody comes in. The same `participant` is the same person.
    Join { meeting_id: u64, participant: String },
    /// And goes.
    Leave { meeting_id: u64, participant: String },
    /// The user removes the app.
    Deauthorize { zoom_user_id: String },
}

/// What the project answered to the webhook.
#[derive(Serialize)]
pub(crate) struct Told {
    #[serde(flatten)]
    reply: Reply,
    /// What it was told.
    webhook: Value,
}

impl Event {
    /// Changes Zoom's state. The webhook's name and payload, or what is wrong.
    pub(crate) fn happen(&self, settings: &Settings, accounts: &mut Accounts) -> Result<(&'static str, Value), String> {
        if let Self::Deauthorize { zoom_user_id } = self {
            accounts.revoke(zoom_user_id);
            let user = accounts.user(zoom_user_id).ok_or_else(|| format!("{zoom_user_id} is no Zoom user"))?;
            let payload = json!({
                "account_id": user.account_id,
                "user_id": user.id,
                "signature": random::url_safe::<32>(),
                "deauthorization_time": text(now()),
                "client_id": settings.zoom_client_id,
            });
            return Ok(("app_deauthorized", payload));
        }
        let id = self.meeting_id();
        let (user, index) = accounts.meeting(id).ok_or_else(|| format!("there is no meeting {id}"))?;
        let meeting = &mut user.meetings[index];
        let mut old = Value::Null;
        // The id is a text in some events and a number in others.
        let mut object = meeting.to_json_in_event(matches!(self, Self::Change { .. } | Self::Delete { .. }));
        let name = match self {
            Self::Start { .. } => {
                meeting.state = MeetingState::Started;
                object["start_time"] = json!(text(now()));
                "meeting.started"
            }
            Self::End { .. } => {
                meeting.state = MeetingState::Ended;
                object["end_time"] = json!(text(now()));
                "meeting.ended"
            }
            Self::Delete { .. } => {
                user.meetings.remove(index);
                "meeting.deleted"
            }
            Self::Change { start_time, duration, topic, .. } => {
                old.clone_from(&object);
                meeting.change_at_zoom(*start_time, *duration, topic.clone());
                object = meeting.to_json_in_event(true);
                "meeting.updated"
            }
            Self::Join { participant, .. } => {
                object["participant"] = person(participant, "join_time");
                "meeting.participant_joined"
            }
            Self::Leave { participant, .. } => {
                object["participant"] = person(participant, "leave_time");
                object["participant"]["leave_reason"] = json!("left the meeting.");
                "meeting.participant_left"
            }
            Self::Deauthorize { .. } => unreachable!("it is about no meeting"),
        };
        let mut payload = json!({"account_id": user.account_id, "object": object});
        if !old.is_null() {
            payload["old_object"] = old;
        }
        Ok((name, payload))
    }

    fn meeting_id(&self) -> u64 {
        match self {
            Self::Start { meeting_id }
            | Self::End { meeting_id }
            | Self::Delete { meeting_id }
            | Self::Change { meeting_id, .. }
            | Self::Join { meeting_id, .. }
            | Self::Leave { meeting_id, .. } => *meeting_id,
            Self::Deauthorize { .. } => 0,
        }
    }
}

impl Zoom {
    /// Tells the project, once: Zoom's own retries come after minutes.
    pub(crate) async fn tell(&self, settings: &Settings, name: &str, payload: Value) -> Result<Told, String> {
        let webhook = json!({"event": name, "event_ts": now().timestamp_millis(), "payload": payload});
        let body = webhook.to_string();
        let timestamp = now().timestamp().to_string();
        let request = self
            .webhooks
            .post(&settings.zoom_webhook_url)
            .timeout(PATIENCE)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header("x-zm-request-timestamp", &timestamp)
            .header("x-zm-signature", signature(&settings.zoom_webhook_secret, &timestamp, body.as_bytes()))
            .body(body);
        Ok(Told { reply: webhook::send(request).await?, webhook })
    }
}

/// The `x-zm-signature` of a webhook.
pub fn signature(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let signed = [b"v0:", timestamp.as_bytes(), b":", body].concat();
    format!("v0={}", hmac_sha256_hex(secret, &signed))
}

fn person(name: &str, time: &str) -> Value {
    let mut person = json!({
        "user_id": "16778240",
        "user_name": name,
        "id": "",
        "participant_uuid": format!("uuid-of-{name}"),
        "email": "",
    });
    person[time] = json!(text(now()));
    person
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_zooms_own_example() {
        let body = br#"{"payload":{"plainToken":"xys8n8PGS7mAU0m5-YJjRA"},"event_ts":1720705455858,"event":"endpoint.url_validation"}"#;
        assert_eq!(
            signature("4fv1RkqGQUq5sWbEz6hA5A", "1720705455", body),
            "v0=93a1a675965ceb9c5a50c5dfb31f20e50f763be37a54ef74cd2d16a1a8e5c0d6"
        );
    }
}
