//! Who sees a meeting, and how much of it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Meeting, told};
use crate::calls;

fn fields(value: &Value) -> Vec<&String> {
    let mut fields: Vec<_> = value.as_object().unwrap().keys().collect();
    fields.sort();
    fields
}

#[tokio::test]
async fn the_parties_and_admins_read_a_meeting_with_its_passcode() {
    let meeting = Meeting::due().await;
    for person in [&meeting.tutor, &meeting.student, &meeting.stack.person("admin").await] {
        let answer = meeting.get("").by(person).send().await;
        let read = answer.expect(200);
        assert_eq!((&read["meetingId"], &read["passcode"]), (&json!(meeting.id), &json!(meeting.passcode)));
        assert_eq!((&read["tutorId"], &read["studentId"]), (&json!(meeting.tutor.id), &json!(meeting.student.id)));
        assert_eq!(calls(&meeting.stack, &answer).await, ["read_video_meeting"]);
    }
}

#[tokio::test]
async fn who_has_the_passcode_reads_when_it_is_and_nothing_else() {
    let meeting = Meeting::due().await;
    let stranger = meeting.stack.person("student").await;
    let by_passcode = || meeting.get("").header("x-meeting-passcode", &meeting.passcode);
    let key = meeting.stack.variable("PUBLISHABLE_KEY").to_owned();
    for request in [by_passcode(), by_passcode().by(&stranger), by_passcode().token(&key)] {
        let answer = request.send().await;
        assert_eq!(fields(&answer.expect(200)), ["meetingId", "scheduledEnd", "scheduledStart", "status"]);
        assert_eq!(calls(&meeting.stack, &answer).await, ["read_video_meeting"]);
    }
}

#[tokio::test]
async fn others_find_no_meeting() {
    let mut meeting = Meeting::due().await;
    let (stranger, admin) = (meeting.stack.person("tutor").await, meeting.stack.person("admin").await);
    let refused = meeting.get("").send().await;
    refused.refused(404, "meeting_not_found");
    assert_eq!(told(&meeting.get("").by(&stranger).send().await), told(&refused));
    // An admin reads, and is no party.
    assert_eq!(told(&meeting.join("guest").by(&admin).send().await), told(&refused));
    // Nor where there is none.
    meeting.id = "MID-0000000000000000".to_owned();
    for request in [meeting.get(""), meeting.get("").by(&meeting.tutor), meeting.get("").by(&admin)] {
        assert_eq!(told(&request.send().await), told(&refused));
    }
}

#[tokio::test]
async fn who_was_signed_in_is_never_taken_for_a_guest() {
    let meeting = Meeting::due().await;
    for request in [
        meeting.get("").header("x-meeting-passcode", &meeting.passcode),
        meeting.enter(&meeting.passcode),
        meeting.post("leave", &json!({})),
        meeting.post("mute", &json!({"isMuted": true})),
        meeting.post("remove", &json!({"participantId": Uuid::new_v4()})),
        meeting.get("/participants"),
        meeting.post("end", &json!({})),
    ] {
        let answer = request.token("eyJhbGciOiJIUzI1NiJ9.e30.x").send().await;
        answer.refused(401, "unauthenticated");
        assert!(calls(&meeting.stack, &answer).await.is_empty());
    }
}
