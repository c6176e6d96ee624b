use serde_json::{Value, json};
use shared::testing::{self, TestClock, Upstream, context};

use super::*;

const MEETING: &str = "MID-0123456789ABCDEF";

/// A guest joins: the answer, or what is refused, and what the database was asked.
async fn join(
    ticket_secret: &str,
    body: &Value,
    answers: &[(u16, Value)],
) -> (Result<Value, (u16, String)>, Vec<Value>) {
    let upstream = Upstream::in_turn(answers);
    let variables = [("SUPABASE_URL", upstream.url.as_str()), ("ROOM_TICKET_SECRET", ticket_secret)];
    let context = context(&TestClock::at("2026-05-01T09:00:00Z"), &variables);
    let headers = [("content-type", "application/json"), ("x-forwarded-for", "192.0.2.1")];
    let request = testing::request(&headers, &body.to_string());
    let joined = handle(&context, &request, MEETING).await;
    let joined = joined.map(|response| serde_json::from_slice(response.body()).unwrap());
    let asked = upstream.asked().iter().map(|asked| json!([asked.call, asked.json()])).collect();
    (joined.map_err(|error| (error.status().as_u16(), error.cause().unwrap_or(error.code()).to_owned())), asked)
}

const SECRET: &str = "a secret of at least 32 characters";

fn guest() -> Value {
    json!({"userType": "guest", "passcode": "012345"})
}

/// What the database says of the guest.
fn seated() -> Value {
    json!({
        "participantId": Uuid::from_u128(7), "sessionId": "s", "userType": "guest", "name": null,
        "scheduledEnd": "2026-05-01T10:00:00+00:00",
    })
}

#[tokio::test]
async fn a_guest_is_asked_for_by_their_address_and_gets_what_the_room_takes() {
    let (joined, asked) = join(SECRET, &guest(), &[(200, seated())]).await;
    let joined = joined.unwrap();
    assert_eq!((&joined["sessionId"], &joined["participantId"]), (&json!("s"), &json!(Uuid::from_u128(7))));
    let secret = joined["guestSecret"].as_str().unwrap();
    assert_eq!(secret.len(), 64);
    assert_eq!(joined["turn_servers"], json!([{"urls": ["stun:stun.cloudflare.com:3478"]}]));
    let arguments = json!({
        "meeting_id": MEETING, "caller": null, "address": "192.0.2.1", "passcode": "012345", "user_type": "guest",
        "session_id": null, "guest_secret": secret,
    });
    assert_eq!(asked, [json!(["POST join_video_meeting", arguments])]);
}

#[tokio::test]
async fn a_secret_is_told_once() {
    let secret = "s".repeat(32);
    let mut body = guest();
    body["guestSecret"] = json!(secret);
    let (joined, asked) = join(SECRET, &body, &[(200, seated())]).await;
    assert_eq!(joined.unwrap().get("guestSecret"), None);
    assert_eq!(asked[0][1]["guest_secret"], json!(secret));
    body["guestSecret"] = json!("short");
    let (refused, asked) = join(SECRET, &body, &[]).await;
    assert_eq!(refused.unwrap_err().0, 422);
    assert!(asked.is_empty());
}

#[tokio::test]
async fn nobody_is_seated_where_nobody_can_be_let_in() {
    for secret in ["", "too short"] {
        let (joined, asked) = join(secret, &guest(), &[]).await;
        let (status, cause) = joined.unwrap_err();
        assert!(status == 500 && cause.contains("ROOM_TICKET_SECRET"), "{cause}");
        assert!(asked.is_empty());
    }
}

#[tokio::test]
async fn what_the_database_refuses_is_told_and_no_cause_has_the_passcode() {
    let refusal = json!({"code": "too_many_attempts", "message": "Wait", "details": null});
    assert_eq!(join(SECRET, &guest(), &[(429, refusal)]).await.0.unwrap_err(), (429, "too_many_attempts".to_owned()));
    for (answer, expected) in [((200, json!({"passcode": "012345"})), 500), ((503, json!("012345")), 503)] {
        let (status, cause) = join(SECRET, &guest(), &[answer]).await.0.unwrap_err();
        assert_eq!(status, expected);
        assert!(!cause.contains("012345"), "{cause}");
    }
}
