use serde_json::{Value, json};
use shared::testing;

use super::*;

const SESSION: &str = "00000000-0000-4000-8000-000000000001";
const USER: &str = "00000000-0000-4000-8000-000000000002";

/// What is asked for, or the field that is refused.
fn read(body: &Value) -> Result<Action, String> {
    let request = testing::request(&[("content-type", "application/json")], &body.to_string());
    let now = "2026-04-01T00:00:00Z".parse().unwrap();
    Action::read(&request, now).map_err(|error| match error {
        Error::InvalidField { field, .. } => field.into_owned(),
        other => panic!("{other:?}"),
    })
}

/// The least that makes a session, and `changes`.
fn create(changes: &Value) -> Result<Value, String> {
    let mut body = json!({
        "action": "create", "title": "Integrals", "tutor_name": "Ms Tutor", "scheduled_time": "2026-05-01T11:00:00+02:00",
    });
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    match read(&body)? {
        Action::Create(session) => Ok(serde_json::to_value(session).unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_intent_serialises_the_same_however_it_was_written() {
    let least = json!({
        "title": "Integrals", "description": null, "subject": null, "tutor_name": "Ms Tutor",
        "scheduled_time": "2026-05-01T09:00:00Z", "duration_minutes": null, "max_attendees": null,
    });
    assert_eq!(create(&json!({})).unwrap(), least);
    let blank = json!({"title": " Integrals ", "description": "  ", "scheduled_time": "2026-05-01T09:00:00.5Z"});
    assert_eq!(create(&blank).unwrap(), least);
    let whole = json!({
        "title": "Integrals", "description": "One\nTwo", "subject": "Mathematics", "tutor_name": "Ms Tutor",
        "scheduled_time": "2026-05-01T09:00:00Z", "duration_minutes": 90, "max_attendees": 12,
    });
    assert_eq!(create(&whole).unwrap(), whole);
}

#[test]
fn each_action_takes_what_it_is_about_and_nothing_else() {
    for action in ["register", "unregister", "join", "start", "complete", "cancel"] {
        let body = json!({"action": action, "session_id": SESSION});
        let (read_as, session) = match read(&body).unwrap() {
            Action::Register(session) => ("register", session),
            Action::Unregister(session) => ("unregister", session),
            Action::Join(session) => ("join", session),
            Action::Start(session) => ("start", session),
            Action::Complete(session) => ("complete", session),
            Action::Cancel(session) => ("cancel", session),
            other => panic!("{other:?}"),
        };
        assert_eq!(read_as, action);
        assert_eq!(serde_json::to_value(session).unwrap(), json!({"session_id": SESSION}));
        assert_eq!(read(&json!({"action": action})).unwrap_err(), "session_id");
        let with_user = json!({"action": action, "session_id": SESSION, "user_id": USER});
        assert_eq!(read(&with_user).unwrap_err(), "user_id", "{action}");
    }
    for action in ["remove", "readmit"] {
        let body = json!({"action": action, "session_id": SESSION, "user_id": USER});
        let (read_as, person) = match read(&body).unwrap() {
            Action::Remove(person) => ("remove", person),
            Action::Readmit(person) => ("readmit", person),
            other => panic!("{other:?}"),
        };
        assert_eq!(read_as, action);
        assert_eq!(serde_json::to_value(person).unwrap(), json!({"session_id": SESSION, "user_id": USER}));
        assert_eq!(read(&json!({"action": action, "session_id": SESSION})).unwrap_err(), "user_id");
        assert_eq!(read(&json!({"action": action, "user_id": USER})).unwrap_err(), "session_id");
    }
}

#[test]
fn what_nobody_chooses_is_no_field() {
    for field in [
        "id",
        "session_id",
        "creator_id",
        "status",
        "registered_users",
        "meeting_room_id",
        "meeting_url",
        "room_base_url",
    ] {
        assert_eq!(create(&json!({field: SESSION})).unwrap_err(), field);
    }
}

#[test]
fn what_is_missing_or_of_another_form_is_named() {
    for bad in [
        json!({}),
        json!({"action": null}),
        json!({"action": "delete"}),
        json!({"action": "Create"}),
        json!({"action": 1}),
    ] {
        assert_eq!(read(&bad).unwrap_err(), "action", "{bad}");
    }
    assert_eq!(read(&json!({"action": "join", "session_id": "1"})).unwrap_err(), "session_id");
    for (field, value) in [
        ("title", json!(null)),
        ("title", json!(" ")),
        ("tutor_name", json!(null)),
        ("tutor_name", json!("")),
        ("subject", json!("a\nb")),
        ("description", json!("x".repeat(2001))),
        ("scheduled_time", json!(null)),
        ("scheduled_time", json!("2026-05-01T09:00:00")),
        ("scheduled_time", json!("2026-03-31T23:00:00Z")),
        ("scheduled_time", json!("2029-04-01T00:00:00Z")),
        ("duration_minutes", json!(0)),
        ("duration_minutes", json!(1441)),
        ("max_attendees", json!(0)),
        ("max_attendees", json!(1001)),
        ("max_attendees", json!("50")),
    ] {
        assert_eq!(create(&json!({field: value})).unwrap_err(), field, "{value}");
    }
}
