use serde_json::{Value, json};

use super::*;

const ID: Uuid = Uuid::from_u128(7);

/// What the database is asked for, or the field that is refused.
fn parse(body: &Value) -> Result<Value, String> {
    let body = serde_json::from_value(body.clone()).map_err(|error| error.to_string())?;
    match Action::parse(body) {
        Ok(Action::Create(session)) => Ok(serde_json::to_value(session).unwrap()),
        Ok(Action::Join(join)) => Ok(serde_json::to_value(join).unwrap()),
        Ok(Action::Status(pass) | Action::Leave(pass)) => Ok(serde_json::to_value(pass).unwrap()),
        Ok(Action::Decide(decision)) => Ok(serde_json::to_value(decision).unwrap()),
        Err(Error::InvalidField { field, .. }) => Err(field.into_owned()),
        Err(other) => panic!("{other:?}"),
    }
}

/// One body for each action, with what it asks of the database.
fn each() -> Vec<(Value, Value)> {
    let secret = "s".repeat(64);
    let mut each = vec![
        (
            json!({"action": "create", "session_name": " Talk ", "lobby": true, "expires_in_minutes": 30}),
            json!({"session_name": "Talk", "lobby": true, "expires_in_minutes": 30}),
        ),
        (
            json!({"action": "join", "session_token": "t", "participant_name": " Ana ", "guest_secret": secret}),
            json!({"session_token": "t", "participant_name": "Ana", "guest_secret": secret}),
        ),
        (json!({"action": "readmit", "session_id": ID, "user_id": ID}), json!({"session_id": ID, "user_id": ID})),
    ];
    for action in ["status", "leave"] {
        let pass = json!({"session_token": "t", "guest_secret": secret});
        each.push((json!({"action": action, "session_token": "t", "guest_secret": secret}), pass));
    }
    for action in ["admit", "remove"] {
        each.push((json!({"action": action, "participant_id": ID}), json!({"participant_id": ID})));
    }
    for action in ["lock", "unlock", "open_lobby", "close_lobby", "end"] {
        let change = json!({"action": action, "session_id": ID});
        each.push((change.clone(), change));
    }
    each
}

#[test]
fn each_action_asks_the_database_for_what_it_was_given() {
    for (body, asked) in each() {
        assert_eq!(parse(&body).unwrap(), asked, "{body}");
    }
}

#[test]
fn what_may_be_left_out_may() {
    let least = json!({"action": "create", "session_name": "Talk"});
    assert_eq!(parse(&least).unwrap(), json!({"session_name": "Talk", "lobby": false, "expires_in_minutes": null}));
    let join = json!({"action": "join", "session_token": "t", "participant_name": "Ana"});
    assert_eq!(parse(&join).unwrap()["guest_secret"], Value::Null);
    for action in ["status", "leave"] {
        let pass = json!({"action": action, "session_token": "t", "guest_secret": null});
        assert_eq!(parse(&pass).unwrap(), json!({"session_token": "t", "guest_secret": null}));
    }
}

#[test]
fn what_is_missing_or_for_another_action_is_named() {
    let mut fields: Vec<(String, Value)> = Vec::new();
    for (body, _) in each() {
        fields.extend(body.as_object().unwrap().clone());
    }
    for (body, _) in each() {
        for (field, _) in body.as_object().unwrap() {
            if ["lobby", "expires_in_minutes", "guest_secret"].contains(&field.as_str()) {
                continue;
            }
            let mut without = body.clone();
            without[field] = Value::Null;
            assert_eq!(&parse(&without).unwrap_err(), field, "{without}");
        }
        for (field, value) in &fields {
            if body.get(field).is_none() {
                let mut with = body.clone();
                with[field] = value.clone();
                assert_eq!(&parse(&with).unwrap_err(), field, "{with}");
            }
        }
    }
}

#[test]
fn what_is_unknown_or_out_of_range_is_refused() {
    for changes in [
        json!({"action": "delete"}),
        json!({"action": "Join"}),
        json!({"therapist_id": ID}),
        json!({"participant_name": "x".repeat(101)}),
        json!({"participant_name": " "}),
        json!({"session_token": 7}),
        json!({"guest_secret": "short"}),
    ] {
        let mut join = json!({"action": "join", "session_token": "t", "participant_name": "Ana"});
        join.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        assert!(parse(&join).is_err(), "{changes}");
    }
}

#[test]
fn what_cannot_be_a_token_opens_nothing() {
    let status = |token: &str| parse(&json!({"action": "status", "session_token": token})).unwrap();
    assert_eq!(status("0af")["session_token"], "0af");
    for nonsense in ["a\u{0}b", "a b", "é"] {
        assert_eq!(status(nonsense)["session_token"], Value::Null, "{nonsense:?}");
    }
}
