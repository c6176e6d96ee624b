//! The ticket for a room: whose it is, for how long, and when there is none.

use chrono::{DateTime, Utc};
use convene_tests::harness::Answer;
use convene_tests::tokens::claims;
use serde_json::{Value, json};
use shared::auth::ticket::{RoomRole, RoomTicket, TicketError};
use shared::crypto::Secret;

use super::{Session, standing};

fn ticket(answer: &Answer) -> String {
    answer.expect(200)["ticket"].as_str().unwrap().to_owned()
}

fn verified(session: &Session, room: &str, ticket: &str) -> Result<RoomTicket, TicketError> {
    let secret = Secret::new(session.stack.variable("ROOM_TICKET_SECRET"));
    RoomTicket::verify(&secret, room, ticket, Utc::now())
}

#[tokio::test]
async fn a_ticket_says_who_comes_into_which_room_as_what() {
    let session = Session::open().await;
    let guest = session.guest("Ana").await;
    let before = Utc::now().timestamp();
    let host = session.come("Dr. Wolf").by(&session.therapist).send().await;
    let said = claims(&ticket(&host));
    let issued = said["iat"].as_i64().unwrap();
    assert!((before..=Utc::now().timestamp()).contains(&issued), "{said}");
    assert_eq!(
        said,
        json!({
            "iss": "convene", "aud": "room", "sub": host.json()["participant"]["id"], "room": session.id,
            "role": "host", "name": "Dr. Wolf", "iat": issued, "nbf": issued, "exp": issued + 300,
        })
    );
    let room = session.id.to_string();
    let of_guest = verified(&session, &room, &ticket(&guest.answer)).unwrap();
    assert_eq!((of_guest.participant_id, of_guest.role), (guest.participant_id, RoomRole::Participant));
    assert_eq!(of_guest.name, "Ana");
}

#[tokio::test]
async fn a_ticket_opens_its_own_room_alone() {
    let (session, other) = (Session::open().await, Session::open().await);
    let ticket = ticket(&session.guest("Ana").await.answer);
    let refused = verified(&session, &other.id.to_string(), &ticket);
    assert_eq!(refused.unwrap_err(), TicketError::AnotherRoom);
}

#[tokio::test]
async fn a_ticket_is_worth_nothing_after_the_session() {
    let session = Session::made(&json!({"expires_in_minutes": 1})).await;
    let guest = session.guest("Ana").await;
    let answer = guest.answer.expect(200);
    let end: DateTime<Utc> = answer["session"]["expires_at"].as_str().unwrap().parse().unwrap();
    for answer in [&guest.answer, &session.status(Some(&guest.secret)).send().await] {
        let expiry = claims(&ticket(answer))["exp"].as_i64().unwrap();
        assert!(expiry <= end.timestamp() && expiry > Utc::now().timestamp(), "{expiry} is not before {end}");
    }
}

#[tokio::test]
async fn who_stays_gets_another_ticket_and_who_left_gets_none() {
    let session = Session::open().await;
    let guest = session.guest("Ana").await;
    let secret = Some(guest.secret.as_str());
    let another = session.status(secret).send().await;
    assert_eq!(claims(&ticket(&another))["sub"], json!(guest.participant_id));
    assert_eq!(another.json().get("guest_secret"), None);
    for _ in 0..2 {
        assert_eq!(session.leave(secret).send().await.expect(200), json!({"status": "left"}));
        let people = session.participants().await;
        assert_eq!((&people[0]["is_active"], people[0]["left_at"].is_null()), (&json!(false), false));
        assert_eq!(standing(&session.status(secret).send().await), "left", "nobody unseen has a ticket");
    }
    assert_eq!(standing(&session.come_with("Ana", secret).send().await), "admitted");
    assert_eq!(session.participants().await[0]["left_at"], Value::Null);
}
