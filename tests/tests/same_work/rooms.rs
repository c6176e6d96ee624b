//! `get-openvidu-token`: who gets into the room of a meeting, and what that changes.

use convene_tests::harness::{Algorithm, Answer, Customer, Person, RoomFault, RoomOperation, Stack, Version};
use convene_tests::tokens::claims;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{assert_calls, assert_for_users_only, assert_json_only, calls, database_calls};

const FUNCTION: &str = "get-openvidu-token";

/// A meeting of an operator and a client of theirs, in a room that nobody opened.
struct Meeting {
    stack: Stack,
    operator: Person,
    customer: Customer,
    id: Uuid,
}

impl Meeting {
    /// One that is to begin in so many minutes.
    async fn planned(minutes: i32) -> Self {
        let stack = Stack::running();
        let operator = stack.operator().await;
        let customer = stack.customer_of(&operator).await;
        let insert = "insert into public.meetings (client_id, operator_id, title, scheduled_at)
            values ($1, $2, 'Annual review', now() + $3 * interval '1 minute') returning id";
        let id: Uuid = stack.sql(insert, &[&customer.record, &operator.id, &f64::from(minutes)]).await[0].get(0);
        Self { stack, operator, customer, id }
    }

    async fn token(&self, person: &Person) -> Answer {
        self.stack.function(FUNCTION).by(person).json(&json!({"meetingId": self.id})).send().await
    }

    async fn row(&self) -> Value {
        self.stack.rows("select * from public.meetings where id = $1", &[&self.id]).await.remove(0)
    }

    /// What was asked of the server of rooms about this one, and how it answered.
    async fn asked(&self, room: &str) -> Vec<(RoomOperation, Option<u16>)> {
        let calls = self.stack.room_calls(room).await;
        calls.into_iter().map(|call| (call.room_operation.unwrap(), call.status)).collect()
    }

    /// The room's name, once somebody asked for it.
    async fn room(&self) -> String {
        self.row().await["session_id"].as_str().unwrap().to_owned()
    }

    async fn told(&self, person: &Person) -> usize {
        let told = "select 1 from public.notifications where user_id = $1 and type = 'meeting_started'";
        self.stack.count(told, &[&person.id]).await
    }

    /// Nobody got in, and nothing changed.
    async fn assert_untouched(&self, status: &str) {
        let row = self.row().await;
        assert_eq!((&row["status"], &row["session_id"]), (&json!(status), &Value::Null));
    }
}

fn has_livekit(stack: &Stack) -> bool {
    stack.openvidu_version() == Version::V3
}

#[tokio::test]
async fn the_operator_starts_the_meeting_and_moderates_and_the_client_takes_part() {
    let meeting = Meeting::planned(0).await;
    let livekit = has_livekit(&meeting.stack);
    let (operator, client) = (&meeting.operator, &meeting.customer.person);

    let answer = meeting.token(operator).await.expect(200);
    let row = meeting.row().await;
    assert_eq!((&row["status"], &row["session_id"]), (&json!("in_progress"), &answer["sessionId"]));
    assert!(row["started_at"].is_string(), "{row}");
    assert_eq!((meeting.told(client).await, meeting.told(operator).await), (1, 0));
    let room = meeting.room().await;
    let first =
        [(RoomOperation::Admit, Some(404)), (RoomOperation::Open, Some(200)), (RoomOperation::Admit, Some(200))];
    assert_eq!(meeting.asked(&room).await, if livekit { &[][..] } else { &first });
    meeting.stack.join_room(answer["token"].as_str().unwrap()).await.received();

    let again = meeting.token(client).await;
    let opened = again.expect(200);
    assert_eq!(opened["sessionId"], json!(room));
    assert_calls(&meeting.stack, &again, &["join_meeting"], &["user", "meetings", "profiles"]).await;
    meeting.stack.join_room(opened["token"].as_str().unwrap()).await.received();
    let second = [&first[..], &[(RoomOperation::Admit, Some(200))]].concat();
    assert_eq!(meeting.asked(&room).await, if livekit { vec![] } else { second });

    let inside = meeting.stack.room(&room).await.unwrap();
    let roles: Vec<&Value> = inside["participants"].as_array().unwrap().iter().map(|person| &person["role"]).collect();
    if livekit {
        assert_eq!([&roles[0]["roomAdmin"], &roles[1]["roomAdmin"]], [&json!(true), &json!(false)]);
    } else {
        assert_eq!(roles, ["MODERATOR", "PUBLISHER"]);
    }
}

#[tokio::test]
async fn a_token_says_who_where_and_as_what() {
    let meeting = Meeting::planned(0).await;
    let name = "update public.profiles set full_name = 'Ann Öberg' where id = $1";
    meeting.stack.sql(name, &[&meeting.operator.id]).await;
    let answer = meeting.token(&meeting.operator).await.expect(200);
    let (token, room) = (answer["token"].as_str().unwrap(), meeting.room().await);
    if has_livekit(&meeting.stack) {
        assert_eq!(answer["url"], json!(meeting.stack.variable("LIVEKIT_URL").replacen("http", "ws", 1)));
        let mut said = claims(token);
        let not_before = said["nbf"].take().as_i64().unwrap();
        assert_eq!(said["exp"].take(), not_before + 120);
        let expected = json!({
            "iss": meeting.stack.variable("LIVEKIT_API_KEY"), "sub": meeting.operator.id, "nbf": null, "exp": null,
            "name": "Ann Öberg", "metadata": r#"{"role":"operator"}"#,
            "video": {
                "room": room, "roomJoin": true, "roomAdmin": true,
                "canPublish": true, "canSubscribe": true, "canPublishData": true,
            },
            "roomConfig": {"emptyTimeout": 600, "departureTimeout": 600},
        });
        assert_eq!(said, expected);
    } else {
        assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
        meeting.stack.join_room(token).await;
        let room = meeting.stack.room(&room).await.unwrap();
        let data: Value = serde_json::from_str(room["participants"][0]["data"].as_str().unwrap()).unwrap();
        assert_eq!(data, json!({"userId": meeting.operator.id, "role": "operator", "name": "Ann Öberg"}));
    }
}

#[tokio::test]
async fn a_token_of_a_hosted_project_is_verified_without_a_call() {
    let meeting = Meeting::planned(0).await;
    let stack = &meeting.stack;
    let claims = stack.hosted_claims(&meeting.operator);
    let mut expired = claims.clone();
    expired["exp"] = json!(1_700_000_000);
    let request = stack.function(FUNCTION).json(&json!({"meetingId": meeting.id}));
    let valid = stack.hosted_token(Algorithm::Es256, &claims).await;
    let (signed, _) = valid.rsplit_once('.').unwrap();
    let other_signature = stack.hosted_token(Algorithm::Es256, &expired).await;
    let forged = format!("{signed}.{}", other_signature.rsplit('.').next().unwrap());
    for refused in [&other_signature, &forged] {
        let answer = request.clone().token(refused).send().await;
        answer.refused(401, "unauthenticated");
        assert_eq!(calls(stack, &answer).await, [""; 0]);
    }
    meeting.assert_untouched("scheduled").await;
    for _ in 0..2 {
        let answer = request.clone().token(&valid).send().await;
        answer.expect(200);
        let asked = calls(stack, &answer).await;
        assert!(!asked.contains(&"user".to_owned()), "{asked:?}");
    }
}

#[tokio::test]
async fn whoever_is_early_starts_nothing() {
    let meeting = Meeting::planned(60).await;
    let waiting = meeting.token(&meeting.customer.person).await;
    waiting.refused(409, "waiting_for_operator");
    assert_eq!(waiting.header("retry-after"), Some("5"));
    meeting.assert_untouched("scheduled").await;
    meeting.token(&meeting.operator).await.expect(200);
    let row = meeting.row().await;
    assert_eq!((&row["status"], row["session_id"].is_string()), (&json!("scheduled"), true), "the room is tried out");
    meeting.token(&meeting.customer.person).await.refused(409, "waiting_for_operator");
    assert_eq!(meeting.told(&meeting.customer.person).await, 0);
}

#[tokio::test]
async fn a_client_who_finds_the_operator_there_starts_the_meeting() {
    let meeting = Meeting::planned(60).await;
    let token = meeting.token(&meeting.operator).await.expect(200)["token"].as_str().unwrap().to_owned();
    meeting.stack.join_room(&token).await.received();
    let due = "update public.meetings set scheduled_at = now() where id = $1";
    meeting.stack.sql(due, &[&meeting.id]).await;
    meeting.token(&meeting.customer.person).await.expect(200);
    assert_eq!(meeting.row().await["status"], "in_progress");
}

#[tokio::test]
async fn nobody_enters_what_is_over_or_another_operators() {
    for status in ["cancelled", "completed"] {
        let meeting = Meeting::planned(0).await;
        for status in if status == "completed" { vec!["in_progress", status] } else { vec![status] } {
            let update = "update public.meetings set status = $2 where id = $1";
            meeting.stack.sql(update, &[&meeting.id, &status]).await;
        }
        for person in [&meeting.operator, &meeting.customer.person] {
            meeting.token(person).await.refused(409, "meeting_closed");
        }
        meeting.assert_untouched(status).await;
    }
    let meeting = Meeting::planned(0).await;
    let other = meeting.stack.operator().await;
    let change = "update public.clients set operator_id = $2 where id = $1";
    meeting.stack.sql(change, &[&meeting.customer.record, &other.id]).await;
    for person in [&meeting.operator, &meeting.customer.person] {
        meeting.token(person).await.refused(409, "operator_changed");
    }
    meeting.token(&other).await.refused(404, "meeting_not_found");
    meeting.assert_untouched("scheduled").await;
}

#[tokio::test]
async fn whoever_is_no_party_or_not_signed_in_learns_nothing() {
    let meeting = Meeting::planned(0).await;
    let stack = &meeting.stack;
    for other in
        [stack.person("admin").await, stack.operator().await, stack.customer_of(&meeting.operator).await.person]
    {
        let refused = meeting.token(&other).await.refused(404, "meeting_not_found");
        assert_eq!(refused["field"], "meetingId");
    }
    let unknown = json!({"meetingId": Uuid::new_v4()});
    stack.function(FUNCTION).by(&meeting.operator).json(&unknown).send().await.refused(404, "meeting_not_found");
    let request = stack.function(FUNCTION).json(&json!({"meetingId": meeting.id}));
    assert_for_users_only(stack, request, &meeting.operator).await;
    meeting.assert_untouched("scheduled").await;
}

#[tokio::test]
async fn what_is_no_meeting_id_is_refused_before_the_database_is_asked() {
    let meeting = Meeting::planned(0).await;
    for (body, field) in [
        (json!({}), "meetingId"),
        (json!({"meetingId": null}), "meetingId"),
        (json!({"meetingId": "room"}), "meetingId"),
        (json!({"meetingId": 7}), "meetingId"),
        (json!({"meetingId": meeting.id, "role": "operator"}), "role"),
    ] {
        let answer = meeting.stack.function(FUNCTION).by(&meeting.operator).json(&body).send().await;
        assert_eq!(answer.refused(422, "invalid_field")["field"], field, "{body}");
        assert_eq!(database_calls(&meeting.stack, &answer).await, [""; 0], "{body}");
    }
    assert_json_only(&meeting.stack, FUNCTION, &meeting.operator).await;
    meeting.assert_untouched("scheduled").await;
}

#[tokio::test]
async fn openvidu_2_that_fails_is_said_to_have_failed() {
    let meeting = Meeting::planned(0).await;
    if has_livekit(&meeting.stack) {
        return;
    }
    meeting.token(&meeting.operator).await.expect(200);
    let room = meeting.room().await;
    let raw = |body: &str| RoomFault::Raw { status: 200, body: body.to_owned() };
    for (fault, status, code) in [
        (RoomFault::Status { status: 503 }, 502, "provider_failed"),
        (RoomFault::Status { status: 401 }, 502, "provider_failed"),
        (raw("{}"), 502, "provider_failed"),
        (raw("<html>"), 502, "provider_failed"),
        (RoomFault::Delay { ms: 4_000 }, 504, "provider_timed_out"),
    ] {
        meeting.stack.room_fault(&room, RoomOperation::Admit, fault, 1).await;
        let answer = meeting.token(&meeting.operator).await;
        answer.refused(status, code);
        assert!(!answer.text.to_lowercase().contains("openvidu"), "{}", answer.text);
    }
    let token = meeting.token(&meeting.operator).await.expect(200)["token"].as_str().unwrap().to_owned();
    meeting.stack.join_room(&token).await.received();
}
