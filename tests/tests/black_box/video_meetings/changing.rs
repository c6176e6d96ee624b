//! Ending and cancelling.

use serde_json::json;

use super::Meeting;
use crate::calls;

#[tokio::test]
async fn the_tutor_ends_a_meeting_and_twice_is_the_same() {
    let meeting = Meeting::due().await;
    meeting.join("tutor").by(&meeting.tutor).send().await.expect(200);
    let without_body = meeting.stack.function(&format!("video-meetings/meetings/{}/end", meeting.id));
    for request in [without_body, meeting.post("end", &json!({}))] {
        let answer = request.by(&meeting.tutor).send().await;
        let ended = answer.expect(200);
        assert_eq!((&ended["meetingId"], &ended["status"]), (&json!(meeting.id), &json!("completed")));
        assert_eq!(calls(&meeting.stack, &answer).await, ["change_video_meeting"]);
    }
    meeting.post("cancel", &json!({})).by(&meeting.tutor).send().await.refused(409, "invalid_transition");
    meeting.join("student").by(&meeting.student).send().await.refused(409, "meeting_over");
    meeting.enter(&meeting.passcode).send().await.refused(404, "meeting_not_found");
    assert!(meeting.people().await.iter().all(|seat| seat["is_there"] == false), "nobody is in what is over");
}

#[tokio::test]
async fn the_tutor_cancels_what_has_not_begun() {
    let meeting = Meeting::planned(60).await;
    meeting.post("end", &json!({})).by(&meeting.tutor).send().await.refused(409, "invalid_transition");
    for _ in 0..2 {
        let cancelled = meeting.post("cancel", &json!({})).by(&meeting.tutor).send().await.expect(200);
        assert_eq!(cancelled["status"], "cancelled");
    }
    meeting.join("student").by(&meeting.student).send().await.refused(409, "meeting_cancelled");
    let told = "select 1 from public.notifications where user_id = $1 and type = 'video_meeting_cancelled'";
    assert_eq!(meeting.stack.count(told, &[&meeting.student.id]).await, 1);
}

#[tokio::test]
async fn nobody_else_changes_a_meeting() {
    let meeting = Meeting::due().await;
    for person in [&meeting.student, &meeting.stack.person("tutor").await, &meeting.stack.person("admin").await] {
        for change in ["end", "cancel"] {
            meeting.post(change, &json!({})).by(person).send().await.refused(404, "meeting_not_found");
        }
    }
    for change in ["end", "cancel"] {
        let answer = meeting.post(change, &json!({"passcode": meeting.passcode})).send().await;
        answer.refused(401, "unauthenticated");
        assert!(calls(&meeting.stack, &answer).await.is_empty());
    }
    assert_eq!(meeting.status().await, "pending");
}
