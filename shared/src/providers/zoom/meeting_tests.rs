use super::*;
use crate::{
    context::Context,
    testing::{NOWHERE, TestClock, Upstream, context},
};

const GONE: (u16, &str) = (404, r#"{"code":3001,"message":"Meeting does not exist: 1."}"#);
const RUNNING: (u16, &str) =
    (400, r#"{"code":3002,"message":"Sorry, you cannot delete this meeting since it's in progress."}"#);
const OVER: (u16, &str) =
    (400, r#"{"code":3007,"message":"Sorry, you cannot delete this meeting since it has ended."}"#);
const DELETE: &str = "DELETE /meetings/1";
const END: &str = r#"PUT /meetings/1/status {"action":"end"}"#;

/// A Zoom that gives these answers, one after another.
fn zoom(answers: &'static [(u16, &'static str)]) -> (Context, Upstream) {
    let mut answers = answers.iter();
    let zoom = Upstream::start(move |_| {
        let (status, body) = answers.next().unwrap_or(&(500, "asked too often"));
        (*status, (*body).to_owned())
    });
    let variables = [
        ("SUPABASE_URL", NOWHERE),
        ("ZOOM_API_URL", zoom.url.as_str()),
        ("ZOOM_CLIENT_ID", "x"),
        ("ZOOM_CLIENT_SECRET", "x"),
        ("SEAL_KEYS", "k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ];
    let context = context(&TestClock::at("2026-05-01T09:00:00Z"), &variables);
    (context, zoom)
}

/// The calls with what was sent.
fn asked(zoom: &Upstream) -> Vec<String> {
    zoom.asked().iter().map(|asked| format!("{} {}", asked.call, asked.body).trim_end().to_owned()).collect()
}

async fn delete(answers: &'static [(u16, &'static str)]) -> (Result<(), ZoomError>, Vec<String>) {
    let (context, zoom) = zoom(answers);
    let result = Api::new(&context).unwrap().delete_meeting(&Secret::new("t"), "1").await;
    (result, asked(&zoom))
}

#[tokio::test]
async fn a_meeting_that_is_over_or_gone_is_deleted() {
    for answers in
        [&[(204, "")], &[GONE], &[OVER], &[(400, r#"{"code":300,"message":"Meeting 1 is not found or has expired."}"#)]]
    {
        let (result, asked) = delete(answers).await;
        assert!(result.is_ok(), "{result:?}");
        assert_eq!(asked, [DELETE]);
    }
}

#[tokio::test]
async fn a_running_meeting_is_ended_and_then_deleted() {
    for answers in [&[RUNNING, (204, ""), OVER], &[RUNNING, (204, ""), (204, "")], &[RUNNING, GONE, GONE]] {
        let (result, asked) = delete(answers).await;
        assert!(result.is_ok(), "{result:?}");
        assert_eq!(asked, [DELETE, END, DELETE]);
    }
}

#[tokio::test]
async fn a_deletion_that_failed_is_told_and_not_tried_for_ever() {
    let (result, asked) = delete(&[RUNNING, (204, ""), RUNNING]).await;
    assert!(matches!(result, Err(ZoomError::Refused { code: IN_PROGRESS, .. })));
    assert_eq!(asked, [DELETE, END, DELETE]);
    let (result, asked) = delete(&[RUNNING, (500, "")]).await;
    assert!(result.unwrap_err().leaves_it_open());
    assert_eq!(asked, [DELETE, END]);
    let (result, _) = delete(&[(400, r#"{"code":300,"message":"Validation Failed."}"#)]).await;
    assert!(matches!(result, Err(ZoomError::Refused { code: 300, .. })));
}

#[tokio::test]
async fn a_meeting_that_does_not_run_is_ended() {
    for (answers, is_ended) in [(&[(204, "")], true), (&[GONE], true), (&[(429, "")], false), (&[(502, "<x/>")], false)]
    {
        let (context, zoom) = zoom(answers);
        let result = Api::new(&context).unwrap().end_meeting(&Secret::new("t"), "1").await;
        assert_eq!(result.is_ok(), is_ended, "{result:?}");
        assert_eq!(asked(&zoom), [END]);
    }
}

#[tokio::test]
async fn a_meeting_is_changed_to_all_that_its_session_says() {
    let plan = serde_json::json!({
        "meeting_id": "1", "topic": "Knee", "scheduled_start": "2026-06-01T11:00:00.5+02:00", "duration_minutes": 50,
        "timezone": "Europe/Berlin",
    });
    let (context, zoom) = zoom(&[(204, ""), GONE]);
    let api = Api::new(&context).unwrap();
    let plan = MeetingPlan::deserialize(plan).unwrap();
    assert!(api.update_meeting(&Secret::new("t"), &plan).await.is_ok());
    let change = r#"{"topic":"Knee","start_time":"2026-06-01T09:00:00Z","duration":50,"timezone":"Europe/Berlin"}"#;
    assert_eq!(asked(&zoom), [format!("PATCH /meetings/1 {change}")]);
    assert!(matches!(api.update_meeting(&Secret::new("t"), &plan).await, Err(ZoomError::NotFound)));
}

#[tokio::test]
async fn a_meeting_is_read_for_its_start_link() {
    let (context, zoom) =
        zoom(&[(200, r#"{"id":1,"start_url":"https://zoom.us/s/1?zak=z"}"#), (200, r#"{"start_url":"x"}"#), GONE]);
    let (api, token) = (Api::new(&context).unwrap(), Secret::new("t"));
    assert_eq!(api.start_url(&token, "1").await.unwrap(), "https://zoom.us/s/1?zak=z");
    assert_eq!(asked(&zoom), ["GET /meetings/1"]);
    assert!(matches!(api.start_url(&token, "1").await, Err(ZoomError::Unanswered { .. })));
    assert!(matches!(api.start_url(&token, "1").await, Err(ZoomError::NotFound)));
}

#[test]
fn an_id_never_leads_to_another_path() {
    assert_eq!(path("81234567890"), "/meetings/81234567890");
    assert_eq!(path("1/../users?x"), "/meetings/1%2F%2E%2E%2Fusers%3Fx");
}
