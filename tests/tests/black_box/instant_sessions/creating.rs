//! Making a session, and the link to it.

use chrono::{DateTime, Duration, Utc};
use convene_tests::harness::SupabaseFault;
use convene_tests::harness::{Person, Request, Stack};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{ask, calls, with};

fn create(stack: &Stack, by: &Person, fields: &Value) -> Request {
    ask(stack, &with(&json!({"action": "create", "session_name": "Talk"}), fields)).by(by)
}

async fn sessions_of(stack: &Stack, person: &Person) -> usize {
    stack.count("select 1 from public.instant_sessions where therapist_id = $1", &[&person.id]).await
}

#[tokio::test]
async fn a_therapist_gets_a_session_and_the_link_to_share() {
    let stack = Stack::running();
    let therapist = stack.person("therapist").await;
    let answer = create(&stack, &therapist, &json!({"lobby": true, "expires_in_minutes": 90})).send().await;
    let made = answer.expect(201);
    let token = made["session"]["session_token"].as_str().unwrap();
    assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    assert_eq!(made["share_link"], format!("{}#{token}", stack.variable("INSTANT_SESSION_URL")));
    assert_eq!(made.as_object().unwrap().len(), 2, "{made}");
    for (field, value) in [
        ("session_name", json!("Talk")),
        ("therapist_id", json!(therapist.id)),
        ("lobby", json!(true)),
        ("locked", json!(false)),
        ("is_active", json!(true)),
    ] {
        assert_eq!(made["session"][field], value, "{field}");
    }
    let expiry: DateTime<Utc> = made["session"]["expires_at"].as_str().unwrap().parse().unwrap();
    let left = expiry - Utc::now();
    assert!(left <= Duration::minutes(90) && left > Duration::minutes(88), "{left}");
    assert_eq!(calls(&stack, &answer).await, ["create_instant_session"]);
}

#[tokio::test]
async fn a_key_makes_one_session_with_one_link() {
    let stack = Stack::running();
    let therapist = stack.person("therapist").await;
    let request = || create(&stack, &therapist, &json!({})).idempotency_key("one");
    // The first answer is lost.
    let lost = request();
    stack.supabase_fault(lost.request_id(), "create_instant_session", SupabaseFault::DropAnswer, 1).await;
    lost.send().await.refused(503, "unavailable");
    let links: Vec<Value> =
        join_all((0..6).map(|_| request().header("x-request-id", &uuid::Uuid::new_v4().to_string()).send()))
            .await
            .iter()
            .map(|answer| answer.expect(201)["share_link"].clone())
            .collect();
    assert!(links.iter().all(|link| link == &links[0]), "{links:?}");
    assert_eq!(sessions_of(&stack, &therapist).await, 1);
    let other = create(&stack, &therapist, &json!({"lobby": true})).idempotency_key("one").send().await;
    other.refused(422, "idempotency_key_reused");
}

#[tokio::test]
async fn nobody_but_a_therapist_makes_one() {
    let stack = Stack::running();
    for role in ["patient", "client", "trainer", "tutor", "admin"] {
        let person = stack.person(role).await;
        create(&stack, &person, &json!({})).send().await.refused(403, "not_a_host");
        assert_eq!(sessions_of(&stack, &person).await, 0, "{role}");
    }
}

#[tokio::test]
async fn nobody_chooses_what_is_not_theirs_to_choose() {
    let stack = Stack::running();
    let (therapist, other) = (stack.person("therapist").await, stack.person("therapist").await);
    for (field, value) in [
        ("session_token", json!("guessable")),
        ("therapist_id", json!(other.id)),
        ("id", json!(other.id)),
        ("is_active", json!(true)),
        ("expires_at", json!("2030-01-01T00:00:00Z")),
        ("locked", json!(false)),
    ] {
        let answer = create(&stack, &therapist, &json!({field: value})).send().await;
        assert_eq!(answer.refused(422, "invalid_field")["field"], field);
        assert!(calls(&stack, &answer).await.is_empty(), "{field}");
    }
}
