use serde_json::{Value, json};

use super::*;

const SESSION: &str = "00000000-0000-4000-8000-000000000001";
const CONVERSATION: &str = "00000000-0000-4000-8000-0000000000c1";

fn client(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn clients(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(client).collect()
}

/// What the database function is called with, or the field that is refused.
fn parse(changes: &Value) -> Result<Value, String> {
    let mut body = json!({"session_id": SESSION});
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    let body = serde_json::from_value(body).map_err(|error| error.to_string())?;
    let request = InviteRequest::parse(body).map_err(|error| match error {
        Error::InvalidField { field, .. } => field.into_owned(),
        other => panic!("{other:?}"),
    })?;
    Ok(serde_json::to_value(request).unwrap())
}

#[test]
fn the_database_function_gets_all_its_arguments() {
    let nothing = json!({"session_id": SESSION, "client_ids": null, "conversation_id": null, "message": null});
    assert_eq!(parse(&json!({})).unwrap(), nothing);
    assert_eq!(parse(&json!({"client_ids": null, "conversation_id": null, "message": null})).unwrap(), nothing);
    let one = parse(&json!({"conversation_id": CONVERSATION, "message": " See you.\nAnna "})).unwrap();
    assert_eq!(
        one,
        json!({
            "session_id": SESSION, "client_ids": null, "conversation_id": CONVERSATION, "message": "See you.\nAnna",
        })
    );
}

#[test]
fn each_client_is_named_once_and_in_a_fixed_order() {
    let request = parse(&json!({"client_ids": clients([3, 1, 3, 2])})).unwrap();
    assert_eq!(request["client_ids"], json!(clients([1, 2, 3])));
}

#[test]
fn one_to_fifty_clients_are_invited_at_once() {
    assert!(parse(&json!({"client_ids": clients(1..=50)})).is_ok());
    assert!(parse(&json!({"client_ids": clients((1..=50).chain(1..=50))})).is_ok());
    assert_eq!(parse(&json!({"client_ids": clients(1..=51)})).unwrap_err(), "client_ids");
    assert_eq!(parse(&json!({"client_ids": []})).unwrap_err(), "client_ids");
}

#[test]
fn clients_and_a_conversation_are_two_ways_to_say_whom() {
    let both = json!({"client_ids": clients([1]), "conversation_id": CONVERSATION});
    assert_eq!(parse(&both).unwrap_err(), "client_ids");
}

#[test]
fn what_is_missing_unknown_or_of_another_form_is_refused() {
    assert_eq!(parse(&json!({"session_id": null})).unwrap_err(), "session_id");
    for bad in [
        json!({"session_id": "1"}),
        json!({"client_ids": client(1)}),
        json!({"client_ids": ["1"]}),
        json!({"client_id": client(1)}),
        json!({"conversation_id": 1}),
        json!({"message": 1}),
        json!({"message": " \n "}),
        json!({"message": "x".repeat(1001)}),
        json!({"message": "a\u{0}b"}),
        json!({"join_url": "https://evil.example/"}),
    ] {
        assert!(parse(&bad).is_err(), "{bad}");
    }
}
