//! Cancelling and ending a session: that stands at once, and the meeting follows, now or by the outbox.

use super::*;

#[tokio::test]
async fn a_cancelled_session_loses_its_meeting_at_once() {
    let planned = Planned::at_zoom().await;
    let answer = planned.change("cancel", json!({})).await;
    let changed = answer.expect(200);
    assert_eq!((&changed["session"]["status"], &changed["zoom"]), (&json!("cancelled"), &json!("done")));
    assert_eq!(planned.status().await, "cancelled");
    assert!(planned.meeting().await.is_none());
    assert_eq!(calls(&planned.stack, &answer).await, ["begin_session_change", "settle_outbox"]);
    assert_eq!(planned.asked().await, [Operation::DeleteMeeting]);
    assert!(planned.effects().await.is_empty());
    assert_eq!(planned.notices("video_session_cancelled").await, 1);

    let again = planned.change("cancel", json!({})).await.expect(200);
    assert_eq!(again["session"]["id"], json!(planned.id));
    assert_eq!(again["session"]["status"], "cancelled");
    assert_eq!(planned.asked().await, [Operation::DeleteMeeting]);
    assert_eq!(planned.notices("video_session_cancelled").await, 1);
    for action in ["reschedule", "start", "end"] {
        planned.change(action, body_of(action)).await.refused(409, "invalid_transition");
    }
}

#[tokio::test]
async fn a_cancel_stands_whatever_zoom_says_and_the_outbox_finishes_it() {
    for fault in [
        ZoomFault::Status { status: 503 },
        ZoomFault::DropRequest,
        ZoomFault::DropAnswer,
        ZoomFault::Delay { ms: 4_000 },
        ZoomFault::RateLimit { retry_after: None },
    ] {
        let planned = Planned::at_zoom().await;
        let what = format!("{fault:?}");
        let at_zoom = if is_hidden_by_runtime(&planned.stack, &fault) { "done" } else { "pending" };
        planned.fault(Operation::DeleteMeeting, fault).await;
        let changed = planned.change("cancel", json!({})).await.expect(200);
        assert_eq!((&changed["session"]["status"], &changed["zoom"]), (&json!("cancelled"), &json!(at_zoom)), "{what}");
        planned.outbox_catches_up().await;
        assert!(planned.meeting().await.is_none(), "{what}");
    }
}

#[tokio::test]
async fn a_meeting_that_is_gone_is_cancelled() {
    let planned = Planned::at_zoom().await;
    let gone = ZoomFault::Error { status: 404, code: 3001, message: "Meeting does not exist".to_owned() };
    planned.fault(Operation::DeleteMeeting, gone).await;
    assert_eq!(planned.change("cancel", json!({})).await.expect(200)["zoom"], "done");
    assert!(planned.effects().await.is_empty());
}

#[tokio::test]
async fn cancelling_a_session_whose_meeting_runs_ends_the_meeting() {
    let planned = Planned::at_zoom().await;
    // A week ahead: the host tries the meeting out, and the session stays scheduled.
    planned.happens("start").await;
    assert_eq!(planned.status().await, "scheduled");
    planned.change("cancel", json!({})).await.expect(200);
    planned.outbox_catches_up().await;
    assert!(planned.asked().await.contains(&Operation::EndMeeting));
    assert_ne!(planned.meeting().await.map(|meeting| meeting["status"].clone()), Some(json!("started")));
}

#[tokio::test]
async fn an_ended_session_ends_its_meeting() {
    let planned = Planned::at_zoom().await;
    planned.change("end", json!({})).await.refused(409, "invalid_transition");
    planned.change("start", json!({})).await.expect(200);
    planned.happens("start").await;
    let answer = planned.change("end", json!({})).await;
    let ended = answer.expect(200);
    assert_eq!((&ended["session"]["status"], &ended["zoom"]), (&json!("ended"), &json!("done")));
    assert_eq!(calls(&planned.stack, &answer).await, ["begin_session_change", "settle_outbox"]);
    assert_eq!(planned.asked().await, [Operation::GetMeeting, Operation::EndMeeting]);
    assert_eq!(planned.meeting().await.unwrap()["status"], "waiting");

    let again = planned.change("end", json!({})).await.expect(200);
    assert_eq!((&again["session"]["id"], &again["session"]["status"]), (&json!(planned.id), &json!("ended")));
    assert_eq!(planned.asked().await.len(), 2);
    for action in ["reschedule", "start", "cancel"] {
        planned.change(action, body_of(action)).await.refused(409, "invalid_transition");
    }
}

#[tokio::test]
async fn ending_a_meeting_that_nobody_opened_is_done() {
    let planned = Planned::at_zoom().await;
    planned.change("start", json!({})).await.expect(200);
    assert_eq!(planned.change("end", json!({})).await.expect(200)["zoom"], "done");
    assert!(planned.effects().await.is_empty());
}

#[tokio::test]
async fn an_end_that_zoom_does_not_answer_is_finished_by_the_outbox() {
    let planned = Planned::at_zoom().await;
    planned.change("start", json!({})).await.expect(200);
    planned.happens("start").await;
    planned.fault(Operation::EndMeeting, ZoomFault::Status { status: 503 }).await;
    let ended = planned.change("end", json!({})).await.expect(200);
    assert_eq!((&ended["session"]["status"], &ended["zoom"]), (&json!("ended"), &json!("pending")));
    planned.outbox_catches_up().await;
    assert_eq!(planned.meeting().await.unwrap()["status"], "waiting");
}

#[tokio::test]
async fn without_zoom_a_host_can_still_cancel() {
    let planned = Planned::at_zoom().await;
    planned.stack.function("zoom-disconnect").by(&planned.host).json(&json!({})).send().await.expect(200);
    for action in ["reschedule", "start"] {
        planned.change(action, body_of(action)).await.refused(409, "zoom_not_connected");
    }
    let cancelled = planned.change("cancel", json!({})).await.expect(200);
    assert_eq!((&cancelled["session"]["status"], &cancelled["zoom"]), (&json!("cancelled"), &json!("pending")));

    // Connected again, the outbox deletes the meeting.
    let options = json!({"zoom_user_id": planned.zoom.id});
    planned.stack.connect_zoom_with(&planned.host, options).await;
    planned.outbox_catches_up().await;
    assert!(planned.meeting().await.is_none());
}

#[tokio::test]
async fn a_session_cancelled_by_the_app_loses_its_meeting_also_while_it_runs() {
    let planned = Planned::at_zoom().await;
    planned.happens("start").await;
    let rows = format!("video_sessions?id=eq.{}", planned.id);
    let cancelled = json!({"status": "cancelled"});
    let answer = planned.stack.rest(Method::PATCH, &rows).by(&planned.host).json(&cancelled).send().await;
    assert!(answer.status < 300, "{answer:?}");
    planned.outbox_catches_up().await;
    assert!(planned.asked().await.contains(&Operation::EndMeeting));
    assert_ne!(planned.meeting().await.map(|meeting| meeting["status"].clone()), Some(json!("started")));
}
