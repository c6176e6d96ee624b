//! Who gets into a room, as what, and what that costs.

use chrono::Utc;
use convene_tests::harness::{Person, RoomFault, RoomOperation};
use convene_tests::tokens::claims;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Meeting, has_livekit};
use crate::calls;

/// The answer's token, of which an app needs to know nothing.
fn token(answer: &Value) -> &str {
    answer["token"].as_str().unwrap()
}

/// Who is in the room, and as what.
async fn roles(meeting: &Meeting) -> Vec<Value> {
    let room = meeting.stack.room(&meeting.room).await.unwrap();
    room["participants"].as_array().unwrap().iter().map(|participant| participant["role"].clone()).collect()
}

#[tokio::test]
async fn the_operator_moderates_and_the_client_takes_part() {
    let meeting = Meeting::due().await;
    for person in [&meeting.operator, &meeting.customer.person] {
        meeting.enter(person).await;
    }
    let taking_part = json!({"room": meeting.room, "roomJoin": true, "canPublish": true, "canSubscribe": true, "canPublishData": true});
    let roles = roles(&meeting).await;
    if has_livekit(&meeting.stack) {
        for (role, moderates) in roles.iter().zip([true, false]) {
            for (grant, value) in taking_part.as_object().unwrap() {
                assert_eq!(&role[grant], value, "{grant} of {role}");
            }
            assert_eq!(role["roomAdmin"], moderates);
            for grant in ["roomCreate", "roomList", "roomRecord", "hidden"] {
                assert_eq!(role[grant], false, "{grant} of {role}");
            }
        }
    } else {
        assert_eq!(roles, ["MODERATOR", "PUBLISHER"]);
    }
}

#[tokio::test]
async fn a_token_of_livekit_comes_with_its_address_and_lasts_two_minutes() {
    let meeting = Meeting::due().await;
    if !has_livekit(&meeting.stack) {
        return;
    }
    let before = Utc::now().timestamp();
    let answer = meeting.token(&meeting.operator).await.expect(200);
    let address = meeting.stack.variable("LIVEKIT_URL").replacen("http", "ws", 1);
    assert_eq!((&answer["url"], &answer["sessionId"]), (&json!(address), &json!(meeting.room)));
    assert_eq!(answer.as_object().unwrap().len(), 3, "{answer}");
    let said = claims(token(&answer));
    let issued = said["nbf"].as_i64().unwrap();
    assert!((before..=Utc::now().timestamp()).contains(&issued), "{said}");
    assert_eq!(said["exp"], issued + 120);
}

#[tokio::test]
async fn a_connection_of_openvidu_2_says_who_it_is_for_and_works_once() {
    let meeting = Meeting::due().await;
    if has_livekit(&meeting.stack) {
        return;
    }
    let answer = meeting.token(&meeting.operator).await.expect(200);
    assert_eq!(answer["sessionId"], meeting.room);
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    meeting.stack.join_room(token(&answer)).await;
    assert_eq!(meeting.stack.try_to_join_room(token(&answer)).await.status, 403);
    let room = meeting.stack.room(&meeting.room).await.unwrap();
    let data: Value = serde_json::from_str(room["participants"][0]["data"].as_str().unwrap()).unwrap();
    assert_eq!((&data["userId"], &data["role"]), (&json!(meeting.operator.id), &json!("operator")));
}

#[tokio::test]
async fn a_token_costs_as_few_calls_as_can_be() {
    let meeting = Meeting::due().await;
    let livekit = has_livekit(&meeting.stack);
    let first = meeting.token(&meeting.operator).await;
    first.expect(200);
    assert_eq!(calls(&meeting.stack, &first).await, ["join_meeting"]);
    let missing =
        [(RoomOperation::Admit, Some(404)), (RoomOperation::Open, Some(200)), (RoomOperation::Admit, Some(200))];
    assert_eq!(meeting.asked().await, if livekit { &[][..] } else { &missing });
    let second = meeting.token(&meeting.customer.person).await;
    second.expect(200);
    assert_eq!(calls(&meeting.stack, &second).await, ["join_meeting"]);
    let open = [(RoomOperation::Admit, Some(200))];
    assert_eq!(meeting.asked().await, if livekit { vec![] } else { [&missing[..], &open].concat() });
}

#[tokio::test]
async fn a_session_that_somebody_else_opened_meanwhile_is_as_good() {
    let meeting = Meeting::due().await;
    meeting.stack.sql("update public.meetings set status = 'in_progress' where id = $1", &[&meeting.id]).await;
    // Both find it missing, both open it.
    meeting.stack.room_fault(&meeting.room, RoomOperation::Open, RoomFault::DelayBefore { ms: 300 }, 2).await;
    let people = [&meeting.operator, &meeting.customer.person];
    for answer in join_all(people.map(|person| meeting.token(person))).await {
        meeting.stack.join_room(token(&answer.expect(200))).await.received();
    }
    if !has_livekit(&meeting.stack) {
        let mut opened: Vec<_> =
            meeting.asked().await.into_iter().filter(|(operation, _)| *operation == RoomOperation::Open).collect();
        opened.sort_by_key(|(_, status)| *status);
        assert_eq!(opened, [(RoomOperation::Open, Some(200)), (RoomOperation::Open, Some(409))]);
    }
    assert_eq!(roles(&meeting).await.len(), 2);
}

#[tokio::test]
async fn the_same_person_in_a_second_window_gets_in() {
    let meeting = Meeting::due().await;
    for _ in 0..2 {
        meeting.enter(&meeting.operator).await;
    }
    // LiveKit shows the first window the door.
    assert_eq!(roles(&meeting).await.len(), if has_livekit(&meeting.stack) { 1 } else { 2 });
    assert_eq!(meeting.attendance().await.len(), 2);
}

#[tokio::test]
async fn whoever_is_no_party_learns_nothing() {
    let meeting = Meeting::untouched(0).await;
    let stack = &meeting.stack;
    let other_operator = stack.operator().await;
    let others = [
        stack.person("client").await,
        stack.customer_of(&meeting.operator).await.person,
        stack.customer_of(&other_operator).await.person,
        stack.person("admin").await,
        other_operator,
    ];
    for function in ["get-openvidu-token", "start-meeting", "end-meeting"] {
        for other in &others {
            meeting.press(function).by(other).send().await.refused(404, "meeting_not_found");
        }
        let unknown = json!({"meetingId": uuid::Uuid::new_v4()});
        stack.function(function).by(&meeting.operator).json(&unknown).send().await.refused(404, "meeting_not_found");
    }
    assert_eq!(meeting.asked().await, []);
    assert_eq!(meeting.row().await["session_id"], Value::Null);
}

#[tokio::test]
async fn whoever_is_not_signed_in_causes_no_call() {
    let meeting = Meeting::due().await;
    for function in ["get-openvidu-token", "start-meeting", "end-meeting"] {
        for request in [meeting.press(function), meeting.press(function).token("nonsense")] {
            let answer = request.send().await;
            answer.refused(401, "unauthenticated");
            assert!(calls(&meeting.stack, &answer).await.is_empty());
        }
    }
    assert_eq!(meeting.asked().await, []);
}

#[tokio::test]
async fn what_is_no_meeting_id_causes_no_call() {
    let meeting = Meeting::due().await;
    for function in ["get-openvidu-token", "start-meeting", "end-meeting"] {
        for body in [
            json!({}),
            json!({"meetingId": null}),
            json!({"meetingId": "room"}),
            json!({"meetingId": meeting.id, "role": "operator"}),
            json!({"meeting_id": meeting.id}),
        ] {
            let answer = meeting.stack.function(function).by(&meeting.operator).json(&body).send().await;
            answer.refused(422, "invalid_field");
            assert!(calls(&meeting.stack, &answer).await.is_empty(), "{function} {body}");
        }
    }
}

#[tokio::test]
async fn nobody_enters_what_is_over() {
    for status in ["cancelled", "completed"] {
        let meeting = Meeting::due().await;
        if status == "completed" {
            meeting.set_status("in_progress").await;
        }
        meeting.set_status(status).await;
        for person in [&meeting.operator, &meeting.customer.person] {
            meeting.token(person).await.refused(409, "meeting_closed");
        }
        meeting.press("start-meeting").by(&meeting.operator).send().await.refused(409, "meeting_closed");
        assert_eq!(meeting.asked().await, [], "{status}");
    }
}

#[tokio::test]
async fn the_client_waits_for_the_operator() {
    let meeting = Meeting::due().await;
    let client = &meeting.customer.person;
    let waiting = meeting.token(client).await;
    waiting.refused(409, "waiting_for_operator");
    assert!(waiting.header("retry-after").unwrap().parse::<u32>().unwrap() > 0, "{waiting:?}");
    assert_eq!(meeting.asked().await, []);
    meeting.enter(&meeting.operator).await;
    assert_eq!((meeting.status().await.as_str(), meeting.notices(client, "meeting_started").await), ("in_progress", 1));
    meeting.enter(client).await;
}

#[tokio::test]
async fn an_operator_who_is_early_tries_the_room_out() {
    let meeting = Meeting::planned(60).await;
    meeting.enter(&meeting.operator).await;
    assert_eq!(meeting.status().await, "scheduled");
    meeting.token(&meeting.customer.person).await.refused(409, "waiting_for_operator");
}

#[tokio::test]
async fn openvidu_2_that_is_away_or_talks_nonsense_is_said_to_have_failed() {
    let meeting = Meeting::due().await;
    if has_livekit(&meeting.stack) {
        return;
    }
    let nonsense = |body: &str| RoomFault::Raw { status: 200, body: body.to_owned() };
    for (operation, fault, status, code) in [
        (RoomOperation::Admit, RoomFault::Status { status: 503 }, 502, "provider_failed"),
        (RoomOperation::Admit, RoomFault::Status { status: 401 }, 502, "provider_failed"),
        (RoomOperation::Admit, RoomFault::DropAnswer, 502, "provider_failed"),
        (RoomOperation::Admit, nonsense("{}"), 502, "provider_failed"),
        (RoomOperation::Admit, nonsense("<html>"), 502, "provider_failed"),
        (RoomOperation::Admit, RoomFault::Delay { ms: 4_000 }, 504, "provider_timed_out"),
        (RoomOperation::Open, RoomFault::Status { status: 500 }, 502, "provider_failed"),
        (RoomOperation::Open, RoomFault::DropRequest, 502, "provider_failed"),
        (RoomOperation::Open, RoomFault::Delay { ms: 4_000 }, 504, "provider_timed_out"),
    ] {
        meeting.stack.room_fault(&meeting.room, operation, fault.clone(), 1).await;
        let answer = meeting.token(&meeting.operator).await;
        answer.refused(status, code);
        let said = answer.json()["error"].to_string().to_lowercase();
        assert!(!said.contains("openvidu") && !said.contains("50"), "{said}");
        // What was opened although nobody heard of it is closed again for the next turn.
        if meeting.stack.room(&meeting.room).await.is_some() {
            meeting.stack.in_room("finish", json!({"room": meeting.room, "deliver": false})).await;
        }
    }
    meeting.enter(&meeting.operator).await;
}

/// Every row of every table, as text.
async fn rows_with(meeting: &Meeting, secret: &str) -> Vec<String> {
    let tables = "select format('%I.%I', table_schema, table_name) as name from information_schema.tables
        where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')";
    let mut found = Vec::new();
    for table in meeting.stack.rows(tables, &[]).await {
        let table = table["name"].as_str().unwrap().to_owned();
        let rows = format!("select 1 from {table} as t where strpos(t::text, $1) > 0");
        if meeting.stack.count(&rows, &[&secret]).await > 0 {
            found.push(table);
        }
    }
    found
}

#[tokio::test]
async fn no_token_is_kept_in_the_database() {
    let meeting = Meeting::due().await;
    assert!(!rows_with(&meeting, &meeting.room).await.is_empty(), "what is kept is found");
    let people: [&Person; 2] = [&meeting.operator, &meeting.customer.person];
    for person in people {
        let answer = meeting.token(person).await.expect(200);
        meeting.stack.join_room(token(&answer)).await.received();
        // The part that nobody can guess: LiveKit's signature, OpenVidu's `tok_...`.
        let secret = token(&answer).rsplit(['.', '=']).next().unwrap();
        assert!(secret.len() >= 16, "{secret}");
        assert_eq!(rows_with(&meeting, secret).await, Vec::<String>::new());
    }
}
