use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::super::{now, random};
use super::validation::MeetingFields;

/// Zoom cuts the agenda off in lists.
const AGENDA_IN_LISTS: usize = 250;
const REGION: &str = "https://us05web.zoom.us";

/// A scheduled meeting.
pub(super) struct Meeting {
    pub(super) id: u64,
    uuid: String,
    host_id: String,
    topic: String,
    agenda: String,
    pub(super) start_time: DateTime<Utc>,
    duration: u32,
    timezone: String,
    password: String,
    encrypted_password: String,
    settings: Map<String, Value>,
    created_at: DateTime<Utc>,
    pub(super) state: MeetingState,
}

/// Where a meeting is in its life.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum MeetingState {
    /// Nobody has started it.
    Waiting,
    Started,
    /// It was started and has ended. The host can start it again.
    Ended,
}

impl Meeting {
    /// `fields` are those of a valid create.
    pub(super) fn new(host_id: &str, fields: MeetingFields) -> Self {
        let mut meeting = Self {
            // Beyond 32 bits, as most are.
            id: 70_000_000_000 + random::below(29_999_999_999),
            uuid: meeting_uuid(),
            host_id: host_id.to_owned(),
            topic: String::new(),
            agenda: String::new(),
            start_time: now(),
            duration: 0,
            timezone: String::new(),
            password: String::new(),
            encrypted_password: format!("{}.1", random::url_safe::<24>()),
            settings: default_settings(),
            created_at: now(),
            state: MeetingState::Waiting,
        };
        meeting.set(fields);
        meeting
    }

    /// A start in the past is ignored without a word, as Zoom does.
    pub(super) fn change(&mut self, mut fields: MeetingFields) {
        fields.start_time = fields.start_time.filter(|start| *start > now());
        self.set(fields);
    }

    /// The host changed it in Zoom's own app.
    pub(super) fn change_at_zoom(
        &mut self,
        start: Option<DateTime<Utc>>,
        duration: Option<u32>,
        topic: Option<String>,
    ) {
        replace(&mut self.start_time, start);
        replace(&mut self.duration, duration);
        replace(&mut self.topic, topic);
    }

    fn set(&mut self, fields: MeetingFields) {
        let MeetingFields { topic, agenda, start_time, duration, timezone, password, settings } = fields;
        replace(&mut self.topic, topic);
        replace(&mut self.agenda, agenda);
        replace(&mut self.start_time, start_time);
        replace(&mut self.duration, duration);
        replace(&mut self.timezone, timezone);
        replace(&mut self.password, password);
        self.settings.extend(settings);
        if self.password.is_empty() {
            self.settings.insert("waiting_room".into(), true.into());
        }
        if self.settings["waiting_room"] == true {
            self.settings.insert("join_before_host".into(), false.into());
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.start_time + Duration::minutes(self.duration.into()) < now()
    }

    /// The whole meeting, with a fresh start URL, which only the host may see.
    pub(super) fn to_json(&self, host_email: &str) -> Value {
        let mut json = self.to_json_in_list();
        let zak = format!("eyJ0eXAiOiJKV1QifQ.{}", random::url_safe::<60>());
        let more = json!({
            "assistant_id": "",
            "host_email": host_email,
            "status": if self.state == MeetingState::Started { "started" } else { "waiting" },
            "agenda": self.agenda,
            "password": self.password,
            "encrypted_password": self.encrypted_password,
            "start_url": format!("{REGION}/s/{}?zak={zak}", self.id),
            "settings": self.settings,
            "pre_schedule": false,
        });
        json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json
    }

    /// As events tell of it. In most of them the id is a text.
    pub(super) fn to_json_in_event(&self, id_is_number: bool) -> Value {
        json!({
            "id": if id_is_number { json!(self.id) } else { json!(self.id.to_string()) },
            "uuid": self.uuid,
            "host_id": self.host_id,
            "topic": self.topic,
            "type": 2,
            "start_time": timestamp(self.start_time),
            "duration": self.duration,
            "timezone": self.timezone,
        })
    }

    /// A list has no passcode, except inside the join URL, where it is encrypted.
    pub(super) fn to_json_in_list(&self) -> Value {
        json!({
            "uuid": self.uuid,
            "id": self.id,
            "host_id": self.host_id,
            "topic": self.topic,
            "type": 2,
            "start_time": timestamp(self.start_time),
            "duration": self.duration,
            "timezone": self.timezone,
            "agenda": self.agenda.chars().take(AGENDA_IN_LISTS).collect::<String>(),
            "created_at": timestamp(self.created_at),
            "join_url": format!("{REGION}/j/{}?pwd={}", self.id, self.encrypted_password),
        })
    }
}

fn replace<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// 16 bytes in base64. Every fourth starts with a slash: such a one must be encoded twice in a path.
fn meeting_uuid() -> String {
    let uuid = random::base64::<16>();
    if random::below(4) == 0 { format!("/{}", &uuid[1..]) } else { uuid }
}

fn default_settings() -> Map<String, Value> {
    let settings = json!({
        "host_video": false,
        "participant_video": false,
        "join_before_host": false,
        "jbh_time": 0,
        "mute_upon_entry": false,
        "watermark": false,
        "use_pmi": false,
        "approval_type": 2,
        "audio": "both",
        "auto_recording": "none",
        "waiting_room": false,
        "meeting_authentication": false,
        "email_notification": true,
    });
    settings.as_object().unwrap().clone()
}

pub(super) fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
