//! The life of a meeting, as the project asks for it and as it happens at Zoom's side.

use axum::http::HeaderMap;
use axum::http::StatusCode;

use super::*;

/// Stands in for the project's webhook: answers with what it was sent.
pub(super) async fn echo(headers: HeaderMap, body: String) -> (StatusCode, Json<Value>) {
    let header = |name| headers[name].to_str().unwrap().to_owned();
    let (timestamp, signature) = (header("x-zm-request-timestamp"), header("x-zm-signature"));
    assert_eq!(signature, zoom::signature("webhook secret", &timestamp, body.as_bytes()));
    (StatusCode::ACCEPTED, Json(serde_json::from_str(&body).unwrap()))
}

async fn happens(world: &World, event: Value) -> Value {
    let told = world.control("zoom/events", event).await;
    assert_eq!(told["status"], 202, "{told}");
    assert_eq!(told["body"], told["webhook"]);
    told["webhook"].clone()
}

async fn refusal(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap_or_default();
    (status, body["code"].clone())
}

#[tokio::test]
async fn what_happens_at_zoom_is_told_with_a_signature() {
    let world = World::new().await;
    let id = world.meeting().await;
    for (event, name) in [
        (json!({"event": "start", "meeting_id": id}), "meeting.started"),
        (json!({"event": "join", "meeting_id": id, "participant": "Ada"}), "meeting.participant_joined"),
        (json!({"event": "leave", "meeting_id": id, "participant": "Ada"}), "meeting.participant_left"),
        (json!({"event": "end", "meeting_id": id}), "meeting.ended"),
    ] {
        let webhook = happens(&world, event).await;
        assert_eq!(webhook["event"], name);
        assert_eq!(webhook["payload"]["object"]["id"], json!(id.to_string()), "{webhook}");
    }
    let changed = happens(&world, json!({"event": "change", "meeting_id": id, "duration": 77})).await;
    assert_eq!(changed["payload"]["object"]["id"], id);
    assert_eq!(changed["payload"]["object"]["duration"], 77);
    assert_eq!(changed["payload"]["old_object"]["duration"], 30);
    happens(&world, json!({"event": "delete", "meeting_id": id})).await;
    assert_eq!(world.meetings().await, 0);
    let gone = world.ask("zoom/events", json!({"event": "start", "meeting_id": id})).await;
    assert_eq!(gone.status(), 404);
}

#[tokio::test]
async fn removing_the_app_ends_the_grant_and_names_the_user() {
    let world = World::new().await;
    let user = &world.user["zoom_user_id"];
    let webhook = happens(&world, json!({"event": "deauthorize", "zoom_user_id": user})).await;
    assert_eq!(webhook["event"], "app_deauthorized");
    assert_eq!(&webhook["payload"]["user_id"], user);
    assert_eq!(webhook["payload"]["client_id"], "id");
    assert_eq!(world.create().send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_running_meeting_is_ended_before_it_can_be_deleted() {
    let world = World::new().await;
    let id = world.meeting().await;
    let path = format!("/v2/meetings/{id}");
    let status = || world.zoom(Method::PUT, &format!("{path}/status"));
    let end = || status().json(&json!({"action": "end"}));
    assert_eq!(refusal(end()).await, (404, json!(3001)), "nobody has started it");
    happens(&world, json!({"event": "start", "meeting_id": id})).await;
    let running: Value = world.zoom(Method::GET, &path).send().await.unwrap().json().await.unwrap();
    assert_eq!(running["status"], "started");
    assert_eq!(refusal(world.zoom(Method::DELETE, &path)).await, (400, json!(3002)));
    for body in [json!({"action": "recover"}), json!({}), json!({"action": "end", "why": "late"})] {
        assert_eq!(refusal(status().json(&body)).await, (400, json!(300)), "{body}");
    }
    assert_eq!(refusal(end()).await.0, 204);
    assert_eq!(refusal(world.zoom(Method::DELETE, &path)).await, (400, json!(3007)));
    let unknown = world.zoom(Method::PUT, "/v2/meetings/1/status").json(&json!({"action": "end"}));
    assert_eq!(refusal(unknown).await, (404, json!(3001)));
}

#[tokio::test]
async fn changes_count_as_creates_do_and_are_checked_before() {
    let world = World::new().await;
    let id = world.meeting().await;
    let change = |body: Value| world.zoom(Method::PATCH, &format!("/v2/meetings/{id}")).json(&body);
    for _ in 0..100 {
        assert_eq!(refusal(change(json!({"status": "started"}))).await, (400, json!(300)), "no field of a meeting");
        assert_eq!(refusal(world.zoom(Method::PATCH, "/v2/meetings/1").json(&json!({}))).await.0, 404);
    }
    for _ in 1..100 {
        assert_eq!(refusal(change(json!({"duration": 45}))).await.0, 204);
    }
    assert_eq!(refusal(change(json!({"duration": 46}))).await.0, 429);
}

#[tokio::test]
async fn the_daily_limit_comes_with_and_without_a_date() {
    let world = World::new().await;
    for date in [None, Some("2030-01-31T00:00:00Z".to_owned())] {
        world.fault(zoom::Operation::CreateMeeting, zoom::Fault::DailyLimit { retry_after: date.clone() }).await;
        let refused = world.create().send().await.unwrap();
        assert_eq!(refused.status(), 429);
        let retry_after = refused.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(retry_after, date);
    }
}
