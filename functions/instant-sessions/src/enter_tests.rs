use std::rc::Rc;

use serde_json::json;
use shared::{
    auth::ticket::RoomTicket,
    crypto::Secret,
    testing::{TestClock, Upstream, context},
};
use uuid::Uuid;

use super::*;

const SECRET: &str = "a secret that signs tickets of rooms";
const ROOM: Uuid = Uuid::from_u128(1);
const PARTICIPANT: Uuid = Uuid::from_u128(2);

fn clock() -> Rc<TestClock> {
    TestClock::at("2026-05-01T09:00:00Z")
}

/// Supabase and Twilio in one, with an answer for each call in turn.
fn deployment(answers: &[(u16, Value)]) -> (Upstream, Context) {
    let upstream = Upstream::in_turn(answers);
    let url = upstream.url.as_str();
    let variables = [
        ("SUPABASE_URL", url),
        ("ROOM_TICKET_SECRET", SECRET),
        ("TWILIO_API_URL", url),
        ("TWILIO_ACCOUNT_SID", "AC1"),
        ("TWILIO_AUTH_TOKEN", "x"),
    ];
    let context = context(&clock(), &variables);
    (upstream, context)
}

/// What the database says of somebody in a session that ends at `end`.
fn part(end: &str, changes: &Value) -> (u16, Value) {
    let mut participant = json!({"id": PARTICIPANT, "participant_name": "Ana", "is_active": true,
        "joined_at": "2026-05-01T08:59:00+00:00", "admitted_at": "2026-05-01T08:59:00+00:00", "role": "participant"});
    participant.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    (200, json!({"session": {"id": ROOM, "expires_at": end}, "participant": participant}))
}

fn relay() -> (u16, Value) {
    (201, json!({"ice_servers": [{"urls": "turn:t", "username": "u", "credential": "p"}]}))
}

fn request(secret: &Value) -> Join {
    let body = json!({"action": "join", "session_token": "t", "participant_name": "Ana", "guest_secret": secret});
    match crate::request::Action::parse(serde_json::from_value(body).unwrap()).unwrap() {
        crate::request::Action::Join(join) => join,
        _ => panic!("no join"),
    }
}

async fn joined(context: &Context, secret: &Value) -> Result<Value, Error> {
    let answer = join(context, None, request(secret)).await?;
    Ok(serde_json::from_slice(answer.body()).unwrap())
}

#[tokio::test]
async fn a_ticket_is_for_this_participant_and_ends_with_the_session() {
    for (end, expiry, role) in [
        ("2026-05-01T10:00:00+00:00", "2026-05-01T09:05:00Z", "host"),
        ("2026-05-01T09:02:00.5+00:00", "2026-05-01T09:02:00Z", "participant"),
    ] {
        let (upstream, context) = deployment(&[part(end, &json!({"role": role})), relay()]);
        let answer = joined(&context, &Value::Null).await.unwrap();
        let now = context.clock().now();
        let ticket = answer["ticket"].as_str().unwrap();
        let ticket = RoomTicket::verify(&Secret::new(SECRET), &ROOM.to_string(), ticket, now).unwrap();
        assert_eq!((ticket.participant_id, ticket.name.as_str()), (PARTICIPANT, "Ana"));
        assert_eq!((ticket.issued_at, ticket.expires_at), (now, expiry.parse().unwrap()));
        assert_eq!(ticket.role == RoomRole::Host, role == "host");
        assert_eq!(answer["ice_servers"][0]["username"], "u");
        let minted = "POST /2010-04-01/Accounts/AC1/Tokens.json";
        assert_eq!(upstream.calls(), ["POST join_instant_session", minted]);
    }
}

#[tokio::test]
async fn who_waits_or_has_left_gets_nothing_and_no_relay_is_asked_for() {
    for (changes, status) in [
        (json!({"admitted_at": null}), "waiting"),
        (json!({"is_active": false}), "left"),
        (json!({"is_active": false, "admitted_at": null}), "left"),
    ] {
        let (upstream, context) = deployment(&[part("2026-05-01T10:00:00+00:00", &changes), relay()]);
        let answer = joined(&context, &Value::Null).await.unwrap();
        assert_eq!(answer["status"], status);
        assert!(answer.get("ticket").is_none() && answer.get("ice_servers").is_none(), "{answer}");
        assert_eq!(upstream.calls(), ["POST join_instant_session"]);
    }
}

#[tokio::test]
async fn a_turn_service_that_fails_costs_the_relays_alone() {
    let (_, context) = deployment(&[part("2026-05-01T10:00:00+00:00", &json!({})), (401, json!({"code": 20003}))]);
    let answer = joined(&context, &Value::Null).await.unwrap();
    assert_eq!(answer["status"], "admitted");
    assert!(answer["ticket"].is_string());
    assert_eq!(answer["ice_servers"], json!([{"urls": ["stun:stun.cloudflare.com:3478"]}]));
    let note = context.note.take().unwrap();
    assert_eq!((note.code, note.cause.as_deref()), ("turn_failed", Some("Twilio: status 401")));
}

#[tokio::test]
async fn a_guest_s_secret_is_made_once_and_told_to_nobody_else() {
    let (upstream, context) = deployment(&[
        part("2026-05-01T10:00:00+00:00", &json!({})),
        relay(),
        part("2026-05-01T10:00:00+00:00", &json!({})),
        relay(),
    ]);
    let answer = joined(&context, &Value::Null).await.unwrap();
    let secret = answer["guest_secret"].as_str().unwrap();
    assert_eq!(secret.len(), 64);
    assert_eq!(upstream.asked()[0].json()["guest_secret"], secret);
    assert!(!upstream.asked()[1].head.contains(secret) && !upstream.asked()[1].body.contains(secret));

    let again = joined(&context, &json!(secret)).await.unwrap();
    assert_eq!(again.get("guest_secret"), None);
    assert_eq!(upstream.asked()[2].json()["guest_secret"], secret);
}

#[tokio::test]
async fn a_deployment_that_lets_nobody_in_does_not_ask_the_database() {
    let upstream = Upstream::in_turn(&[]);
    let url = upstream.url.as_str();
    for variables in [
        vec![("SUPABASE_URL", url)],
        vec![("SUPABASE_URL", url), ("ROOM_TICKET_SECRET", "short")],
        vec![("SUPABASE_URL", url), ("ROOM_TICKET_SECRET", SECRET), ("TURN_URLS", "turn:t")],
    ] {
        let context = context(&clock(), &variables);
        assert!(matches!(joined(&context, &Value::Null).await, Err(Error::Internal(_))));
    }
    assert!(upstream.calls().is_empty());
}

#[tokio::test]
async fn an_answer_that_says_less_than_it_should_lets_nobody_in() {
    for changes in [json!({"id": null}), json!({"id": "x"}), json!({"participant_name": null}), json!({"role": null})] {
        let (_, context) = deployment(&[part("2026-05-01T10:00:00+00:00", &changes), relay()]);
        assert!(matches!(joined(&context, &Value::Null).await, Err(Error::Internal(_))), "{changes}");
    }
    for nothing in [json!([]), json!("x"), json!(null), json!({"session": {}})] {
        let (_, context) = deployment(&[(200, nothing)]);
        assert!(matches!(joined(&context, &Value::Null).await, Err(Error::Internal(_))));
    }
    let (_, context) = deployment(&[part("soon", &json!({})), relay()]);
    assert!(matches!(joined(&context, &Value::Null).await, Err(Error::Internal(_))));
}
