//! Ending a meeting for everybody, whatever state its room is in.

use convene_tests::harness::{RoomFault, RoomOperation};
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use super::{Meeting, has_livekit, time};
use crate::calls;

#[tokio::test]
async fn an_ended_meeting_has_its_duration_and_no_room() {
    let (meeting, _) = Meeting::under_way().await;
    let answer = meeting.end().await;
    let body = answer.expect(200);
    let ended = &body["meeting"];
    assert_eq!((&ended["status"], &body["openvidu"]), (&json!("completed"), &json!("done")));
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    let took = (time(ended, "ended_at") - time(ended, "started_at")).num_seconds();
    assert!((600..660).contains(&took), "{took}");
    assert!((ended["duration_seconds"].as_i64().unwrap() - took).abs() <= 1, "{ended}");
    assert_eq!(calls(&meeting.stack, &answer).await, ["end_meeting", "settle_outbox"]);
    assert_eq!(meeting.times(RoomOperation::Close).await, 1);
    assert_eq!(meeting.stack.room(&meeting.room).await, None);
    let effects = meeting.effects().await;
    assert_eq!((&effects[0]["status"], &effects[1]["status"]), (&json!("done"), &json!("pending")));
    assert_eq!(effects[1]["later"], true, "a token from before may open it again");
}

#[tokio::test]
async fn ending_twice_is_the_same_as_once() {
    let (meeting, _) = Meeting::under_way().await;
    meeting.end().await.expect(200);
    let ended = meeting.row().await;
    let again = meeting.end().await;
    let body = again.expect(200);
    assert_eq!((&body["meeting"]["ended_at"], body.get("openvidu")), (&ended["ended_at"], None));
    assert_eq!(calls(&meeting.stack, &again).await, ["end_meeting"]);
    assert_eq!(meeting.times(RoomOperation::Close).await, 1);
}

#[tokio::test]
async fn parallel_ends_close_the_room_once() {
    let (meeting, _) = Meeting::under_way().await;
    for answer in join_all((0..6).map(|_| meeting.end())).await {
        assert_eq!(answer.expect(200)["meeting"]["status"], "completed");
    }
    assert_eq!(meeting.times(RoomOperation::Close).await, 1);
    assert_eq!(meeting.effects().await.len(), 2);
}

#[tokio::test]
async fn a_room_that_is_gone_already_is_closed() {
    let (meeting, _) = Meeting::under_way().await;
    meeting.stack.in_room("finish", json!({"room": meeting.room, "deliver": false})).await;
    assert_eq!(meeting.end().await.expect(200)["openvidu"], "done");
    assert_eq!(meeting.asked().await.last(), Some(&(RoomOperation::Close, Some(404))));
}

#[tokio::test]
async fn a_meeting_without_a_room_is_ended_without_a_call() {
    let meeting = Meeting::untouched(0).await;
    meeting.set_status("in_progress").await;
    let body = meeting.end().await.expect(200);
    assert_eq!((&body["meeting"]["status"], body.get("openvidu")), (&json!("completed"), None));
    assert_eq!((meeting.asked().await, meeting.effects().await), (vec![], vec![]));
}

#[tokio::test]
async fn a_meeting_ends_although_its_room_cannot_be_closed_now() {
    for fault in [RoomFault::Status { status: 503 }, RoomFault::Status { status: 401 }, RoomFault::Delay { ms: 4_000 }]
    {
        let (meeting, _) = Meeting::under_way().await;
        meeting.stack.room_fault(&meeting.room, RoomOperation::Close, fault.clone(), 1).await;
        let body = meeting.end().await.expect(200);
        assert_eq!(
            (&body["meeting"]["status"], &body["openvidu"]),
            (&json!("completed"), &json!("pending")),
            "{fault:?}"
        );
        meeting.make_due().await;
        meeting.stack.deliver_until_settled(&meeting.operator).await;
        assert_eq!(meeting.stack.room(&meeting.room).await, None, "{fault:?}");
        assert!(meeting.effects().await.iter().all(|effect| effect["status"] == "done"), "{fault:?}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_the_room_to_the_outbox() {
    for fault in [RoomFault::DropRequest, RoomFault::DropAnswer] {
        let (meeting, _) = Meeting::under_way().await;
        meeting.stack.room_fault(&meeting.room, RoomOperation::Close, fault.clone(), 1).await;
        let body = meeting.end().await.expect(200);
        // Deno repeats a DELETE whose connection broke.
        let repeated = meeting.stack.variable("RUNTIME") == "deno" && !has_livekit(&meeting.stack);
        assert_eq!(body["openvidu"], if repeated { "done" } else { "pending" }, "{fault:?}");
        meeting.make_due().await;
        meeting.stack.deliver_until_settled(&meeting.operator).await;
        assert_eq!(meeting.stack.room(&meeting.room).await, None, "{fault:?}");
    }
}

#[tokio::test]
async fn an_end_whose_effect_is_not_settled_is_settled_by_the_outbox() {
    let (meeting, _) = Meeting::under_way().await;
    let request = meeting.press("end-meeting").by(&meeting.operator);
    let fault = convene_tests::harness::SupabaseFault::DropRequest;
    meeting.stack.supabase_fault(request.request_id(), "settle_outbox", fault, 1).await;
    assert_eq!(request.send().await.expect(200)["meeting"]["status"], "completed");
    meeting.make_due().await;
    meeting.stack.deliver_until_settled(&meeting.operator).await;
    assert!(meeting.effects().await.iter().all(|effect| effect["status"] == "done"));
}

#[tokio::test]
async fn a_meeting_that_the_app_completes_or_cancels_loses_its_room() {
    for (status, minutes) in [("completed", 0), ("cancelled", 60)] {
        let meeting = Meeting::planned(minutes).await;
        meeting.enter(&meeting.operator).await;
        let row = format!("meetings?id=eq.{}", meeting.id);
        let change = json!({"status": status});
        let answer = meeting.stack.rest(Method::PATCH, &row).by(&meeting.operator).json(&change).send().await;
        assert!(answer.status < 300, "{answer:?}");
        meeting.stack.deliver_what_is_due(&meeting.operator).await;
        assert_eq!(meeting.stack.room(&meeting.room).await, None, "{status}");
    }
}

#[tokio::test]
async fn only_the_operator_ends_a_meeting_and_only_one_that_has_begun() {
    let meeting = Meeting::planned(60).await;
    meeting.press("end-meeting").by(&meeting.customer.person).send().await.refused(403, "not_the_operator");
    meeting.end().await.refused(409, "invalid_transition");
    meeting.set_status("cancelled").await;
    meeting.end().await.refused(409, "invalid_transition");
    assert_eq!((meeting.status().await.as_str(), meeting.asked().await), ("cancelled", vec![]));
}

#[tokio::test]
async fn a_token_from_before_the_end_opens_no_room_for_long() {
    let (meeting, _) = Meeting::under_way().await;
    let token = meeting.token(&meeting.customer.person).await.expect(200)["token"].as_str().unwrap().to_owned();
    meeting.end().await.expect(200);
    if !has_livekit(&meeting.stack) {
        assert_eq!(meeting.stack.try_to_join_room(&token).await.status, 403, "it went with its session");
        return;
    }
    let entered = meeting.stack.join_room(&token).await;
    entered.received();
    // From here on, any test's delivery may close it.
    assert_eq!(entered.events[0].name(), "room_started");
    meeting.stack.deliver_what_is_due(&meeting.operator).await;
    assert_eq!(meeting.stack.room(&meeting.room).await, None);
    assert_eq!(meeting.status().await, "completed");
}

#[tokio::test]
async fn what_openvidu_tells_of_the_end_that_was_asked_of_it_changes_nothing() {
    let (meeting, _) = Meeting::under_way().await;
    let told_before = meeting.stack.room_events(&meeting.room).await.len();
    let ended = meeting.end().await.expect(200)["meeting"].clone();
    let mut told = Vec::new();
    for _ in 0..100 {
        told = meeting.stack.room_events(&meeting.room).await.split_off(told_before);
        if told.len() == 3 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(told.len(), 3, "two left, and the room is gone: {told:?}");
    assert!(told.iter().all(|event| event.status == Some(200)), "{told:?}");
    let row = meeting.row().await;
    for field in ["status", "ended_at", "duration_seconds"] {
        assert_eq!(row[field], ended[field], "{field}");
    }
    assert!(meeting.attendance().await.iter().all(|stay| stay["left_at"] != Value::Null));
    assert_eq!(meeting.times(RoomOperation::Close).await, 1);
}
