//! Who gets into the room, when, as what, and with what.

use chrono::{DateTime, Utc};
use convene_tests::harness::RoomFault;
use convene_tests::tokens::claims;
use http::Method;
use serde_json::{Value, json};
use shared::auth::ticket::{RoomTicket, TicketError};
use shared::crypto::Secret;
use uuid::Uuid;

use super::{Meeting, retry_after, text, told};
use crate::calls;

/// The claims of the ticket, whose signature is the deployment's.
fn ticket(meeting: &Meeting, joined: &Value) -> Value {
    let token = joined["ticket"].as_str().unwrap();
    let secret = Secret::new(meeting.stack.variable("ROOM_TICKET_SECRET"));
    let verified = RoomTicket::verify(&secret, &meeting.id, token, Utc::now()).unwrap();
    assert_eq!(json!(verified.participant_id), joined["participantId"]);
    assert_eq!(RoomTicket::verify(&secret, "MID-0", token, Utc::now()), Err(TicketError::AnotherRoom));
    claims(token)
}

/// Whether one of the servers relays.
fn relays(joined: &Value) -> bool {
    let servers = joined["turn_servers"].as_array().unwrap();
    servers.iter().any(|server| server["username"].is_string() && server["credential"].is_string())
}

#[tokio::test]
async fn each_gets_a_ticket_of_their_own_and_servers() {
    let meeting = Meeting::due().await;
    meeting.stack.sql("update public.profiles set full_name = 'Ada' where id = $1", &[&meeting.tutor.id]).await;
    let before = Utc::now().timestamp();
    let requests = [
        (meeting.join("tutor").by(&meeting.tutor), "host", "Ada", ""),
        (meeting.join("student").by(&meeting.student), "participant", "Student", ""),
        (meeting.enter(&meeting.passcode), "participant", "Guest", "guestSecret "),
    ];
    for (request, role, name, secret) in requests {
        let answer = request.send().await;
        let joined = answer.expect(200);
        let mut fields: Vec<_> = joined.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(fields.join(" "), format!("{secret}participantId sessionId ticket turn_servers"));
        let issued = claims(joined["ticket"].as_str().unwrap())["iat"].as_i64().unwrap();
        assert!((before..=Utc::now().timestamp()).contains(&issued));
        assert_eq!(
            ticket(&meeting, &joined),
            json!({
                "iss": "convene", "aud": "room", "sub": joined["participantId"], "room": meeting.id, "role": role,
                "name": name, "iat": issued, "nbf": issued, "exp": issued + 300,
            })
        );
        let turn_service = meeting.stack.variable("TURN_SERVICE");
        assert_eq!(relays(&joined), turn_service != "none");
        let asked = meeting.stack.calls_of(&answer).await.len();
        assert_eq!(asked, if ["twilio", "cloudflare"].contains(&turn_service) { 2 } else { 1 });
        assert_eq!(calls(&meeting.stack, &answer).await[0], "join_video_meeting");
        assert!(!answer.text.contains("passcode"), "{answer:?}");
    }
    assert_eq!(meeting.status().await, "active");
}

#[tokio::test]
async fn a_ticket_and_credentials_end_with_the_meeting() {
    let meeting = Meeting::due().await;
    meeting.set("scheduled_end = date_trunc('second', now()) + interval '2 minutes'").await;
    let answer = meeting.join("student").by(&meeting.student).send().await;
    let said = ticket(&meeting, &answer.expect(200));
    let ends = "select scheduled_end from public.video_meetings where meeting_id = $1";
    let ends: DateTime<Utc> = meeting.stack.sql(ends, &[&meeting.id]).await[0].get(0);
    assert_eq!(said["exp"], ends.timestamp());
    if meeting.stack.variable("TURN_SERVICE") == "twilio" {
        let asked = meeting.stack.calls_of(&answer).await.remove(1);
        let ttl: u64 = asked.body["Ttl"].as_str().unwrap().parse().unwrap();
        assert!((60..=120).contains(&ttl), "{asked:?}");
    }
}

#[tokio::test]
async fn a_turn_service_that_is_away_keeps_nobody_out() {
    let meeting = Meeting::due().await;
    if !["twilio", "cloudflare"].contains(&meeting.stack.variable("TURN_SERVICE")) {
        return;
    }
    let nonsense = RoomFault::Raw { status: 201, body: "{}".to_owned() };
    for fault in [RoomFault::Status { status: 503 }, RoomFault::Delay { ms: 4_000 }, RoomFault::DropRequest, nonsense] {
        let request = meeting.join("tutor").by(&meeting.tutor);
        meeting.stack.turn_fault(request.request_id(), fault, 1).await;
        let joined = request.send().await.expect(200);
        ticket(&meeting, &joined);
        let servers = joined["turn_servers"].as_array().unwrap();
        assert!(!relays(&joined) && servers.len() == 1, "{joined}");
        assert!(servers[0]["urls"][0].as_str().unwrap().starts_with("stun:"), "{joined}");
    }
}

#[tokio::test]
async fn the_user_is_the_token_s() {
    let meeting = Meeting::due().await;
    let stranger = meeting.stack.person("student").await;
    let as_user = |user_type: &str, user_id: Uuid| {
        meeting.post("join", &json!({"userType": user_type, "userId": user_id, "passcode": meeting.passcode}))
    };
    for request in [
        as_user("student", meeting.student.id).by(&meeting.tutor),
        as_user("tutor", meeting.tutor.id).by(&meeting.student),
        as_user("tutor", meeting.tutor.id).by(&stranger),
        as_user("student", meeting.student.id),
        as_user("guest", meeting.student.id),
        as_user("guest", Uuid::new_v4()),
        meeting.post("leave", &json!({"userId": meeting.student.id})).by(&meeting.tutor),
        meeting.post("leave", &json!({"userId": meeting.student.id})),
    ] {
        let answer = request.send().await;
        assert_eq!(answer.refused(403, "not_the_caller")["field"], "userId");
        assert!(calls(&meeting.stack, &answer).await.is_empty());
    }
    assert_eq!(meeting.people().await.len(), 0);
    as_user("student", meeting.student.id).by(&meeting.student).send().await.expect(200);
}

#[tokio::test]
async fn nobody_is_what_they_say_they_are() {
    let meeting = Meeting::due().await;
    let stranger = meeting.stack.person("tutor").await;
    let as_type = |user_type: &str| meeting.post("join", &json!({"userType": user_type, "passcode": meeting.passcode}));
    for request in [
        as_type("tutor").by(&meeting.student),
        as_type("guest").by(&meeting.student),
        as_type("student").by(&meeting.tutor),
        as_type("tutor").by(&stranger),
        as_type("student").by(&stranger),
        as_type("tutor"),
        as_type("student"),
    ] {
        assert_eq!(request.send().await.refused(403, "wrong_user_type")["field"], "userType");
    }
    for other in [json!("admin"), json!("Tutor"), json!(1), Value::Null] {
        let answer = meeting.post("join", &json!({"userType": other})).by(&meeting.tutor).send().await;
        assert_eq!(answer.refused(422, "invalid_field")["field"], "userType", "{other}");
        assert!(calls(&meeting.stack, &answer).await.is_empty());
    }
    assert_eq!(meeting.people().await.len(), 0);
}

#[tokio::test]
async fn a_stranger_without_the_passcode_finds_no_meeting() {
    let mut meeting = Meeting::due().await;
    let stranger = meeting.stack.person("student").await;
    let refused = meeting.join("guest").send().await;
    refused.refused(404, "meeting_not_found");
    for user_type in ["guest", "student", "tutor"] {
        assert_eq!(told(&meeting.join(user_type).by(&stranger).send().await), told(&refused));
    }
    meeting.id = "MID-0000000000000000".to_owned();
    assert_eq!(told(&meeting.join("guest").by(&stranger).send().await), told(&refused));
}

#[tokio::test]
async fn it_opens_a_quarter_of_an_hour_before_its_start() {
    let meeting = Meeting::planned(60).await;
    for request in [
        meeting.join("tutor").by(&meeting.tutor),
        meeting.join("student").by(&meeting.student),
        meeting.enter(&meeting.passcode),
    ] {
        let answer = request.send().await;
        answer.refused(409, "too_early");
        assert!((44 * 60..=45 * 60).contains(&retry_after(&answer)), "{answer:?}");
    }
    assert_eq!(meeting.people().await.len(), 0);
    meeting.set("scheduled_start = now() + interval '14 minutes'").await;
    meeting.join("student").by(&meeting.student).send().await.expect(200);
}

#[tokio::test]
async fn nobody_gets_into_what_is_over() {
    for (assignment, code) in [
        ("scheduled_start = now() - interval '1 hour', scheduled_end = now() - interval '1 second'", "meeting_over"),
        ("scheduled_start = now() - interval '1 hour', status = 'completed'", "meeting_over"),
        ("status = 'cancelled'", "meeting_cancelled"),
    ] {
        let meeting = Meeting::due().await;
        let guest = meeting.guest().await;
        meeting.set(assignment).await;
        for (request, status, code) in [
            (meeting.join("tutor").by(&meeting.tutor), 409, code),
            (meeting.join("student").by(&meeting.student), 409, code),
            (meeting.come_back(&guest), 409, code),
            (meeting.enter(&meeting.passcode), 404, "meeting_not_found"),
            (meeting.get("").header("x-meeting-passcode", &meeting.passcode), 404, "meeting_not_found"),
        ] {
            let answer = request.send().await;
            answer.refused(status, code);
            assert_eq!(calls(&meeting.stack, &answer).await.len(), 1, "no TURN for who is not in");
        }
    }
}

#[tokio::test]
async fn guests_fill_a_meeting_and_keep_no_party_out() {
    let meeting = Meeting::due().await;
    let fill = "insert into public.video_participants (meeting, user_type, session_id)
        select m.id, 'guest', gen_random_uuid()::text from public.video_meetings m, generate_series(1, 49)
        where m.meeting_id = $1";
    meeting.stack.sql(fill, &[&meeting.id]).await;
    let last = meeting.guest().await;
    meeting.enter(&meeting.passcode).send().await.refused(409, "meeting_full");
    meeting.come_back(&last).send().await.expect(200);
    meeting.join("tutor").by(&meeting.tutor).send().await.expect(200);
    meeting.join("student").by(&meeting.student).send().await.expect(200);

    // Who has left makes room, and comes back where there is some.
    let empty = "update public.video_participants p set left_at = now() from public.video_meetings m
        where m.id = p.meeting and m.meeting_id = $1 and p.user_id is null and p.left_at is null and p.id in (
            select o.id from public.video_participants o where o.meeting = m.id and o.user_id is null
            order by o.joined_at limit 3) returning p.id";
    assert_eq!(meeting.stack.sql(empty, &[&meeting.id]).await.len(), 3);
    let newcomer = meeting.guest().await;
    meeting.enter(&meeting.passcode).send().await.refused(409, "meeting_full");
    meeting.post("leave", &json!({"guestSecret": last})).send().await.expect(200);
    meeting.guest().await;
    meeting.come_back(&last).send().await.refused(409, "meeting_full");
    meeting.come_back(&newcomer).send().await.expect(200);
}

#[tokio::test]
async fn a_user_is_there_once_whatever_they_call_their_session() {
    let meeting = Meeting::due().await;
    let first = meeting.join("student").by(&meeting.student).send().await.expect(200);
    let own = Uuid::new_v4();
    let body = json!({"userType": "student", "sessionId": own});
    let second = meeting.post("join", &body).by(&meeting.student).send().await.expect(200);
    assert_eq!(first["participantId"], second["participantId"]);
    assert_eq!(second["sessionId"], json!(own));
    let malformed = meeting.post("join", &json!({"userType": "student", "sessionId": "1"})).by(&meeting.student);
    assert_eq!(malformed.send().await.refused(422, "invalid_field")["field"], "sessionId");
}

#[tokio::test]
async fn a_guest_comes_back_by_their_secret_and_by_nothing_else() {
    let meeting = Meeting::due().await;
    let joined = meeting.enter(&meeting.passcode).send().await.expect(200);
    let (secret, session) = (text(&joined, "guestSecret"), text(&joined, "sessionId"));
    assert_eq!(session.parse::<Uuid>().unwrap().get_version_num(), 4);
    let back = meeting.come_back(&secret).send().await;
    assert_eq!(back.expect(200)["participantId"], joined["participantId"], "without the passcode");
    assert_eq!(back.json().get("guestSecret"), None, "it was told once");
    assert_eq!(calls(&meeting.stack, &back).await[0], "join_video_meeting");

    let with = |changes: Value| {
        let mut body = json!({"userType": "guest", "passcode": meeting.passcode});
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        meeting.post("join", &body)
    };
    // What others can read of them makes nobody them.
    let other = with(json!({"guestSecret": session.repeat(2)})).send().await.expect(200);
    assert_ne!(other["participantId"], joined["participantId"]);
    let answer = with(json!({"sessionId": session})).send().await;
    assert_eq!(answer.refused(409, "session_id_taken")["field"], "sessionId");
    assert_eq!(calls(&meeting.stack, &answer).await, ["join_video_meeting"], "no TURN for who is not in");
    meeting.come_back(&"0".repeat(64)).send().await.refused(404, "meeting_not_found");
    for bad in ["", "short", &"s".repeat(257), &"é".repeat(32)] {
        let answer = with(json!({"guestSecret": bad})).send().await;
        assert_eq!(answer.refused(422, "invalid_field")["field"], "guestSecret", "{bad}");
        assert!(calls(&meeting.stack, &answer).await.is_empty());
    }
    // Nor does it open another meeting.
    let other = Meeting::due().await;
    other.come_back(&secret).send().await.refused(404, "meeting_not_found");
    // One that a guest's app made itself is theirs, also when the answer was lost.
    let own = json!({"guestSecret": Uuid::new_v4().to_string()});
    let first = with(own.clone()).send().await.expect(200);
    assert_eq!(with(own).send().await.expect(200)["participantId"], first["participantId"]);
    assert_eq!(first.get("guestSecret"), None);
}

#[tokio::test]
async fn nobody_reads_the_secret_of_a_guest() {
    let meeting = Meeting::due().await;
    let secret = meeting.guest().await;
    for person in [&meeting.tutor, &meeting.student] {
        let rows = meeting.stack.rest(Method::GET, "video_participants?select=*").by(person).send().await;
        assert_eq!(rows.json().as_array().unwrap().len(), 1);
        let mut columns: Vec<_> = rows.json()[0].as_object().unwrap().keys().cloned().collect();
        columns.sort();
        assert_eq!(columns.join(" "), "id is_muted joined_at left_at meeting removed_at session_id user_id user_type");
        assert!(!rows.text.contains(&secret), "{rows:?}");
    }
}

#[tokio::test]
async fn thirty_joins_in_ten_minutes_are_enough_and_use_up_those_of_nobody_else_at_the_address() {
    let meeting = Meeting::due().await;
    let guest = meeting.guest().await;
    for _ in 0..29 {
        meeting.come_back(&guest).send().await.expect(200);
    }
    let answer = meeting.come_back(&guest).send().await;
    answer.refused(429, "too_many_joins");
    assert!((1..=600).contains(&retry_after(&answer)), "{answer:?}");
    let other = meeting.guest().await;
    meeting.come_back(&other).send().await.expect(200);
    meeting.join("tutor").by(&meeting.tutor).send().await.expect(200);
}

#[tokio::test]
async fn ten_new_guests_come_from_an_address_whatever_they_say_it_is() {
    let meeting = Meeting::due().await;
    for _ in 0..10 {
        meeting.guest().await;
    }
    let invented = ["x-forwarded-for", "cf-connecting-ip"];
    let request =
        invented.iter().fold(meeting.enter(&meeting.passcode), |request, name| request.header(name, "192.0.2.9"));
    let answer = request.send().await;
    answer.refused(429, "too_many_joins");
    assert!((1..=600).contains(&retry_after(&answer)), "{answer:?}");
    assert_eq!(calls(&meeting.stack, &answer).await, ["join_video_meeting"], "no TURN for who is not in");
    assert_eq!(meeting.people().await.len(), 10);
    let stranger = meeting.stack.person("student").await;
    meeting.enter(&meeting.passcode).by(&stranger).send().await.expect(200);
}

#[tokio::test]
async fn a_hundred_new_guests_in_ten_minutes_are_enough_and_starve_nobody_inside() {
    let meeting = Meeting::due().await;
    let guest = meeting.guest().await;
    let spent = "update private.rate_limits l set used = 100 from public.video_meetings m
        where m.meeting_id = $1 and l.subject = 'video guests ' || m.id returning l.used";
    assert_eq!(meeting.stack.sql(spent, &[&meeting.id]).await.len(), 1);
    let stranger = meeting.stack.person("student").await;
    let answer = meeting.enter(&meeting.passcode).send().await;
    answer.refused(429, "too_many_joins");
    assert!((1..=600).contains(&retry_after(&answer)), "{answer:?}");
    // Who has an account is counted apart.
    meeting.enter(&meeting.passcode).by(&stranger).send().await.expect(200);
    meeting.come_back(&guest).send().await.expect(200);
    for (user_type, person) in [("tutor", &meeting.tutor), ("student", &meeting.student)] {
        meeting.join(user_type).by(person).send().await.expect(200);
    }
}
