//! A session that is changed from two sides at once, and answers of Zoom that say nothing.

use futures_util::join;

use super::*;

#[tokio::test]
async fn what_the_app_changes_while_a_move_is_at_zoom_reaches_zoom_too() {
    let planned = Planned::at_zoom().await;
    planned.fault(Operation::UpdateMeeting, ZoomFault::DelayBefore { ms: 900 }).await;
    let rows = format!("video_sessions?id=eq.{}", planned.id);
    let change = json!({"title": "Renamed meanwhile", "scheduled_start": in_days(12)});
    let app = async {
        // Zoom has been asked, and has not answered.
        while planned.asked().await.is_empty() {
            tokio::task::yield_now().await;
        }
        planned.stack.rest(Method::PATCH, &rows).by(&planned.host).json(&change).send().await
    };
    let (moved, renamed) = join!(planned.change("reschedule", json!({"duration_minutes": 25})), app);
    moved.expect(200);
    assert!(renamed.status < 300, "{renamed:?}");
    planned.outbox_catches_up().await;
    let session = planned.session().await;
    assert_eq!((&session["title"], &session["duration_minutes"]), (&json!("Renamed meanwhile"), &json!(25)));
    planned.assert_agreed().await;
}

#[tokio::test]
async fn a_success_that_says_something_else_is_no_change() {
    let page = || ZoomFault::Raw { status: 200, body: "<html>Please wait</html>".to_owned() };
    let planned = Planned::at_zoom().await;
    let before = planned.session().await;
    planned.fault(Operation::UpdateMeeting, page()).await;
    planned.change("reschedule", json!({"duration_minutes": 25})).await.refused(502, "provider_failed");
    assert_eq!(planned.session().await, before);

    planned.fault(Operation::DeleteMeeting, page()).await;
    assert_eq!(planned.change("cancel", json!({})).await.expect(200)["zoom"], "pending");
    planned.outbox_catches_up().await;
    assert!(planned.meeting().await.is_none());
}

#[tokio::test]
async fn a_start_link_that_leads_elsewhere_is_shown_to_nobody() {
    let planned = Planned::at_zoom().await;
    for link in ["https://evil.example/s/1", "javascript:alert(1)", "https://zoom.us.evil.example/s/1"] {
        let body = json!({"id": 1, "start_url": link, "join_url": "https://zoom.us/j/99012345678"}).to_string();
        planned.fault(Operation::GetMeeting, ZoomFault::Raw { status: 200, body }).await;
        planned.change("start", json!({})).await.refused(502, "provider_failed");
    }
    assert_eq!(planned.status().await, "scheduled");
}

#[tokio::test]
async fn a_meeting_of_another_zoom_account_is_not_taken_for_gone() {
    let planned = Planned::at_zoom().await;
    planned.stack.function("zoom-disconnect").by(&planned.host).json(&json!({})).send().await.expect(200);
    let other = planned.stack.connect_zoom(&planned.host).await;
    planned.change("start", json!({})).await.refused(409, "zoom_not_connected");
    assert_eq!(planned.change("cancel", json!({})).await.expect(200)["zoom"], "pending");
    assert!(planned.stack.zoom_calls(&other).await.is_empty(), "the other account is asked for nothing");
    assert!(planned.meeting().await.is_some());

    planned.stack.connect_zoom_with(&planned.host, json!({"zoom_user_id": planned.zoom.id})).await;
    planned.outbox_catches_up().await;
    assert!(planned.meeting().await.is_none());
}

#[tokio::test]
async fn a_change_that_finds_the_meeting_gone_cancels_the_session() {
    let planned = Planned::at_zoom().await;
    let gone = || ZoomFault::Error { status: 404, code: 3001, message: "Meeting does not exist.".to_owned() };
    planned.fault(Operation::UpdateMeeting, gone()).await;
    let rows = format!("video_sessions?id=eq.{}", planned.id);
    let change = json!({"title": "Renamed"});
    planned.stack.rest(Method::PATCH, &rows).by(&planned.host).json(&change).send().await;
    planned.outbox_catches_up().await;
    assert_eq!(planned.status().await, "cancelled");
    assert_eq!(planned.notices("video_session_cancelled").await, 1);
}
