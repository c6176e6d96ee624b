//! Moving a session: Zoom is asked first, and whatever breaks on the way, session and meeting agree in the end.

use super::*;

#[tokio::test]
async fn a_moved_session_moves_its_meeting_and_tells_its_people() {
    let planned = Planned::at_zoom().await;
    let start = in_days(9);
    let body = json!({"scheduled_start": start, "duration_minutes": 25, "timezone": "Europe/Berlin"});
    let answer = planned.change("reschedule", body.clone()).await;
    let moved = answer.expect(200);
    assert_eq!(moved["zoom"], "done");
    let session = planned.session().await;
    assert_eq!(moved["session"]["id"], session["id"]);
    assert_eq!(time(&moved["session"]["scheduled_start"]), time(&json!(start)));
    assert_eq!(session["duration_minutes"], 25);
    assert_eq!(session["timezone"], "Europe/Berlin");
    planned.assert_agreed().await;
    assert_eq!(planned.notices("video_session_rescheduled").await, 1);
    assert_eq!(calls(&planned.stack, &answer).await, ["begin_session_change", "commit_zoom_reschedule"]);
    assert_eq!(planned.asked().await, [Operation::UpdateMeeting]);
    assert!(planned.effects().await.is_empty());

    // The same again is no change: a host has a hundred a day.
    let again = planned.change("reschedule", body).await;
    again.expect(200);
    assert_eq!(calls(&planned.stack, &again).await, ["begin_session_change"]);
    assert_eq!(planned.asked().await, [Operation::UpdateMeeting]);
    assert_eq!(planned.notices("video_session_rescheduled").await, 1);
}

#[tokio::test]
async fn each_field_moves_alone() {
    let planned = Planned::at_zoom().await;
    for changes in
        [json!({"scheduled_start": in_days(8)}), json!({"duration_minutes": 33}), json!({"timezone": "Asia/Kolkata"})]
    {
        planned.change("reschedule", changes.clone()).await.expect(200);
        planned.assert_agreed().await;
    }
    assert_eq!(planned.asked().await, [Operation::UpdateMeeting; 3]);
}

#[tokio::test]
async fn a_move_that_zoom_refuses_changes_nothing_and_says_why() {
    let date = (Utc::now() + Duration::minutes(5)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let error = |status, code, message: &str| ZoomFault::Error { status, code, message: message.to_owned() };
    for (fault, status, code) in [
        (error(404, 3001, "Meeting does not exist"), 409, "zoom_meeting_gone"),
        (error(400, 300, "Validation Failed."), 409, "zoom_refused"),
        (error(400, 3161, "Hosting is not allowed"), 409, "zoom_refused"),
        (error(400, 4711, "Invalid access token, does not contain scopes"), 409, "zoom_scope_missing"),
        (ZoomFault::DailyLimit { retry_after: None }, 429, "zoom_rate_limited"),
        (ZoomFault::DailyLimit { retry_after: Some(date.clone()) }, 429, "zoom_rate_limited"),
        (ZoomFault::RateLimit { retry_after: None }, 429, "zoom_rate_limited"),
    ] {
        let planned = Planned::at_zoom().await;
        let before = planned.session().await;
        let what = format!("{fault:?}");
        planned.fault(Operation::UpdateMeeting, fault).await;
        let answer = planned.change("reschedule", json!({"duration_minutes": 25})).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        answer.refused(status, code);
        if status == 429 {
            let seconds: i64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=86_400).contains(&seconds), "{what}: {seconds}");
            if what.contains("Some") {
                assert!((200..=300).contains(&seconds), "{what}: {seconds}");
            }
        }
        assert_eq!(planned.session().await, before, "{what}");
        assert_eq!(planned.notices("video_session_rescheduled").await, 0, "{what}");
        assert!(planned.effects().await.is_empty(), "nothing is left to be done: {what}");
        assert_eq!(calls(&planned.stack, &answer).await, ["begin_session_change", "abandon_session_change"], "{what}");
        planned.change("reschedule", json!({"duration_minutes": 25})).await.expect(200);
        planned.assert_agreed().await;
    }
}

#[tokio::test]
async fn a_move_whose_answer_is_lost_is_settled_by_the_outbox() {
    for (fault, status, code) in [
        (ZoomFault::DropRequest, 502, "provider_failed"),
        (ZoomFault::DropAnswer, 502, "provider_failed"),
        (ZoomFault::Status { status: 503 }, 502, "provider_failed"),
        (ZoomFault::Xml { status: 500 }, 502, "provider_failed"),
        (ZoomFault::Delay { ms: 4_000 }, 504, "provider_timed_out"),
    ] {
        let planned = Planned::at_zoom().await;
        let before = planned.session().await;
        let what = format!("{fault:?}");
        planned.fault(Operation::UpdateMeeting, fault).await;
        let answer = planned.change("reschedule", json!({"duration_minutes": 25})).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        answer.refused(status, code);
        assert_eq!(planned.session().await, before, "{what}");
        planned.outbox_catches_up().await;
        planned.assert_agreed().await;
        planned.change("reschedule", json!({"duration_minutes": 26})).await.expect(200);
        planned.assert_agreed().await;
    }
}

#[tokio::test]
async fn a_commit_that_is_lost_leaves_session_and_meeting_in_agreement() {
    for fault in [SupabaseFault::DropRequest, SupabaseFault::DropAnswer] {
        let planned = Planned::at_zoom().await;
        let body = json!({"session_id": planned.id, "action": "reschedule", "duration_minutes": 25});
        let request = planned.stack.function("update-video-session").by(&planned.host).json(&body);
        planned.stack.supabase_fault(request.request_id(), "commit_zoom_reschedule", fault, 1).await;
        let answer = request.send().await;
        answer.refused(503, "session_unsettled");
        assert!(answer.header("retry-after").is_some());
        planned.outbox_catches_up().await;
        planned.assert_agreed().await;
    }
}

#[tokio::test]
async fn two_moves_at_once_end_in_agreement() {
    let planned = Planned::at_zoom().await;
    planned.fault(Operation::UpdateMeeting, ZoomFault::Delay { ms: 400 }).await;
    let answers = futures_util::future::join_all(
        (0..6).map(|n| planned.change("reschedule", json!({"duration_minutes": 30 + n}))),
    )
    .await;
    for answer in &answers {
        if answer.status != 200 {
            answer.refused(409, "change_in_progress");
        }
    }
    assert!(answers.iter().any(|answer| answer.status == 200));
    planned.outbox_catches_up().await;
    planned.assert_agreed().await;
}

#[tokio::test]
async fn an_expired_token_is_refreshed_on_the_way() {
    let planned = Planned::at_zoom().await;
    planned.fault(Operation::UpdateMeeting, ZoomFault::ExpiredToken).await;
    planned.change("reschedule", json!({"duration_minutes": 25})).await.expect(200);
    planned.assert_agreed().await;
    let asked = planned.asked().await;
    assert_eq!(asked, [Operation::UpdateMeeting, Operation::RefreshToken, Operation::UpdateMeeting]);
}
