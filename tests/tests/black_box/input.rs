//! What a caller may send. Everything else is a 4xx that names the field, with nothing written and nothing called.

use convene_tests::harness::{Answer, Person, Stack};
use serde_json::{Value, json};

use crate::{calls, create, session, sessions_of};

async fn assert_untouched(stack: &Stack, host: &Person, answer: &Answer, what: &str) {
    assert!(calls(stack, answer).await.is_empty(), "{what}: the database was asked");
    assert_eq!(sessions_of(stack, host).await, 0, "{what}: a session was written");
}

#[tokio::test]
async fn every_field_out_of_range_is_named() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom(&host).await;
    let ids: Vec<String> = (0..51).map(|id| format!("00000000-0000-4000-8000-0000000000{id:02}")).collect();
    for (field, value) in [
        ("title", json!("")),
        ("title", json!("   ")),
        ("title", json!("x".repeat(201))),
        ("title", json!("a\u{0}b")),
        ("title", json!("a\nb")),
        ("title", json!("\u{200b}")),
        ("title", json!("\u{202e}evil")),
        ("title", json!(7)),
        ("title", Value::Null),
        ("description", json!("x".repeat(2001))),
        ("description", json!("a\u{1b}[31m")),
        ("scheduled_start", json!("2020-01-01T00:00:00Z")),
        ("scheduled_start", json!("2999-01-01T00:00:00Z")),
        ("scheduled_start", json!("2027-01-01T00:00:00")),
        ("scheduled_start", json!("next week")),
        ("scheduled_start", json!(1_800_000_000)),
        ("scheduled_start", Value::Null),
        ("duration_minutes", json!(0)),
        ("duration_minutes", json!(1441)),
        ("duration_minutes", json!(-5)),
        ("duration_minutes", json!(50.5)),
        ("duration_minutes", json!("50")),
        ("duration_minutes", json!(18_446_744_073_709_551_615_u64)),
        ("duration_minutes", Value::Null),
        ("timezone", json!("Berlin")),
        ("timezone", json!("../../etc/passwd")),
        ("timezone", json!("posix/Europe/Berlin")),
        ("max_participants", json!(0)),
        ("max_participants", json!(1001)),
        ("provider", json!("skype")),
        ("provider", json!("openvidu")),
        ("join_url", json!("http://meet.google.com/abc-defg-hij")),
        ("join_url", json!("https://zoom.us/s/123456789")),
        ("join_url", json!("https://zoom.us/j/123456789?zak=eyJhbGciOi")),
        ("join_url", json!("https://zoom.us/j/123456789#%7Aak=eyJhbGciOi")),
        ("join_url", json!("https://zoom.us/my/..%2fs%2f123456789")),
        ("join_url", json!("https://user:pass@meet.google.com/abc-defg-hij")),
        ("join_url", json!("https://127.0.0.1/room")),
        ("join_url", json!("https://meet.google.com/abc-defg-hij\u{0}")),
        ("join_url", json!("https://meet.google.com/abc\n-defg-hij")),
        ("join_url", json!("javascript:alert(1)")),
        ("join_url", json!(format!("https://a.example/{}", "x".repeat(2048)))),
        ("client_id", json!("not-a-uuid")),
        ("client_ids", json!(ids)),
        ("client_ids", json!("00000000-0000-4000-8000-000000000001")),
        ("conversation_id", json!("7")),
        ("send_invite", json!("yes")),
        ("host_id", json!("00000000-0000-4000-8000-000000000001")),
        ("status", json!("live")),
    ] {
        let what = format!("{field} = {value}");
        let answer = create(&stack, &host, &session(&json!({field: value}))).await;
        assert_eq!(answer.status, 422, "{what}: {}", answer.text);
        let named = answer.refused(422, "invalid_field")["field"].as_str().unwrap().to_owned();
        assert!(named == field || named.starts_with(&format!("{field}[")), "{what}: {named}");
        assert_untouched(&stack, &host, &answer, &what).await;
    }
    assert!(stack.zoom_calls(&zoom).await.is_empty());
}

#[tokio::test]
async fn a_look_alike_host_is_never_taken_for_zoom() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let link = "https://zoom.us.evil.example/j/123456789";
    let claimed = create(&stack, &host, &session(&json!({"provider": "zoom", "join_url": link}))).await;
    assert_eq!(claimed.refused(422, "invalid_field")["field"], "join_url");
    assert_untouched(&stack, &host, &claimed, "claimed to be Zoom").await;

    let plain = create(&stack, &host, &session(&json!({"join_url": link}))).await.expect(201);
    assert_eq!(plain["session"]["provider"], "manual");
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let valid = session(&json!({})).to_string();
    for (content_type, body, status, code) in [
        ("application/json", "", 400, "malformed_json"),
        ("application/json", "{", 400, "malformed_json"),
        ("application/json", "{\"title\": \"a\",}", 400, "malformed_json"),
        ("application/json", "\u{0}", 400, "malformed_json"),
        ("application/json", "[]", 422, "invalid_field"),
        ("application/json", "[\"Knee\", null, \"2030-01-01T00:00:00Z\", 50]", 422, "invalid_field"),
        ("application/json", "\"title\"", 422, "invalid_field"),
        ("application/json", "{\"title\": \"a\", \"title\": \"b\"}", 422, "invalid_field"),
        ("text/plain", valid.as_str(), 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", "title=a", 415, "unsupported_media_type"),
        ("application/problem+json", valid.as_str(), 415, "unsupported_media_type"),
    ] {
        let answer = stack.function("create-video-session").by(&host).body(content_type, body).send().await;
        assert_eq!(answer.status, status, "{body}");
        answer.refused(status, code);
        assert_untouched(&stack, &host, &answer, body).await;
    }
    let invalid_utf8 = stack
        .function("create-video-session")
        .by(&host)
        .body("application/json", b"{\"title\": \"\xff\xfe\"}".to_vec())
        .send()
        .await;
    assert!([400, 422].contains(&invalid_utf8.status), "{}", invalid_utf8.text);
}

#[tokio::test]
async fn deeply_nested_json_is_refused_and_the_isolate_lives_on() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let nested = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    for body in [nested.clone(), format!("{{\"title\": {nested}}}")] {
        let answer = stack.function("create-video-session").by(&host).body("application/json", body).send().await;
        assert!([400, 422].contains(&answer.status), "{} {}", answer.status, answer.text);
    }
    create(&stack, &host, &crate::linked_session()).await.expect(201);
}

#[tokio::test]
async fn a_large_body_is_refused_with_and_without_a_token() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let body = session(&json!({"description": "x".repeat(10 * 1024 * 1024)})).to_string();
    let request = stack.function("create-video-session").body("application/json", body);
    for answer in [request.clone().send().await, request.by(&host).send().await] {
        answer.refused(413, "too_large");
        assert_untouched(&stack, &host, &answer, "10 MB").await;
    }
}

#[tokio::test]
async fn an_unusable_idempotency_key_is_named() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    for key in ["a b".to_owned(), "k".repeat(256)] {
        let answer = stack
            .function("create-video-session")
            .by(&host)
            .header("idempotency-key", &key)
            .json(&crate::linked_session())
            .send()
            .await;
        assert_eq!(answer.refused(422, "invalid_field")["field"], "Idempotency-Key");
        assert_untouched(&stack, &host, &answer, &key).await;
    }
}
