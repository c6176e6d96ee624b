//! OpenVidu 2.

use super::*;

impl World {
    fn openvidu(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/openvidu/openvidu/api/{path}", self.url);
        self.client.request(method, url).basic_auth("OPENVIDUAPP", Some("openvidu secret"))
    }

    fn open(&self, room: &str) -> RequestBuilder {
        self.openvidu(Method::POST, "sessions").json(&json!({"customSessionId": room}))
    }

    fn admit(&self, room: &str) -> RequestBuilder {
        let connection = json!({"type": "WEBRTC", "role": "MODERATOR", "data": "{}"});
        self.openvidu(Method::POST, &format!("sessions/{room}/connection")).json(&connection)
    }

    async fn room_token(&self, room: &str) -> String {
        let (status, connection) = answer(self.admit(room)).await;
        assert_eq!(status, 200, "{connection}");
        connection["token"].as_str().unwrap().to_owned()
    }

    /// In a room of version 2, which is not the wired one.
    async fn in_session(&self, what: &str, mut details: Value) -> (Value, Vec<Value>) {
        details["version"] = json!(2);
        self.in_room(what, details).await
    }
}

#[tokio::test]
async fn a_session_is_opened_once_and_closed_once() {
    let world = World::new().await;
    let (status, session) = answer(world.open("room-1")).await;
    assert_eq!((status, &session["id"], &session["object"]), (200, &json!("room-1"), &json!("session")));
    assert_eq!(session["connections"], json!({"numberOfElements": 0, "content": []}));
    assert_eq!(answer(world.open("room-1")).await, (409, Value::Null));
    let session = || world.openvidu(Method::GET, "sessions/room-1");
    assert_eq!(answer(session()).await.0, 200);
    let close = || world.openvidu(Method::DELETE, "sessions/room-1");
    assert_eq!(answer(close()).await, (204, Value::Null));
    assert_eq!(answer(close()).await, (404, Value::Null));
    assert_eq!(answer(session()).await, (404, Value::Null));
    assert_eq!(answer(world.admit("room-1")).await, (404, Value::Null));
    assert_eq!(world.look("rooms/events?room=room-1").await, json!([]), "nobody had come");
}

#[tokio::test]
async fn openvidu_believes_its_secret_alone() {
    let world = World::new().await;
    let url = format!("{}/openvidu/openvidu/api/sessions", world.url);
    let request = || world.client.post(&url).json(&json!({"customSessionId": "room-1"}));
    for request in [
        request(),
        request().basic_auth("OPENVIDUAPP", Some("another")),
        request().basic_auth("openviduapp", Some("openvidu secret")),
        request().bearer_auth("openvidu secret"),
    ] {
        let (status, body) = answer(request).await;
        assert_eq!(
            (status, &body["error"], &body["path"]),
            (401, &json!("Unauthorized"), &json!("/openvidu/api/sessions"))
        );
    }
    assert_eq!(answer(world.open("room-1")).await.0, 200);
}

#[tokio::test]
async fn what_openvidu_does_not_know_is_refused() {
    let world = World::new().await;
    for body in [
        json!({}),
        json!({"customSessionId": ""}),
        json!({"customSessionId": "room 1"}),
        json!({"customSessionId": 1}),
        json!({"customSessionId": "room-1", "mediaMode": "routed"}),
        json!({"customSessionId": "room-1", "recordingMode": "SOMETIMES"}),
        json!({"customSessionId": "room-1", "title": "A session"}),
    ] {
        let (status, refused) = answer(world.openvidu(Method::POST, "sessions").json(&body)).await;
        assert_eq!((status, &refused["status"]), (400, &json!(400)), "{body}");
    }
    answer(world.open("room-1")).await;
    for body in [
        json!({}),
        json!({"type": "WEBRTC"}),
        json!({"type": "WEBRTC", "role": "OWNER"}),
        json!({"type": "IPCAM", "role": "PUBLISHER"}),
        json!({"type": "WEBRTC", "role": "PUBLISHER", "data": {"userId": "1"}}),
        json!({"type": "WEBRTC", "role": "PUBLISHER", "ttl": 60}),
    ] {
        let request = world.openvidu(Method::POST, "sessions/room-1/connection").json(&body);
        assert_eq!(answer(request).await.0, 400, "{body}");
    }
    let form = world.openvidu(Method::POST, "sessions").body("{\"customSessionId\":\"room-2\"}");
    assert_eq!(answer(form).await.0, 415);
    assert_eq!(answer(world.openvidu(Method::GET, "sessions/room-1?force=true")).await.0, 400);
    assert_eq!(answer(world.openvidu(Method::DELETE, "sessions/room-1").json(&json!({}))).await.0, 400);
    assert_eq!(answer(world.openvidu(Method::POST, "tokens").json(&json!({"session": "room-1"}))).await.0, 404);
    assert_eq!(answer(world.openvidu(Method::GET, "recordings/room-1")).await.0, 404);
}

#[tokio::test]
async fn a_token_works_once_and_in_its_session() {
    let world = World::new().await;
    answer(world.open("room-1")).await;
    let token = world.room_token("room-1").await;
    assert!(token.starts_with("wss://") && token.contains("?sessionId=room-1&token=tok_"), "{token}");
    world.in_session("join", json!({"token": token})).await;
    let again = world.ask("rooms/join", json!({"token": token, "version": 2})).await;
    assert_eq!(again.status(), 403);
    let unused = world.room_token("room-1").await;
    assert_eq!(answer(world.openvidu(Method::DELETE, "sessions/room-1")).await.0, 204);
    answer(world.open("room-1")).await;
    assert_eq!(world.ask("rooms/join", json!({"token": unused, "version": 2})).await.status(), 403);
}

#[tokio::test]
async fn openvidu_tells_of_who_comes_and_goes_and_the_last_one_ends_the_session() {
    let world = World::new().await;
    answer(world.open("room-1")).await;
    let (first, events) = world.in_session("join", json!({"token": world.room_token("room-1").await})).await;
    assert_eq!(names(&events), ["sessionCreated", "participantJoined"]);
    assert_eq!(events[1]["connectionId"], first["connection"]);
    assert_eq!((&events[1]["sessionId"], &events[1]["serverData"]), (&json!("room-1"), &json!("{}")));
    let (second, events) = world.in_session("join", json!({"token": world.room_token("room-1").await})).await;
    assert_eq!(names(&events), ["participantJoined"]);
    let room = world.look("rooms?room=room-1&version=2").await;
    assert_eq!(room["participants"].as_array().unwrap().len(), 2);
    assert_eq!(room["participants"][0], json!({"connection": first["connection"], "role": "MODERATOR", "data": "{}"}));

    let (_, events) = world.in_session("leave", json!({"connection": first["connection"]})).await;
    assert_eq!((names(&events), &events[0]["reason"]), (vec!["participantLeft"], &json!("disconnect")));
    let (_, events) = world.in_session("leave", json!({"connection": second["connection"]})).await;
    assert_eq!(names(&events), ["participantLeft", "sessionDestroyed"]);
    assert_eq!(events[1]["reason"], "lastParticipantLeft");
    assert!(events[1]["startTime"].is_i64() && events[1]["duration"].is_i64(), "{events:?}");
    assert_eq!(world.look("rooms?room=room-1&version=2").await, Value::Null);
}

#[tokio::test]
async fn a_session_that_the_project_closes_is_told_as_well() {
    let world = World::new().await;
    answer(world.open("room-1")).await;
    world.in_session("join", json!({"token": world.room_token("room-1").await})).await;
    assert_eq!(answer(world.openvidu(Method::DELETE, "sessions/room-1")).await.0, 204);
    let mut told = Value::Null;
    for _ in 0..100 {
        told = world.look("rooms/events?room=room-1").await;
        if told.as_array().unwrap().len() == 4 {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    let destroyed: Value = serde_json::from_str(told[3]["webhook"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&destroyed["event"], &destroyed["reason"]),
        (&json!("sessionDestroyed"), &json!("sessionClosedByServer"))
    );
}

#[tokio::test]
async fn a_recording_is_told_without_its_address_and_outlives_its_session() {
    let world = World::new().await;
    answer(world.open("room-1")).await;
    assert_eq!(
        world.ask("rooms/record", json!({"room": "room-1", "version": 2})).await.status(),
        404,
        "nobody is there"
    );
    world.in_session("join", json!({"token": world.room_token("room-1").await})).await;
    for id in ["room-1", "room-1~1"] {
        let (_, events) = world.in_session("record", json!({"room": "room-1"})).await;
        assert_eq!(names(&events), ["recordingStatusChanged"; 3]);
        let statuses: Vec<&Value> = events.iter().map(|event| &event["status"]).collect();
        assert_eq!(statuses, ["started", "stopped", "ready"]);
        assert_eq!((&events[2]["id"], &events[2]["url"]), (&json!(id), &Value::Null));
    }
    world.in_session("finish", json!({"room": "room-1"})).await;
    let (status, recording) = answer(world.openvidu(Method::GET, "recordings/room-1~1")).await;
    assert_eq!((status, &recording["status"], &recording["sessionId"]), (200, &json!("ready"), &json!("room-1")));
    assert!(recording["url"].as_str().unwrap().starts_with("https://"), "{recording}");
}

#[tokio::test]
async fn calls_are_recorded_under_their_room_and_break_on_demand() {
    let world = World::new().await;
    let fault = |fault: &str, operation: &str| json!({"room": "room-1", "operation": operation, "fault": {"kind": fault}, "times": 1});
    world.control("rooms/faults", fault("drop_answer", "open")).await;
    assert!(world.open("room-1").send().await.is_err());
    world.control("rooms/faults", fault("drop_request", "admit")).await;
    assert!(world.admit("room-1").send().await.is_err());
    world
        .control("rooms/faults", json!({"operation": "close", "fault": {"kind": "status", "status": 503}, "times": 1}))
        .await;
    assert_eq!(answer(world.openvidu(Method::DELETE, "sessions/room-1")).await, (503, Value::Null));
    assert_eq!(answer(world.open("room-1")).await.0, 409, "the first call opened it");

    let calls: Vec<Call> = serde_json::from_value(world.look("calls?room=room-1").await).unwrap();
    let made: Vec<_> = calls.iter().map(|call| (call.room_operation.unwrap(), call.status)).collect();
    assert_eq!(
        made,
        [
            (rooms::RoomOperation::Open, None),
            (rooms::RoomOperation::Admit, None),
            (rooms::RoomOperation::Close, Some(503)),
            (rooms::RoomOperation::Open, Some(409)),
        ]
    );
    assert_eq!(calls[1].path, "/openvidu/api/sessions/room-1/connection");
}
