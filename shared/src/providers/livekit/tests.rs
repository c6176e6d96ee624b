use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::*;
use crate::{
    http::Error,
    providers::rooms::{Role, rooms},
    testing::{self, TestClock, Upstream},
};

fn context(upstream: &Upstream) -> Context {
    let url = format!("{}/livekit/", upstream.url).replace("http", "ws");
    let variables = [
        ("SUPABASE_URL", testing::NOWHERE),
        ("LIVEKIT_URL", &url),
        ("LIVEKIT_API_KEY", "key"),
        ("LIVEKIT_API_SECRET", "secret"),
    ];
    testing::context(&TestClock::at("2026-05-01T09:00:00Z"), &variables)
}

#[tokio::test]
async fn whoever_is_admitted_gets_a_token_and_a_url_without_a_call() {
    let upstream = Upstream::in_turn(&[]);
    let context = context(&upstream);
    let person = Person { user_id: Uuid::from_u128(7), role: Role::Client, name: None };
    let admission = rooms(&context).unwrap().admit("room", &person).await.unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(admission.token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let expires = context.clock().now().timestamp() + 120;
    assert_eq!((&claims["video"]["room"], &claims["exp"]), (&json!("room"), &json!(expires)));
    assert_eq!(admission.url, Some(format!("{}/livekit", upstream.url).replace("http", "ws")));
    assert_eq!(upstream.calls(), [""; 0]);
}

#[tokio::test]
async fn rooms_are_opened_and_closed_by_the_room_service() {
    let upstream = Upstream::in_turn(&[(200, json!({"name": "room"})), (200, json!({}))]);
    let context = context(&upstream);
    let rooms = rooms(&context).unwrap();
    rooms.open("room").await.unwrap();
    rooms.close("room").await.unwrap();
    let asked = upstream.asked();
    assert_eq!(
        upstream.calls(),
        ["POST /livekit/twirp/livekit.RoomService/CreateRoom", "POST /livekit/twirp/livekit.RoomService/DeleteRoom",]
    );
    assert_eq!(asked[0].json(), json!({"name": "room", "empty_timeout": 600, "departure_timeout": 600}));
    assert_eq!(asked[1].json(), json!({"room": "room"}));
    for asked in asked {
        let token = asked.header("authorization").unwrap().strip_prefix("Bearer ").unwrap();
        assert_eq!(token, token::for_room_service(&service(&context), context.clock().now()).unwrap());
        assert_eq!(asked.header("content-type"), Some("application/json"));
    }
}

fn service(context: &Context) -> LiveKitConfig {
    match context.config().rooms.server().unwrap() {
        crate::config::RoomServer::LiveKit(config) => config,
        crate::config::RoomServer::OpenVidu(_) => panic!("not LiveKit"),
    }
}

#[tokio::test]
async fn only_the_service_itself_can_say_that_a_room_is_gone() {
    for (status, body, closed) in [
        (404, json!({"code": "not_found", "msg": "requested room does not exist"}), Ok(())),
        (404, json!({"code": "bad_route"}), Err(502)),
        (404, json!(null), Err(502)),
        (401, json!({"code": "unauthenticated"}), Err(502)),
        (503, json!({"code": "unavailable"}), Err(502)),
    ] {
        let upstream = Upstream::in_turn(&[(status, body)]);
        let context = context(&upstream);
        let result = rooms(&context).unwrap().close("room").await;
        assert_eq!(result.map_err(|error| Error::from(error).status().as_u16()), closed, "{status}");
    }
}

#[tokio::test]
async fn recordings_are_not_looked_for() {
    let upstream = Upstream::in_turn(&[]);
    let context = context(&upstream);
    let error = rooms(&context).unwrap().recording("r").await.unwrap_err();
    assert!(matches!(error, RoomsError::NotOffered));
    assert_eq!(upstream.calls(), [""; 0]);
}
