use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::{FutureExt as _, LocalBoxFuture};

use super::*;
use crate::{clock::Clock, config::Config, context::Context, context::Deployment};

struct TestClock;

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        "2026-05-01T09:00:00Z".parse().unwrap()
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed_local()
    }
}

/// A request may come in pieces.
fn read_request(stream: &mut TcpStream) -> String {
    let (mut request, mut piece) = (String::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut piece).unwrap();
        request.push_str(&String::from_utf8_lossy(&piece[..length]));
        let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
        let announced = head.to_ascii_lowercase();
        let announced = announced.lines().find_map(|line| line.strip_prefix("content-length: "));
        if length == 0 || body.len() >= announced.map_or(0, |length| length.parse().unwrap()) {
            return request;
        }
    }
}

/// A Zoom that gives these answers, one after another, and keeps the first line and the body of what it was asked.
fn zoom(answers: &'static [(u16, &'static str)]) -> (Context, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let asking = Arc::clone(&asked);
    std::thread::spawn(move || {
        for ((status, body), stream) in answers.iter().zip(listener.incoming()) {
            let mut stream = stream.unwrap();
            let request = read_request(&mut stream);
            let line = request.split(" HTTP/").next().unwrap();
            let sent = request.split("\r\n\r\n").nth(1).unwrap();
            asking.lock().unwrap().push(format!("{line} {sent}").trim_end().to_owned());
            let length = body.len();
            write!(stream, "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
                .unwrap();
        }
    });
    let config = Config::read(|name| match name {
        "SUPABASE_URL" => Some("http://127.0.0.1:9".to_owned()),
        "ZOOM_API_URL" => Some(url.clone()),
        "SEAL_KEYS" => Some("k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned()),
        "SUPABASE_ANON_KEY" | "SUPABASE_SECRET_KEY" | "ZOOM_CLIENT_ID" | "ZOOM_CLIENT_SECRET" => Some("x".to_owned()),
        _ => None,
    });
    let context = Context::new(Rc::new(Deployment::new(config.unwrap(), Rc::new(TestClock))), "r".to_owned());
    (context, asked)
}

const GONE: (u16, &str) = (404, r#"{"code":3001,"message":"Meeting does not exist: 1."}"#);
const RUNNING: (u16, &str) =
    (400, r#"{"code":3002,"message":"Sorry, you cannot delete this meeting since it's in progress."}"#);
const OVER: (u16, &str) =
    (400, r#"{"code":3007,"message":"Sorry, you cannot delete this meeting since it has ended."}"#);
const DELETE: &str = "DELETE /meetings/1";
const END: &str = r#"PUT /meetings/1/status {"action":"end"}"#;

async fn delete(answers: &'static [(u16, &'static str)]) -> (Result<(), ZoomError>, Vec<String>) {
    let (context, asked) = zoom(answers);
    let result = Api::new(&context).unwrap().delete_meeting(&Secret::new("t"), "1").await;
    let asked = asked.lock().unwrap().clone();
    (result, asked)
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
        let (context, asked) = zoom(answers);
        let result = Api::new(&context).unwrap().end_meeting(&Secret::new("t"), "1").await;
        assert_eq!(result.is_ok(), is_ended, "{result:?}");
        assert_eq!(*asked.lock().unwrap(), [END]);
    }
}

#[tokio::test]
async fn a_meeting_is_changed_to_all_that_its_session_says() {
    let plan = serde_json::json!({
        "meeting_id": "1", "topic": "Knee", "scheduled_start": "2026-06-01T11:00:00.5+02:00", "duration_minutes": 50,
        "timezone": "Europe/Berlin",
    });
    let (context, asked) = zoom(&[(204, ""), GONE]);
    let api = Api::new(&context).unwrap();
    let plan = MeetingPlan::deserialize(plan).unwrap();
    assert!(api.update_meeting(&Secret::new("t"), &plan).await.is_ok());
    let change = r#"{"topic":"Knee","start_time":"2026-06-01T09:00:00Z","duration":50,"timezone":"Europe/Berlin"}"#;
    assert_eq!(*asked.lock().unwrap(), [format!("PATCH /meetings/1 {change}")]);
    assert!(matches!(api.update_meeting(&Secret::new("t"), &plan).await, Err(ZoomError::NotFound)));
}

#[tokio::test]
async fn a_meeting_is_read_for_its_start_link() {
    let (context, asked) =
        zoom(&[(200, r#"{"id":1,"start_url":"https://zoom.us/s/1?zak=z"}"#), (200, r#"{"start_url":"x"}"#), GONE]);
    let (api, token) = (Api::new(&context).unwrap(), Secret::new("t"));
    assert_eq!(api.start_url(&token, "1").await.unwrap(), "https://zoom.us/s/1?zak=z");
    assert_eq!(*asked.lock().unwrap(), ["GET /meetings/1"]);
    assert!(matches!(api.start_url(&token, "1").await, Err(ZoomError::Unanswered { .. })));
    assert!(matches!(api.start_url(&token, "1").await, Err(ZoomError::NotFound)));
}

#[test]
fn an_id_never_leads_to_another_path() {
    assert_eq!(path("81234567890"), "/meetings/81234567890");
    assert_eq!(path("1/../users?x"), "/meetings/1%2F%2E%2E%2Fusers%3Fx");
}
