//! What Zoom accepts in the body of a meeting. Where Zoom would quietly ignore or change something, this
//! refuses it: sending it would be a mistake.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answers::FieldError;

/// A scheduled meeting. Every other type is another product.
const SCHEDULED: i64 = 2;
const LONGEST_MINUTES: i64 = 24 * 60;

/// A body that was found valid.
#[derive(Debug, Deserialize)]
pub(super) struct MeetingFields {
    pub(super) topic: Option<String>,
    pub(super) agenda: Option<String>,
    #[serde(default, deserialize_with = "zoom_time")]
    pub(super) start_time: Option<DateTime<Utc>>,
    pub(super) duration: Option<u32>,
    pub(super) timezone: Option<String>,
    pub(super) password: Option<String>,
    #[serde(default)]
    pub(super) settings: Map<String, Value>,
}

#[derive(Clone, Copy)]
enum Kind {
    /// At most so many characters, and no control characters.
    Text(usize),
    Integer(i64, i64),
    Flag,
    OneOf(&'static [&'static str]),
    StartTime,
    Timezone,
    Passcode,
    Settings,
}

const MEETING: &[(&str, Kind)] = &[
    ("topic", Kind::Text(200)),
    ("type", Kind::Integer(SCHEDULED, SCHEDULED)),
    ("start_time", Kind::StartTime),
    ("duration", Kind::Integer(1, LONGEST_MINUTES)),
    ("timezone", Kind::Timezone),
    ("password", Kind::Passcode),
    ("agenda", Kind::Text(2000)),
    ("default_password", Kind::Flag),
    ("settings", Kind::Settings),
];

const REQUIRED: [&str; 5] = ["topic", "type", "start_time", "duration", "timezone"];

const SETTINGS: &[(&str, Kind)] = &[
    ("approval_type", Kind::Integer(0, 2)),
    ("audio", Kind::OneOf(&["both", "telephony", "voip"])),
    ("auto_recording", Kind::OneOf(&["local", "cloud", "none"])),
    ("email_notification", Kind::Flag),
    ("host_video", Kind::Flag),
    ("jbh_time", Kind::Integer(0, 15)),
    ("join_before_host", Kind::Flag),
    ("meeting_authentication", Kind::Flag),
    ("mute_upon_entry", Kind::Flag),
    ("participant_video", Kind::Flag),
    ("private_meeting", Kind::Flag),
    ("use_pmi", Kind::Flag),
    ("waiting_room", Kind::Flag),
    ("watermark", Kind::Flag),
];

/// The body of a create.
pub(super) fn new_meeting(body: &Map<String, Value>) -> Result<MeetingFields, Vec<FieldError>> {
    let missing = REQUIRED.iter().filter(|field| !body.contains_key(**field));
    let mut errors: Vec<FieldError> = missing.map(|field| error(field, "Required.")).collect();
    check(body, MEETING, "", &mut errors);
    typed(body, errors)
}

/// The body of an update: every field is optional.
pub(super) fn changes(body: &Map<String, Value>) -> Result<MeetingFields, Vec<FieldError>> {
    let mut errors = Vec::new();
    check(body, MEETING, "", &mut errors);
    typed(body, errors)
}

fn typed(body: &Map<String, Value>, errors: Vec<FieldError>) -> Result<MeetingFields, Vec<FieldError>> {
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(serde_json::from_value(Value::Object(body.clone())).expect("every field has been checked"))
}

fn check(object: &Map<String, Value>, fields: &[(&str, Kind)], prefix: &str, errors: &mut Vec<FieldError>) {
    for (name, value) in object {
        let path = format!("{prefix}{name}");
        match fields.iter().find(|(field, _)| field == name) {
            None => errors.push(error(&path, "Unknown field.")),
            Some((_, Kind::Settings)) => match value {
                Value::Object(settings) => check(settings, SETTINGS, "settings.", errors),
                _ => errors.push(error(&path, "Must be an object.")),
            },
            Some((_, kind)) => errors.extend(kind.problem(value).map(|message| error(&path, &message))),
        }
    }
}

impl Kind {
    fn problem(self, value: &Value) -> Option<String> {
        let fine = match self {
            Self::Text(longest) => value.as_str().is_some_and(|text| {
                text.chars().count() <= longest && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
            }),
            Self::Integer(least, most) => value.as_i64().is_some_and(|number| (least..=most).contains(&number)),
            Self::Flag => value.is_boolean(),
            Self::OneOf(allowed) => value.as_str().is_some_and(|text| allowed.contains(&text)),
            Self::StartTime => value.as_str().and_then(parse_time).is_some(),
            Self::Timezone => value.as_str().is_some_and(|name| tzdb_data::TZ_NAMES.contains(&name)),
            Self::Passcode => value.as_str().is_some_and(is_passcode),
            Self::Settings => value.is_object(),
        };
        (!fine).then(|| self.requirement())
    }

    fn requirement(self) -> String {
        match self {
            Self::Text(longest) => format!("Must be a text of at most {longest} characters."),
            Self::Integer(least, most) => format!("Must be an integer from {least} to {most}."),
            Self::Flag => "Must be true or false.".into(),
            Self::OneOf(allowed) => format!("Must be one of {}.", allowed.join(", ")),
            Self::StartTime => "Must be a UTC time like 2026-01-31T09:30:00Z.".into(),
            Self::Timezone => "Must be the name of an IANA time zone.".into(),
            Self::Passcode => "Must be 1 to 10 of a-z, A-Z, 0-9, @, -, _ and *.".into(),
            Self::Settings => "Must be an object.".into(),
        }
    }
}

fn is_passcode(text: &str) -> bool {
    (1..=10).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "@-_*".contains(c))
}

/// RFC 3339 with whole seconds and `Z`, the one form of a UTC time that Zoom documents.
fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    if text.len() != "2026-01-31T09:30:00Z".len() {
        return None;
    }
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%SZ").ok()?;
    Some(time.and_utc())
}

fn zoom_time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.as_deref().and_then(parse_time))
}

fn error(field: &str, message: &str) -> FieldError {
    FieldError { field: field.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(changes: &Value) -> Map<String, Value> {
        let mut body = json!({
            "topic": "A session",
            "type": 2,
            "start_time": "2030-01-31T09:30:00Z",
            "duration": 45,
            "timezone": "Europe/Berlin",
            "password": "aB3@-_*x9z",
            "settings": {"waiting_room": true},
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        body.as_object().unwrap().clone()
    }

    #[test]
    fn a_complete_meeting_is_accepted() {
        let fields = new_meeting(&body(&json!({}))).unwrap();
        assert_eq!(fields.start_time.unwrap().to_rfc3339(), "2030-01-31T09:30:00+00:00");
    }

    #[test]
    fn what_zoom_does_not_accept_is_named() {
        let wrong = [
            ("topic", json!("x".repeat(201))),
            ("topic", json!(null)),
            ("agenda", json!("x".repeat(2001))),
            ("type", json!(1)),
            ("duration", json!(45.0)),
            ("duration", json!("45")),
            ("duration", json!(0)),
            ("start_time", json!("2030-01-31T09:30:00+01:00")),
            ("start_time", json!("2030-01-31T09:30:00")),
            ("start_time", json!("2030-01-31T09:30:00.5Z")),
            ("start_time", json!("2030-02-31T09:30:00Z")),
            ("timezone", json!("Mars/Olympus")),
            ("password", json!("elevenchars")),
            ("password", json!("sp ace")),
            ("settings", json!([])),
            ("idempotency_key", json!("x")),
        ];
        for (field, value) in wrong {
            let errors = new_meeting(&body(&json!({field: value}))).unwrap_err();
            assert_eq!(errors.len(), 1, "{field}: {value}");
            assert_eq!(errors[0].field, field, "{value}");
        }
        let errors = new_meeting(&body(&json!({"settings": {"waiting_room": "yes", "lobby": true}}))).unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["settings.lobby", "settings.waiting_room"]);
    }

    #[test]
    fn a_create_needs_every_required_field_and_an_update_needs_none() {
        let errors = new_meeting(&Map::new()).unwrap_err();
        assert_eq!(errors.len(), REQUIRED.len());
        assert!(changes(&Map::new()).is_ok());
    }
}
