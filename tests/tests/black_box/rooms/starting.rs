//! Starting a meeting without entering it.

use convene_tests::harness::{RoomFault, RoomOperation};
use futures_util::future::join_all;
use serde_json::json;

use super::{Meeting, has_livekit, time};
use crate::calls;

#[tokio::test]
async fn a_started_meeting_has_an_open_room_and_the_client_hears_of_it() {
    let meeting = Meeting::planned(30).await;
    let answer = meeting.press("start-meeting").by(&meeting.operator).send().await;
    let started = answer.expect(200)["meeting"].clone();
    assert_eq!((&started["status"], &started["session_id"]), (&json!("in_progress"), &json!(meeting.room)));
    assert_eq!(started, meeting.row().await);
    time(&started, "started_at");
    assert_eq!(calls(&meeting.stack, &answer).await, ["open_meeting_room", "start_meeting"]);
    assert_eq!(meeting.asked().await, [(RoomOperation::Open, Some(200))]);
    let room = meeting.stack.room(&meeting.room).await.unwrap();
    assert_eq!(room["participants"], json!([]));
    if has_livekit(&meeting.stack) {
        assert_eq!((&room["empty_timeout"], &room["departure_timeout"]), (&json!(600), &json!(600)));
    }
    assert_eq!(meeting.notices(&meeting.customer.person, "meeting_started").await, 1);
    meeting.enter(&meeting.customer.person).await;
}

#[tokio::test]
async fn starting_twice_is_the_same_as_once() {
    let meeting = Meeting::due().await;
    let start = || meeting.press("start-meeting").by(&meeting.operator).send();
    let first = start().await.expect(200);
    let together = join_all((0..4).map(|_| start())).await;
    for again in together {
        assert_eq!(again.expect(200), first);
    }
    assert_eq!(meeting.notices(&meeting.customer.person, "meeting_started").await, 1);
    assert!(meeting.asked().await.iter().all(|(operation, _)| *operation == RoomOperation::Open));
}

#[tokio::test]
async fn a_meeting_that_the_operator_has_entered_is_started() {
    let meeting = Meeting::due().await;
    meeting.enter(&meeting.operator).await;
    let entered = meeting.row().await;
    let started = meeting.press("start-meeting").by(&meeting.operator).send().await.expect(200);
    assert_eq!(started["meeting"], entered);
}

#[tokio::test]
async fn the_client_does_not_start_a_meeting() {
    let meeting = Meeting::due().await;
    meeting.press("start-meeting").by(&meeting.customer.person).send().await.refused(403, "not_the_operator");
    assert_eq!((meeting.status().await.as_str(), meeting.asked().await), ("scheduled", vec![]));
}

#[tokio::test]
async fn a_meeting_whose_room_cannot_be_opened_has_not_begun() {
    for (fault, status, code) in [
        (RoomFault::Status { status: 503 }, 502, "provider_failed"),
        (RoomFault::Status { status: 401 }, 502, "provider_failed"),
        (RoomFault::DropRequest, 502, "provider_failed"),
        (RoomFault::DropAnswer, 502, "provider_failed"),
        (RoomFault::DelayBefore { ms: 4_000 }, 504, "provider_timed_out"),
    ] {
        let meeting = Meeting::due().await;
        meeting.stack.room_fault(&meeting.room, RoomOperation::Open, fault.clone(), 1).await;
        let start = || meeting.press("start-meeting").by(&meeting.operator).send();
        start().await.refused(status, code);
        assert_eq!(meeting.status().await, "scheduled", "{fault:?}");
        assert_eq!(meeting.notices(&meeting.customer.person, "meeting_started").await, 0, "{fault:?}");
        start().await.expect(200);
        assert_eq!(meeting.notices(&meeting.customer.person, "meeting_started").await, 1, "{fault:?}");
    }
}
