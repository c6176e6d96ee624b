use serde_json::{Value, json};

use super::*;

const SESSION: &str = "00000000-0000-4000-8000-000000000001";
const CLIENT: &str = "00000000-0000-4000-8000-0000000000c1";

/// What the database function is called with.
fn parse(changes: &Value) -> Option<Value> {
    let mut body = json!({"session_id": SESSION});
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    let request: InviteRequest = serde_json::from_value(body).ok()?;
    Some(serde_json::to_value(request).unwrap())
}

#[test]
fn the_database_function_gets_all_its_arguments() {
    let nothing = json!({"session_id": SESSION, "client_ids": null, "conversation_id": null, "message": null});
    assert_eq!(parse(&json!({})).unwrap(), nothing);
    let some = json!({"client_ids": [CLIENT], "conversation_id": CLIENT, "message": " See you.\nAnna "});
    assert_eq!(
        parse(&some).unwrap(),
        json!({"session_id": SESSION, "client_ids": [CLIENT], "conversation_id": CLIENT, "message": "See you.\nAnna"})
    );
}

#[test]
fn what_is_unknown_or_of_another_form_is_refused() {
    for bad in [
        json!({"session_id": "1"}),
        json!({"client_ids": CLIENT}),
        json!({"client_ids": ["1"]}),
        json!({"client_id": CLIENT}),
        json!({"conversation_id": 1}),
        json!({"message": 1}),
        json!({"message": " \n "}),
        json!({"message": "x".repeat(1001)}),
        json!({"message": "a\u{0}b"}),
        json!({"join_url": "https://evil.example/"}),
    ] {
        assert_eq!(parse(&bad), None, "{bad}");
    }
}
