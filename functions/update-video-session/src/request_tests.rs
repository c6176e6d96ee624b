use serde_json::{Value, json};

use super::*;

const SESSION: &str = "00000000-0000-4000-8000-000000000001";

fn parse(changes: &Value) -> Result<ChangeRequest, String> {
    let mut body = json!({"session_id": SESSION, "action": "reschedule"});
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    let body = serde_json::from_value(body).map_err(|error| error.to_string())?;
    ChangeRequest::parse(body, "2026-04-01T00:00:00Z".parse().unwrap()).map_err(|error| match error {
        Error::InvalidField { field, .. } => field.into_owned(),
        other => panic!("{other:?}"),
    })
}

#[test]
fn each_action_is_handed_on_without_changes_but_the_reschedule() {
    for action in ["cancel", "end", "start"] {
        let request = serde_json::to_value(parse(&json!({"action": action})).unwrap()).unwrap();
        assert_eq!(request, json!({"session_id": SESSION, "action": action, "changes": {}}));
    }
}

#[test]
fn a_reschedule_hands_on_what_is_given_and_nothing_else() {
    for (given, expected) in [
        (json!({"scheduled_start": "2026-05-01T11:00:00+02:00"}), json!({"scheduled_start": "2026-05-01T09:00:00Z"})),
        (json!({"duration_minutes": 30, "timezone": null}), json!({"duration_minutes": 30})),
        (json!({"timezone": "Europe/Berlin"}), json!({"timezone": "Europe/Berlin"})),
    ] {
        let request = serde_json::to_value(parse(&given).unwrap()).unwrap();
        assert_eq!(request["changes"], expected);
    }
}

#[test]
fn a_reschedule_changes_something() {
    assert_eq!(parse(&json!({})).unwrap_err(), "scheduled_start");
    assert_eq!(parse(&json!({"timezone": null})).unwrap_err(), "scheduled_start");
}

#[test]
fn only_a_reschedule_changes_values() {
    for action in ["cancel", "end", "start"] {
        for (field, value) in [
            ("scheduled_start", json!("2026-05-01T09:00:00Z")),
            ("duration_minutes", json!(30)),
            ("timezone", json!("UTC")),
        ] {
            assert_eq!(parse(&json!({"action": action, field: value})).unwrap_err(), field, "{action}");
        }
    }
}

#[test]
fn a_new_start_is_neither_past_nor_years_away() {
    for bad in ["2026-03-31T23:00:00Z", "2029-04-01T00:00:00Z"] {
        assert_eq!(parse(&json!({"scheduled_start": bad})).unwrap_err(), "scheduled_start", "{bad}");
    }
}

#[test]
fn what_is_missing_unknown_or_of_another_form_is_refused() {
    assert_eq!(parse(&json!({"session_id": null})).unwrap_err(), "session_id");
    assert_eq!(parse(&json!({"action": null})).unwrap_err(), "action");
    for bad in [
        json!({"action": "delete"}),
        json!({"action": "Cancel"}),
        json!({"session_id": "1"}),
        json!({"title": "Knee"}),
        json!({"duration_minutes": 0}),
        json!({"scheduled_start": "2026-05-01T09:00:00"}),
        json!({"timezone": "CET"}),
    ] {
        assert!(parse(&bad).is_err(), "{bad}");
    }
}
