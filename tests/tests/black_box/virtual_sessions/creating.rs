//! Who plans sessions, and that repeating plans no more.

use chrono::{Duration, Utc};
use convene_tests::harness::{Person, Request, Stack};
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Class, EVERY_ACTION, create, plan, retry_after};
use crate::calls;

async fn premium(stack: &Stack) -> Person {
    let person = stack.person("client").await;
    stack.sql("update public.profiles set is_premium = true where id = $1", &[&person.id]).await;
    person
}

async fn planned_by(stack: &Stack, person: &Person) -> usize {
    stack.count("select 1 from public.virtual_sessions where creator_id = $1", &[&person.id]).await
}

#[tokio::test]
async fn a_tutor_and_a_premium_user_plan_sessions_in_one_round_trip() {
    let stack = Stack::running();
    for creator in [stack.person("tutor").await, premium(&stack).await] {
        let body = plan(60, &json!({"title": " Integrals ", "subject": "Mathematics", "description": "One\nTwo"}));
        let answer = create(&stack, &creator, &body).await;
        let session = answer.expect(201)["session"].clone();
        for (field, value) in [
            ("creator_id", json!(creator.id)),
            ("title", json!("Integrals")),
            ("subject", json!("Mathematics")),
            ("description", json!("One\nTwo")),
            ("tutor_name", json!("Ms Tutor")),
            ("duration_minutes", json!(60)),
            ("max_attendees", json!(50)),
            ("registered_users", json!([])),
            ("status", json!("upcoming")),
        ] {
            assert_eq!(session[field], value, "{field}");
        }
        assert!(!answer.text.contains("convene-") && !answer.text.contains("jit.si"), "{answer:?}");
        assert_eq!(calls(&stack, &answer).await, ["create_virtual_session"]);
    }
}

#[tokio::test]
async fn a_room_is_new_unguessable_and_at_the_configured_jitsi() {
    let (first, second) = (Class::planned(60).await.room().await, Class::planned(60).await.room().await);
    for (name, url) in [&first, &second] {
        let random = name.strip_prefix("convene-").unwrap();
        assert!(random.len() == 64 && random.bytes().all(|byte| b"0123456789abcdef".contains(&byte)), "{name}");
        assert_eq!(*url, format!("https://meet.jit.si/{name}"));
    }
    assert_ne!(first.0, second.0);
}

#[tokio::test]
async fn nobody_else_plans_one_and_nobody_chooses_where_its_room_is() {
    let stack = Stack::running();
    for role in ["student", "client", "trainer", "nutritionist", "therapist", "patient", "operator", "admin"] {
        let person = stack.person(role).await;
        create(&stack, &person, &plan(60, &json!({}))).await.refused(403, "not_a_host");
        assert_eq!(planned_by(&stack, &person).await, 0, "{role}");
    }
    let (student, tutor) = (stack.person("student").await, stack.person("tutor").await);
    let row = |creator: &Person| {
        let mut row = plan(60, &json!({"creator_id": creator.id}));
        row.as_object_mut().unwrap().remove("action");
        row
    };
    for creator in [&student, &tutor] {
        let answer = stack.rest(Method::POST, "virtual_sessions").by(&student).json(&row(creator)).send().await;
        assert_eq!(answer.status, 403, "{answer:?}");
    }
    for creator in [&student, &tutor] {
        let arguments = json!({
            "creator": tutor.id, "request": row(&tutor), "room_base_url": "https://evil.example/", "room_is_guarded": false,
            "idempotency_key": null,
        });
        let answer = stack.rpc("create_virtual_session", &arguments).by(creator).send().await;
        assert_eq!(answer.status, 403, "{answer:?}");
    }
    assert_eq!((planned_by(&stack, &student).await, planned_by(&stack, &tutor).await), (0, 0));
}

#[tokio::test]
async fn a_plan_that_has_ended_plans_nothing_more() {
    let stack = Stack::running();
    let person = premium(&stack).await;
    let request = stack.function("virtual-sessions").by(&person).idempotency_key("k").json(&plan(60, &json!({})));
    request.clone().send().await.expect(201);
    stack.sql("update public.profiles set is_premium = false where id = $1", &[&person.id]).await;
    request.send().await.refused(403, "not_a_host");
}

#[tokio::test]
async fn a_repeated_key_gives_the_same_session_and_another_body_is_refused() {
    let stack = Stack::running();
    let (tutor, other) = (stack.person("tutor").await, stack.person("tutor").await);
    let (body, key) = (plan(60, &json!({})), Uuid::new_v4().to_string());
    let request = |by: &Person| stack.function("virtual-sessions").by(by).idempotency_key(&key);
    let together = join_all((0..8).map(|_| request(&tutor).json(&body).send())).await;
    let first = together[0].expect(201);
    for again in &together {
        assert_eq!(again.expect(201), first);
    }
    let mut written_otherwise = body.clone();
    written_otherwise["title"] = json!("  Integrals ");
    written_otherwise["subject"] = Value::Null;
    assert_eq!(request(&tutor).json(&written_otherwise).send().await.expect(201), first);
    assert_eq!(planned_by(&stack, &tutor).await, 1);

    let mut another = body.clone();
    another["max_attendees"] = json!(51);
    request(&tutor).json(&another).send().await.refused(422, "idempotency_key_reused");
    let theirs = request(&other).json(&body).send().await.expect(201);
    assert_ne!(theirs["session"]["id"], first["session"]["id"], "a key is its caller's own");

    let id: Uuid = first["session"]["id"].as_str().unwrap().parse().unwrap();
    stack.rest(Method::DELETE, &format!("virtual_sessions?id=eq.{id}")).by(&tutor).send().await.expect(204);
    request(&tutor).json(&body).send().await.refused(409, "idempotency_key_spent");
    let bad = request(&tutor).idempotency_key("a b").json(&body).send().await;
    assert_eq!(bad.refused(422, "invalid_field")["field"], "Idempotency-Key");
}

#[tokio::test]
async fn nobody_plans_more_than_fifty_within_an_hour() {
    let stack = Stack::running();
    let tutor = stack.person("tutor").await;
    for _ in 0..4 {
        join_all((0..13).map(|_| async { create(&stack, &tutor, &plan(60, &json!({}))).await })).await;
    }
    assert_eq!(planned_by(&stack, &tutor).await, 50);
    let refused = create(&stack, &tutor, &plan(60, &json!({}))).await;
    refused.refused(429, "too_many_sessions");
    assert!((3000..=3600).contains(&retry_after(&refused)), "{refused:?}");
    // Neither past the function, nor by making room.
    stack
        .rest(Method::DELETE, &format!("virtual_sessions?creator_id=eq.{}", tutor.id))
        .by(&tutor)
        .send()
        .await
        .expect(204);
    let row = json!({"creator_id": tutor.id, "title": "x", "tutor_name": "x", "scheduled_time": Utc::now() + Duration::days(1)});
    let inserted = stack.rest(Method::POST, "virtual_sessions").by(&tutor).json(&row).send().await;
    assert_eq!((inserted.status, planned_by(&stack, &tutor).await), (429, 0), "{inserted:?}");
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nobody_is_asked() {
    let class = Class::planned(60).await;
    let before = class.row().await;
    for (body, field) in [
        (plan(60, &json!({"title": "a\u{0}b"})), "title"),
        (plan(60, &json!({"scheduled_time": "infinity"})), "scheduled_time"),
        (plan(60, &json!({"meeting_url": "https://evil.example/"})), "meeting_url"),
        (json!({"action": "start", "session_id": "x' or true --"}), "session_id"),
    ] {
        let answer = create(&class.stack, &class.tutor, &body).await;
        assert_eq!(answer.refused(422, "invalid_field")["field"], field, "{body}");
        assert!(calls(&class.stack, &answer).await.is_empty(), "{body}");
    }
    for body in ["", "{", "[]x"] {
        let request = class.stack.function("virtual-sessions").by(&class.tutor).body("application/json", body);
        request.send().await.refused(400, "malformed_json");
    }
    class
        .press("start")
        .by(&class.tutor)
        .header("content-type", "text/plain")
        .send()
        .await
        .refused(415, "unsupported_media_type");
    assert_eq!((class.row().await, planned_by(&class.stack, &class.tutor).await), (before, 1));
}

#[tokio::test]
async fn whoever_is_not_signed_in_does_nothing() {
    let class = Class::planned(5).await;
    let publishable_key = class.stack.variable("PUBLISHABLE_KEY").to_owned();
    for action in EVERY_ACTION {
        for token in [None, Some(publishable_key.as_str()), Some("eyJhbGciOiJub25lIn0.e30.")] {
            let request = token.into_iter().fold(class.press(action), Request::token);
            let answer = request.send().await;
            answer.refused(401, "unauthenticated");
            assert!(calls(&class.stack, &answer).await.is_empty(), "{action}");
        }
    }
    assert_eq!(class.status().await, "upcoming");
}
