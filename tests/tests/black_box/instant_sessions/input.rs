//! What may be sent. Everything else is a 4xx that names the field, and nobody is asked.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Session, calls, with};

#[tokio::test]
async fn every_field_out_of_range_is_named() {
    let session = Session::open().await;
    let join = json!({"action": "join", "session_token": session.token, "participant_name": "Ana"});
    let create = json!({"action": "create", "session_name": "Talk"});
    let lock = json!({"action": "lock", "session_id": session.id});
    let admit = json!({"action": "admit", "participant_id": Uuid::nil()});
    let readmit = json!({"action": "readmit", "session_id": session.id, "user_id": Uuid::nil()});
    let secret = "s".repeat(64);
    for (body, field, value) in [
        (&join, "action", Value::Null),
        (&join, "action", json!("Join")),
        (&join, "action", json!("delete")),
        (&join, "action", json!(7)),
        (&join, "session_token", Value::Null),
        (&join, "session_token", json!([session.token])),
        (&join, "participant_name", Value::Null),
        (&join, "participant_name", json!(" \u{200b} ")),
        (&join, "participant_name", json!("x".repeat(101))),
        (&join, "participant_name", json!("a\u{0}b")),
        (&join, "participant_name", json!("\u{202e}ana")),
        (&join, "guest_secret", json!("short")),
        (&join, "guest_secret", json!("x".repeat(257))),
        (&join, "guest_secret", json!(format!("\u{0}{secret}"))),
        (&join, "role", json!("host")),
        (&join, "admitted_at", json!("2026-01-01T00:00:00Z")),
        (&join, "user_id", json!(session.therapist.id)),
        (&join, "participant_id", json!(Uuid::nil())),
        (&join, "session_id", json!(session.id)),
        (&create, "session_name", Value::Null),
        (&create, "session_name", json!("")),
        (&create, "session_name", json!("x".repeat(201))),
        (&create, "session_name", json!("a\nb")),
        (&create, "lobby", json!("yes")),
        (&create, "expires_in_minutes", json!(0)),
        (&create, "expires_in_minutes", json!(10_081)),
        (&create, "expires_in_minutes", json!(-1)),
        (&create, "expires_in_minutes", json!(1.5)),
        (&create, "guest_secret", json!(secret)),
        (&lock, "session_id", Value::Null),
        (&lock, "session_id", json!("7")),
        (&lock, "lobby", json!(true)),
        (&admit, "participant_id", Value::Null),
        (&admit, "participant_id", json!("x' or true")),
        (&readmit, "user_id", Value::Null),
        (&readmit, "user_id", json!(1)),
    ] {
        let body = with(body, &json!({field: value}));
        for request in [session.ask(&body), session.ask(&body).by(&session.therapist)] {
            let answer = request.send().await;
            assert_eq!(answer.refused(422, "invalid_field")["field"], field, "{body}");
            assert!(calls(&session.stack, &answer).await.is_empty(), "{body}");
        }
    }
    assert!(session.participants().await.is_empty());
}

#[tokio::test]
async fn what_is_no_json_object_is_refused() {
    let session = Session::open().await;
    for (content_type, body, status, code) in [
        ("application/json", "", 400, "malformed_json"),
        ("application/json", "{\"action\": \"join\"", 400, "malformed_json"),
        ("application/json", "[\"join\"]", 422, "invalid_field"),
        ("application/json", "{\"action\": \"join\", \"action\": \"end\"}", 422, "invalid_field"),
        ("text/plain", "{\"action\": \"join\"}", 415, "unsupported_media_type"),
    ] {
        let answer = session.stack.function("instant-sessions").body(content_type, body).send().await;
        answer.refused(status, code);
        assert!(calls(&session.stack, &answer).await.is_empty(), "{body}");
    }
}

#[tokio::test]
async fn nothing_of_what_opens_a_session_is_in_an_address_or_a_refusal() {
    let session = Session::open().await;
    let guest = session.guest("Ana").await;
    let secret = Some(guest.secret.as_str());
    session.changed("lock").await;
    let mut answers = vec![guest.answer, session.come("Eve").send().await];
    session.changed("end").await;
    answers.extend([session.status(secret).send().await, session.come_with("Ana", secret).send().await]);
    for (index, answer) in answers.iter().enumerate() {
        assert!(!answer.text.contains(&session.token), "{}", answer.text);
        assert!(index == 0 || !answer.text.contains(&guest.secret), "{}", answer.text);
        for call in session.stack.calls_of(answer).await {
            assert!(!call.path.contains(&session.token) && !call.path.contains(&guest.secret), "{}", call.path);
        }
    }
    let seen =
        session.stack.rest(http::Method::GET, &format!("instant_session_participants?session_id=eq.{}", session.id));
    let seen = seen.by(&session.therapist).send().await;
    assert!(seen.text.contains("Ana") && !seen.text.contains(&guest.secret), "{}", seen.text);
}
