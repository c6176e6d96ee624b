//! The simulators over real connections: what only a connection shows.

mod connecting;
mod events;
mod livekit;
mod openvidu;
mod turn;

use std::time::Duration;

use axum::Json;
use axum::routing::post;
use chrono::SecondsFormat;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use super::*;

const REDIRECT_URI: &str = "http://127.0.0.1/functions/v1/zoom-oauth-callback";

/// The simulators with a Zoom user, in front of a Supabase that accepts everything.
struct World {
    url: String,
    client: Client,
    user: Value,
}

impl World {
    async fn new() -> Self {
        let supabase = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings {
            port: 0,
            supabase_upstream_url: format!("http://{}", supabase.local_addr().unwrap()),
            supabase_secret_key: "sb_secret_test".into(),
            jwt_secret: "secret".into(),
            seal_keys: format!("k1:{}", random::base64::<32>()),
            zoom_client_id: "id".into(),
            zoom_client_secret: "secret".into(),
            zoom_redirect_uri: REDIRECT_URI.into(),
            zoom_webhook_url: format!("http://{}/webhook", supabase.local_addr().unwrap()),
            zoom_webhook_secret: "webhook secret".into(),
            openvidu_version: rooms::Version::V3,
            openvidu_secret: "openvidu secret".into(),
            openvidu_webhook_secret: "openvidu webhook secret".into(),
            livekit_api_key: "livekit key".into(),
            livekit_api_secret: "livekit secret".into(),
            rooms_webhook_url: format!("http://{}/rooms-webhook", supabase.local_addr().unwrap()),
            twilio_account_sid: "AC1".into(),
            twilio_auth_token: "twilio token".into(),
            cloudflare_turn_key_id: "key1".into(),
            cloudflare_turn_api_token: "cloudflare token".into(),
        };
        let accept_all = Router::new()
            .route("/webhook", post(events::echo))
            .route("/rooms-webhook", post(livekit::echo))
            .route("/{*path}", post(async || Json(json!({"done": true}))));
        tokio::spawn(connection::accept(supabase, accept_all));
        let server = bind(settings).await.unwrap();
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let mut world = Self { url: server.url().to_owned(), client, user: Value::Null };
        tokio::spawn(server.run());
        world.user = world.control("zoom/connect", json!({"user_id": Uuid::new_v4()})).await;
        world
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        self.ask(path, body).await.error_for_status().unwrap().json().await.unwrap()
    }

    async fn ask(&self, path: &str, body: Value) -> Response {
        self.client.post(format!("{}/simulator/{path}", self.url)).json(&body).send().await.unwrap()
    }

    /// What came of something that happened in a room, and the bodies of the webhooks.
    async fn in_room(&self, what: &str, details: Value) -> (Value, Vec<Value>) {
        let answer = self.control(&format!("rooms/{what}"), details).await;
        let events = answer["events"].as_array().unwrap().iter();
        let bodies = events.map(|event| {
            assert_eq!(event["status"], 202, "{event}");
            serde_json::from_str(event["webhook"].as_str().unwrap()).unwrap()
        });
        let bodies = bodies.collect();
        (answer, bodies)
    }

    async fn look(&self, path: &str) -> Value {
        let response = self.client.get(format!("{}/simulator/{path}", self.url)).send().await.unwrap();
        response.error_for_status().unwrap().json().await.unwrap()
    }

    async fn fault(&self, operation: zoom::Operation, fault: zoom::Fault) {
        let user = &self.user["zoom_user_id"];
        let planned = json!({"zoom_user_id": user, "operation": operation, "fault": fault, "times": 1});
        self.control("zoom/faults", planned).await;
    }

    fn zoom(&self, method: Method, path: &str) -> RequestBuilder {
        let token = self.user["access_token"].as_str().unwrap();
        self.client.request(method, format!("{}/zoom{path}", self.url)).bearer_auth(token)
    }

    fn create(&self) -> RequestBuilder {
        let start = (now() + chrono::Duration::days(1)).to_rfc3339_opts(SecondsFormat::Secs, true);
        self.zoom(Method::POST, "/v2/users/me/meetings").json(&json!({
            "topic": "A session", "type": 2, "start_time": start, "duration": 30, "timezone": "UTC", "password": "passcode",
        }))
    }

    async fn refresh(&self, refresh_token: &Value) -> (u16, Value) {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str().unwrap())]).await
    }

    async fn token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let body = serde_urlencoded::to_string(form).unwrap();
        let request = self.client.post(format!("{}/zoom/oauth/token", self.url)).basic_auth("id", Some("secret"));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Creates a meeting, and gives its id.
    async fn meeting(&self) -> u64 {
        let created: Value = self.create().send().await.unwrap().json().await.unwrap();
        created["id"].as_u64().unwrap()
    }

    async fn meetings(&self) -> usize {
        let list = self.zoom(Method::GET, "/v2/users/me/meetings").send().await.unwrap();
        let list: Value = list.json().await.unwrap();
        list["total_records"].as_u64().unwrap().try_into().unwrap()
    }
}

/// The status and the body: JSON, text, or null when there is none.
async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let text_or_null = || if text.is_empty() { Value::Null } else { json!(text) };
    (status, serde_json::from_str(&text).unwrap_or_else(|_| text_or_null()))
}

/// What kinds of webhooks these are.
fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_lost_answer_leaves_the_meeting_and_a_lost_request_does_not() {
    let world = World::new().await;
    world.fault(zoom::Operation::CreateMeeting, zoom::Fault::DropAnswer).await;
    assert!(world.create().send().await.is_err());
    assert_eq!(world.meetings().await, 1);

    world.fault(zoom::Operation::CreateMeeting, zoom::Fault::DropRequest).await;
    assert!(world.create().send().await.is_err());
    assert_eq!(world.meetings().await, 1);

    assert_eq!(world.create().send().await.unwrap().status(), 201);
    assert_eq!(world.meetings().await, 2);
}

#[tokio::test]
async fn a_meeting_is_made_although_the_caller_has_given_up() {
    let world = World::new().await;
    world.fault(zoom::Operation::CreateMeeting, zoom::Fault::DelayBefore { ms: 200 }).await;
    let impatient = world.create().timeout(Duration::from_millis(50));
    assert!(impatient.send().await.is_err());
    assert_eq!(world.meetings().await, 0);
    sleep(Duration::from_millis(400)).await;
    assert_eq!(world.meetings().await, 1);
}

#[tokio::test]
async fn a_refresh_kills_the_old_pair_even_when_its_answer_is_lost() {
    let mut world = World::new().await;
    let (status, fresh) = world.refresh(&world.user["refresh_token"]).await;
    assert_eq!(status, 200);
    assert_eq!(world.create().send().await.unwrap().status(), 401);
    assert_eq!(world.refresh(&world.user["refresh_token"]).await.1["error"], "invalid_grant");

    world.user["access_token"] = fresh["access_token"].clone();
    assert_eq!(world.create().send().await.unwrap().status(), 201);
    world.fault(zoom::Operation::RefreshToken, zoom::Fault::DropAnswer).await;
    let lost = world.client.post(format!("{}/zoom/oauth/token", world.url)).basic_auth("id", Some("secret"));
    let form = format!("grant_type=refresh_token&refresh_token={}", fresh["refresh_token"].as_str().unwrap());
    let lost = lost.header("content-type", "application/x-www-form-urlencoded").body(form);
    assert!(lost.send().await.is_err());
    assert_eq!(
        world.refresh(&fresh["refresh_token"]).await,
        (400, json!({"reason": "Invalid Token!", "error": "invalid_grant"}))
    );
}

#[tokio::test]
async fn the_hundred_and_first_create_of_a_day_is_refused() {
    let world = World::new().await;
    for _ in 0..100 {
        assert_eq!(world.create().send().await.unwrap().status(), 201);
    }
    let refused = world.create().send().await.unwrap();
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().get("retry-after").is_none());
}

#[tokio::test]
async fn the_wiretap_records_what_was_done_and_what_was_not() {
    let world = World::new().await;
    let call = || world.client.post(format!("{}/supabase/rest/v1/rpc/f", world.url)).header("x-request-id", "r1");
    for fault in ["drop_answer", "drop_request"] {
        let target = json!({"request_id": "r1", "path_contains": "rpc/", "fault": {"kind": fault}, "times": 1});
        world.control("supabase/faults", target).await;
        assert!(call().send().await.is_err(), "{fault}");
    }
    let answer: Value = call().json(&json!({"a": 1})).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer, json!({"done": true}));

    let calls = world.client.get(format!("{}/simulator/calls?request_id=r1", world.url));
    let calls: Vec<Call> = calls.send().await.unwrap().json().await.unwrap();
    let statuses: Vec<Option<u16>> = calls.iter().map(|call| call.status).collect();
    assert_eq!(statuses, [None, None, Some(200)]);
    assert_eq!((calls[2].path.as_str(), &calls[2].body), ("/rest/v1/rpc/f", &json!({"a": 1})));
}
