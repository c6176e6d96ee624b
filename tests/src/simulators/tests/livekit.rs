//! LiveKit, which OpenVidu 3 is.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use reqwest::StatusCode;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::tokens::{claims, hs256};

/// Stands in for the project's webhook of both versions: accepts what is signed as LiveKit's, or has OpenVidu's header.
pub(super) async fn echo(headers: HeaderMap, body: String) -> StatusCode {
    let header = |name| headers[name].to_str().unwrap();
    if header("content-type") == "application/json" {
        assert_eq!(header("authorization"), "Bearer openvidu webhook secret");
        return StatusCode::ACCEPTED;
    }
    assert_eq!(header("content-type"), "application/webhook+json");
    let said = claims(header("authorization"));
    assert_eq!(header("authorization"), sign(&said), "signed with the key's secret");
    assert_eq!(said["sha256"], BASE64_STANDARD.encode(Sha256::digest(&body)));
    assert_eq!(said["iss"], "livekit key");
    StatusCode::ACCEPTED
}

fn sign(claims: &Value) -> String {
    hs256(&json!({"alg": "HS256", "typ": "JWT"}), claims, b"livekit secret")
}

/// Good for two minutes, with the changes; null takes a claim away.
fn token(changes: &Value) -> String {
    let now = now().timestamp();
    let mut claims = json!({"iss": "livekit key", "sub": "ada", "nbf": now, "exp": now + 120});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    sign(&claims)
}

fn join_token() -> String {
    token(&json!({"video": {"room": "room-1", "roomJoin": true}}))
}

impl World {
    fn livekit(&self, method: &str, grants: &Value, body: &Value) -> RequestBuilder {
        self.livekit_as(method, &token(&json!({"video": grants})), body)
    }

    fn livekit_as(&self, method: &str, token: &str, body: &Value) -> RequestBuilder {
        let url = format!("{}/livekit/twirp/livekit.RoomService/{method}", self.url);
        self.client.post(url).bearer_auth(token).json(body)
    }

    async fn cannot_join(&self, token: &str) -> String {
        let refused = self.ask("rooms/join", json!({"token": token})).await;
        assert_eq!(refused.status(), 403);
        refused.text().await.unwrap()
    }
}

#[tokio::test]
async fn a_room_is_created_as_often_as_one_likes_and_deleted_once() {
    let world = World::new().await;
    let create = json!({"roomCreate": true});
    let body = json!({"name": "room-1", "empty_timeout": 600, "departureTimeout": 500});
    let (status, room) = answer(world.livekit("CreateRoom", &create, &body)).await;
    assert_eq!((status, &room["name"], &room["empty_timeout"]), (200, &json!("room-1"), &json!(600)));
    assert_eq!((&room["departure_timeout"], &room["num_participants"]), (&json!(500), &json!(0)));
    assert!(room["creation_time"].is_string(), "{room}");
    let (status, again) = answer(world.livekit("CreateRoom", &create, &json!({"name": "room-1"}))).await;
    assert_eq!((status, again), (200, room));
    let delete = || answer(world.livekit("DeleteRoom", &create, &json!({"room": "room-1"})));
    assert_eq!(delete().await, (200, json!({})));
    assert_eq!(delete().await, (404, json!({"code": "not_found", "msg": "requested room does not exist"})));
}

#[tokio::test]
async fn a_call_needs_its_grant() {
    let world = World::new().await;
    answer(world.livekit("CreateRoom", &json!({"roomCreate": true}), &json!({"name": "room-1"}))).await;
    let denied = (401, json!({"code": "unauthenticated", "msg": "permissions denied"}));
    for (method, grants, body) in [
        ("CreateRoom", json!({}), json!({"name": "room-1"})),
        ("CreateRoom", json!({"roomAdmin": true, "room": "room-1"}), json!({"name": "room-1"})),
        ("DeleteRoom", json!({"roomAdmin": true, "room": "room-1"}), json!({"room": "room-1"})),
        ("ListParticipants", json!({"roomCreate": true}), json!({"room": "room-1"})),
        ("ListParticipants", json!({"roomAdmin": true}), json!({"room": "room-1"})),
        ("ListParticipants", json!({"roomAdmin": true, "room": "room-2"}), json!({"room": "room-1"})),
        (
            "RemoveParticipant",
            json!({"roomJoin": true, "room": "room-1"}),
            json!({"room": "room-1", "identity": "ada"}),
        ),
    ] {
        assert_eq!(answer(world.livekit(method, &grants, &body)).await, denied, "{method} with {grants}");
    }
    let url = format!("{}/livekit/twirp/livekit.RoomService/CreateRoom", world.url);
    assert_eq!(answer(world.client.post(url).json(&json!({"name": "room-2"}))).await, denied, "no token at all");
}

#[tokio::test]
async fn only_a_good_token_is_believed() {
    let world = World::new().await;
    let now = now().timestamp();
    let video = json!({"roomCreate": true});
    let of = |changes: Value| {
        let mut all = json!({"video": video});
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        token(&all)
    };
    let forged = hs256(&json!({"alg": "HS256"}), &claims(&of(json!({}))), b"another secret");
    let other_algorithm = hs256(&json!({"alg": "none"}), &claims(&of(json!({}))), b"livekit secret");
    for (token, reason) in [
        ("nonsense".to_owned(), "invalid authorization token"),
        (forged, "cryptographic primitive"),
        (other_algorithm, "unsupported key"),
        (of(json!({"iss": "another key"})), "invalid API key: another key"),
        (of(json!({"exp": now - 1})), "token is expired"),
        (of(json!({"exp": null})), "missing field `exp`"),
        (of(json!({"nbf": now + 60})), "not valid yet"),
        (of(json!({"role": "operator"})), "unknown field `role`"),
        (of(json!({"metadata": {"role": "operator"}})), "invalid type: map"),
        (of(json!({"video": {"roomMaster": true}})), "unknown field `roomMaster`"),
        (of(json!({"video": {"canPublish": "yes"}})), "invalid type: string"),
        (of(json!({"roomConfig": {"timeout": 1}})), "unknown field `timeout`"),
    ] {
        let (status, body) = answer(world.livekit_as("CreateRoom", &token, &json!({"name": "room-1"}))).await;
        assert_eq!(status, 401, "{body}");
        assert!(body.as_str().unwrap().contains(reason), "{body}, not {reason}");
        assert!(world.cannot_join(&token).await.contains(reason));
    }
    assert_eq!(world.look("rooms?room=room-1").await, Value::Null);
}

#[tokio::test]
async fn what_livekit_does_not_know_is_refused() {
    let world = World::new().await;
    let create = json!({"roomCreate": true});
    for (body, code) in [
        (json!({"name": "room-1", "timeout": 600}), "malformed"),
        (json!({"name": "room-1", "empty_timeout": -1}), "malformed"),
        (json!({"name": 1}), "malformed"),
        (json!({}), "malformed"),
        (json!({"name": ""}), "invalid_argument"),
    ] {
        let (status, refused) = answer(world.livekit("CreateRoom", &create, &body)).await;
        assert_eq!((status, &refused["code"]), (400, &json!(code)), "{body}");
    }
    let (status, refused) = answer(world.livekit("OpenRoom", &create, &json!({}))).await;
    assert_eq!((status, &refused["code"]), (404, &json!("bad_route")));
    let url = format!("{}/livekit/twirp/livekit.RoomService/CreateRoom", world.url);
    let untyped = world.client.post(url).bearer_auth(token(&json!({"video": create}))).body("{\"name\":\"room-1\"}");
    assert_eq!(answer(untyped).await.0, 404);
}

#[tokio::test]
async fn a_browser_needs_the_grant_to_join_and_a_name() {
    let world = World::new().await;
    for changes in [
        json!({}),
        json!({"video": {"room": "room-1"}}),
        json!({"video": {"room": "room-1", "roomAdmin": true}}),
        json!({"video": {"roomJoin": true}}),
    ] {
        assert_eq!(world.cannot_join(&token(&changes)).await, "permissions denied", "{changes}");
    }
    let nobody = token(&json!({"sub": null, "video": {"room": "room-1", "roomJoin": true}}));
    assert_eq!(world.cannot_join(&nobody).await, "identity cannot be empty");
}

#[tokio::test]
async fn livekit_tells_of_who_comes_and_goes_and_keeps_the_room() {
    let world = World::new().await;
    let room = json!({"room": "room-1", "roomJoin": true, "roomAdmin": true});
    let token = token(
        &json!({"name": "Ada", "metadata": "{}", "video": room, "roomConfig": {"emptyTimeout": 600, "departureTimeout": 600}}),
    );
    let (first, events) = world.in_room("join", json!({"token": token})).await;
    assert_eq!(names(&events), ["room_started", "participant_joined"]);
    let joined = &events[1];
    assert_eq!((&joined["room"]["name"], &joined["participant"]["sid"]), (&json!("room-1"), &first["connection"]));
    assert_eq!(
        (&joined["participant"]["identity"], &joined["participant"]["state"]),
        (&json!("ada"), &json!("ACTIVE"))
    );
    assert!(joined["createdAt"].is_string() && joined["participant"]["joinedAt"].is_string(), "{joined}");
    assert!(joined["room"].get("numPublishers").is_none() && joined["participant"].get("kind").is_none(), "{joined}");

    let (second, events) = world.in_room("join", json!({"token": token})).await;
    assert_eq!(names(&events), ["participant_left", "participant_joined"], "the same identity again");
    assert_eq!(events[0]["participant"]["sid"], first["connection"]);
    assert_eq!(events[0]["participant"]["disconnectReason"], "DUPLICATE_IDENTITY");
    let seen = world.look("rooms?room=room-1").await;
    assert_eq!((&seen["empty_timeout"], &seen["departure_timeout"]), (&json!(600), &json!(600)));
    assert_eq!(seen["participants"][0]["connection"], second["connection"]);
    assert_eq!(seen["participants"][0]["role"]["roomAdmin"], true);

    let (_, events) = world.in_room("leave", json!({"connection": second["connection"]})).await;
    assert_eq!(names(&events), ["participant_left"]);
    assert_eq!(world.look("rooms?room=room-1").await["participants"], json!([]));
    let (_, events) = world.in_room("finish", json!({"room": "room-1"})).await;
    assert_eq!(names(&events), ["room_finished"]);
    assert_eq!(world.ask("rooms/finish", json!({"room": "room-1"})).await.status(), 404);
}

#[tokio::test]
async fn participants_are_listed_and_removed() {
    let world = World::new().await;
    world.in_room("join", json!({"token": join_token()})).await;
    let admin = json!({"roomAdmin": true, "room": "room-1"});
    let list = || answer(world.livekit("ListParticipants", &admin, &json!({"room": "room-1"})));
    let (_, listed) = list().await;
    assert_eq!(
        (&listed["participants"][0]["identity"], &listed["participants"][0]["is_publisher"]),
        (&json!("ada"), &json!(false))
    );
    let remove = || answer(world.livekit("RemoveParticipant", &admin, &json!({"room": "room-1", "identity": "ada"})));
    assert_eq!(remove().await, (200, json!({})));
    assert_eq!(remove().await, (404, json!({"code": "not_found", "msg": "participant not found"})));
    assert_eq!(list().await.1, json!({"participants": []}));
}

#[tokio::test]
async fn a_recording_is_told_with_its_address() {
    let world = World::new().await;
    world.in_room("join", json!({"token": join_token()})).await;
    let (_, events) = world.in_room("record", json!({"room": "room-1"})).await;
    assert_eq!(names(&events), ["egress_started", "egress_updated", "egress_ended"]);
    let ended = &events[2]["egressInfo"];
    assert_eq!((&ended["status"], &ended["roomName"]), (&json!("EGRESS_COMPLETE"), &json!("room-1")));
    let file = &ended["fileResults"][0];
    assert!(file["location"].as_str().unwrap().starts_with("https://") && file["size"].is_string(), "{ended}");
    assert_eq!(events[0]["egressInfo"].get("status"), None, "it is zero");
}

#[tokio::test]
async fn an_event_that_is_not_delivered_is_signed_all_the_same() {
    let world = World::new().await;
    let answer = world.control("rooms/join", json!({"token": join_token(), "deliver": false})).await;
    let event = &answer["events"][1];
    assert_eq!(event["status"], Value::Null);
    let sha256 = BASE64_STANDARD.encode(Sha256::digest(event["webhook"].as_str().unwrap()));
    assert_eq!(claims(event["authorization"].as_str().unwrap())["sha256"], json!(sha256));
    assert_eq!(world.look("rooms/events?room=room-1").await, json!([]));
}
