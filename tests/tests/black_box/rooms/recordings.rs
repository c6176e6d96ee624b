//! Recordings: LiveKit tells where one is, OpenVidu 2 has to be asked.

use convene_tests::harness::{RoomFault, RoomOperation};
use serde_json::Value;

use super::{Meeting, has_livekit};

impl Meeting {
    async fn recording_url(&self) -> Value {
        self.row().await["recording_url"].clone()
    }

    /// Has the outbox ask what there is to be asked.
    async fn fetch(&self) {
        self.make_due().await;
        self.stack.deliver_until_settled(&self.operator).await;
    }
}

#[tokio::test]
async fn a_recording_that_is_ready_is_the_meetings() {
    let (meeting, _) = Meeting::under_way().await;
    let told = meeting.stack.record_room(&meeting.room).await;
    told.received();
    if has_livekit(&meeting.stack) {
        let ended = told.event("egress_ended").json();
        assert_eq!(meeting.recording_url().await, ended["egressInfo"]["fileResults"][0]["location"]);
        assert_eq!(meeting.effects().await, Vec::<Value>::new());
        return;
    }
    assert_eq!(meeting.recording_url().await, Value::Null);
    meeting.fetch().await;
    let url = meeting.recording_url().await;
    assert!(url.as_str().unwrap().starts_with("https://openvidu.example/openvidu/recordings/"), "{url}");
    assert_eq!(meeting.times(RoomOperation::GetRecording).await, 1);
}

#[tokio::test]
async fn a_recording_is_found_after_the_end_of_its_meeting() {
    let (meeting, _) = Meeting::under_way().await;
    let told = meeting.stack.in_room("record", serde_json::json!({"room": meeting.room, "deliver": false})).await;
    meeting.end().await.expect(200);
    for event in &told.events {
        meeting.stack.tell_again(event).send().await.expect(200);
    }
    meeting.fetch().await;
    assert!(meeting.recording_url().await.is_string());
}

#[tokio::test]
async fn a_recording_that_is_told_again_is_no_other() {
    let (meeting, _) = Meeting::under_way().await;
    let first = meeting.stack.record_room(&meeting.room).await;
    meeting.fetch().await;
    let url = meeting.recording_url().await;
    for event in first.events.iter().rev() {
        meeting.stack.tell_again(event).send().await.expect(200);
    }
    meeting.fetch().await;
    assert_eq!(meeting.recording_url().await, url);

    // Events have whole seconds in LiveKit.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let second = meeting.stack.record_room(&meeting.room).await;
    meeting.fetch().await;
    let newer = meeting.recording_url().await;
    assert_ne!(newer, url);
    for event in first.events.iter().chain(&second.events) {
        meeting.stack.tell_again(event).send().await.expect(200);
    }
    meeting.fetch().await;
    assert_eq!(meeting.recording_url().await, newer, "the older one does not come back");
}

#[tokio::test]
async fn a_recording_that_cannot_be_asked_for_now_is_asked_for_later() {
    let (meeting, _) = Meeting::under_way().await;
    if has_livekit(&meeting.stack) {
        return;
    }
    let fault = async |fault| {
        meeting.stack.room_fault(&meeting.room, RoomOperation::GetRecording, fault, 1).await;
    };
    fault(RoomFault::Status { status: 503 }).await;
    fault(RoomFault::Delay { ms: 4_000 }).await;
    meeting.stack.record_room(&meeting.room).await.received();
    for tries in 1..=2 {
        meeting.make_due().await;
        meeting.stack.deliver_what_is_due(&meeting.operator).await;
        assert_eq!(
            (meeting.recording_url().await, meeting.times(RoomOperation::GetRecording).await),
            (Value::Null, tries)
        );
    }
    meeting.fetch().await;
    assert!(meeting.recording_url().await.is_string());
}
