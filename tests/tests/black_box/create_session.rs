//! Sessions behind a pasted link and on Jitsi: what they look like, who sees them, and that repeating changes nothing.

use convene_tests::harness::{Person, Stack};
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{calls, create, linked_session, session, sessions_of};

async fn listed(stack: &Stack, person: &Person) -> Vec<Value> {
    let answer = stack.rest(Method::GET, "video_sessions?select=*&order=scheduled_start").by(person).send().await;
    answer.expect(200).as_array().unwrap().clone()
}

#[tokio::test]
async fn a_pasted_link_makes_a_session_in_one_round_trip() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let client = stack.client_of(&host).await;
    let zoom = stack.connect_zoom(&host).await;
    let body = session(&json!({
        "title": "  Knee  ", "description": "Bring a towel.\nAnd water.", "timezone": "Europe/Berlin",
        "max_participants": 5, "client_id": client.id,
        "join_url": "https://us02web.zoom.us/j/12345678901?pwd=abc",
    }));
    let answer = create(&stack, &host, &body).await;
    let created = answer.expect(201)["session"].clone();
    for (field, value) in [
        ("host_id", json!(host.id)),
        ("client_id", json!(client.id)),
        ("provider", json!("zoom")),
        ("title", json!("Knee")),
        ("description", json!("Bring a towel.\nAnd water.")),
        ("duration_minutes", json!(50)),
        ("timezone", json!("Europe/Berlin")),
        ("max_participants", json!(5)),
        ("status", json!("scheduled")),
        ("join_url", json!("https://us02web.zoom.us/j/12345678901?pwd=abc")),
        ("provider_meeting_id", Value::Null),
        ("passcode", Value::Null),
    ] {
        assert_eq!(created[field], value, "{field}");
    }
    let start: chrono::DateTime<chrono::Utc> = created["scheduled_start"].as_str().unwrap().parse().unwrap();
    assert_eq!(json!(start.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)), body["scheduled_start"]);
    assert_eq!(calls(&stack, &answer).await, ["create_video_session"]);
    assert!(stack.zoom_calls(&zoom).await.is_empty(), "a pasted link is nobody's business but the host's");
}

#[tokio::test]
async fn a_jitsi_room_is_new_and_unguessable_each_time() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let mut rooms = Vec::new();
    for _ in 0..2 {
        let answer = create(&stack, &host, &session(&json!({"provider": "jitsi"}))).await;
        let created = answer.expect(201)["session"].clone();
        assert_eq!(created["provider"], "jitsi");
        let url = created["join_url"].as_str().unwrap().to_owned();
        let room = url.strip_prefix("https://meet.jit.si/convene-").unwrap();
        assert_eq!(room.len(), 32);
        assert_eq!(calls(&stack, &answer).await, ["create_video_session"]);
        rooms.push(url);
    }
    assert_ne!(rooms[0], rooms[1]);
}

#[tokio::test]
async fn host_and_clients_see_the_session_and_nobody_else_does() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let (first, second) = (stack.client_of(&host).await, stack.client_of(&host).await);
    let (other_host, stranger) = (stack.trainer().await, stack.person("client").await);
    let mut body = linked_session();
    body["client_ids"] = json!([first.id, second.id]);
    let id = create(&stack, &host, &body).await.expect(201)["session"]["id"].clone();

    for person in [&host, &first, &second] {
        let sessions = listed(&stack, person).await;
        assert_eq!(sessions.len(), 1);
        assert_eq!((&sessions[0]["id"], &sessions[0]["join_url"]), (&id, &body["join_url"]));
        assert_eq!(sessions[0]["client_id"], Value::Null, "several clients: none is the one");
    }
    for person in [&other_host, &stranger] {
        assert!(listed(&stack, person).await.is_empty());
    }
    let anonymous = stack.rest(Method::GET, "video_sessions?select=*").send().await;
    assert!(anonymous.status == 401 || anonymous.text == "[]", "{anonymous:?}");

    let participants =
        "select user_id, role from public.video_session_participants where session_id = $1::uuid order by role";
    let session_id: Uuid = id.as_str().unwrap().parse().unwrap();
    let rows = stack.rows(participants, &[&session_id]).await;
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0], json!({"user_id": host.id, "role": "host"}));
    for client in [&first, &second] {
        let told = "select 1 from public.notifications where user_id = $1";
        assert_eq!(stack.count(told, &[&client.id]).await, 1);
    }
}

#[tokio::test]
async fn an_invite_puts_the_link_into_the_conversation() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let client = stack.client_of(&host).await;
    let mut body = linked_session();
    body["client_id"] = json!(client.id);
    body["send_invite"] = json!(true);
    create(&stack, &host, &body).await.expect(201);
    let messages = stack.rest(Method::GET, "messages?select=content,sender_id").by(&client).send().await.expect(200);
    assert_eq!(messages.as_array().unwrap().len(), 1);
    assert_eq!(messages[0]["sender_id"], json!(host.id));
    assert!(messages[0]["content"].as_str().unwrap().contains(body["join_url"].as_str().unwrap()));
}

#[tokio::test]
async fn an_unknown_timezone_is_named_by_the_database_that_knows_them() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let mut body = linked_session();
    body["timezone"] = json!("Europe/Atlantis");
    let answer = create(&stack, &host, &body).await;
    assert_eq!(answer.refused(422, "invalid_field")["field"], "timezone");
    assert_eq!(sessions_of(&stack, &host).await, 0);
}

#[tokio::test]
async fn a_repeated_key_gives_the_same_session_and_another_body_is_refused() {
    let stack = Stack::running();
    let (host, other_host) = (stack.trainer().await, stack.trainer().await);
    for body in [linked_session(), session(&json!({"provider": "jitsi"}))] {
        let key = Uuid::new_v4().to_string();
        let request = stack.function("create-video-session").by(&host).idempotency_key(&key);
        let first = request.clone().json(&body).send().await.expect(201);
        let mut reordered = body.clone();
        reordered["title"] = json!(" Knee rehabilitation ");
        assert_eq!(request.clone().json(&reordered).send().await.expect(201), first);

        let mut another = body.clone();
        another["title"] = json!("Another");
        request.clone().json(&another).send().await.refused(422, "idempotency_key_reused");

        let stranger = stack.function("create-video-session").by(&other_host).idempotency_key(&key).json(&body);
        let theirs = stranger.send().await.expect(201);
        assert_ne!(theirs["session"]["id"], first["session"]["id"], "a key is its caller's own");
    }
    assert_eq!(sessions_of(&stack, &host).await, 2);
}

#[tokio::test]
async fn twenty_at_once_with_one_key_make_one_session() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let request = stack
        .function("create-video-session")
        .by(&host)
        .idempotency_key(&Uuid::new_v4().to_string())
        .json(&linked_session());
    let answers = join_all((0..20).map(|_| request.clone().send())).await;
    let first = answers[0].expect(201);
    for answer in &answers {
        assert_eq!(answer.expect(201), first);
    }
    assert_eq!(sessions_of(&stack, &host).await, 1);
}

#[tokio::test]
async fn without_a_key_each_request_is_its_own() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let body = linked_session();
    create(&stack, &host, &body).await.expect(201);
    create(&stack, &host, &body).await.expect(201);
    assert_eq!(sessions_of(&stack, &host).await, 2);
}

#[tokio::test]
async fn a_database_that_is_away_is_503_and_tells_nothing() {
    use convene_tests::harness::SupabaseFault;
    let stack = Stack::running();
    let host = stack.trainer().await;
    for fault in
        [SupabaseFault::DropRequest, SupabaseFault::Status { status: 503 }, SupabaseFault::Status { status: 500 }]
    {
        let request = stack.function("create-video-session").by(&host).json(&linked_session());
        stack.supabase_fault(request.request_id(), "create_video_session", fault, 1).await;
        let answer = request.send().await;
        answer.refused(503, "unavailable");
        assert_eq!(answer.header("retry-after"), Some("5"));
        assert!(!answer.text.contains("rpc") && !answer.text.contains("create_video_session"), "{}", answer.text);
    }
    assert_eq!(sessions_of(&stack, &host).await, 0);
}

#[tokio::test]
async fn a_lost_answer_of_the_database_is_found_by_the_next_request() {
    use convene_tests::harness::SupabaseFault;
    let stack = Stack::running();
    let host = stack.trainer().await;
    let request = stack
        .function("create-video-session")
        .by(&host)
        .idempotency_key(&Uuid::new_v4().to_string())
        .json(&session(&json!({"provider": "jitsi"})));
    stack.supabase_fault(request.request_id(), "create_video_session", SupabaseFault::DropAnswer, 1).await;
    request.clone().send().await.refused(503, "unavailable");
    let found = request.send().await.expect(201);
    assert_eq!(sessions_of(&stack, &host).await, 1);
    assert!(found["session"]["join_url"].as_str().unwrap().starts_with("https://meet.jit.si/convene-"));
}
