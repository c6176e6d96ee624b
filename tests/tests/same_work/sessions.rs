//! `create-video-session`: a session behind a link, on Jitsi and at Zoom, and what is refused.

use chrono::{Duration, SecondsFormat, Utc};
use convene_tests::harness::{Answer, Operation, Person, Stack, ZoomFault};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{assert_calls, assert_for_users_only, assert_json_only, database_calls, instant, operations};

const FUNCTION: &str = "create-video-session";
const LINK: &str = "https://meet.google.com/abc-defg-hij";

/// A body that is accepted as it is, at Zoom, with `changes`.
fn session(changes: &Value) -> Value {
    let start = (Utc::now() + Duration::days(7)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut body = json!({"title": "Knee rehabilitation", "scheduled_start": start, "duration_minutes": 50});
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

async fn create(stack: &Stack, host: &Person, body: &Value) -> Answer {
    stack.function(FUNCTION).by(host).json(body).send().await
}

async fn written(stack: &Stack, host: &Person) -> Vec<Value> {
    stack.rows("select * from public.video_sessions where host_id = $1", &[&host.id]).await
}

/// Asserts that the answer is the host's only row, whose times it may write in another form.
async fn assert_is_the_row(stack: &Stack, host: &Person, created: &Value) {
    let mut rows = written(stack, host).await;
    assert_eq!(rows.len(), 1);
    let mut created = created.clone();
    for field in ["scheduled_start", "created_at", "updated_at"] {
        assert_eq!(instant(&created[field].take()), instant(&rows[0][field].take()), "{field}");
    }
    assert_eq!(created, rows[0]);
}

async fn participants(stack: &Stack, session: &Value) -> Vec<(Value, String)> {
    let id: Uuid = session["id"].as_str().unwrap().parse().unwrap();
    let query =
        "select user_id, role from public.video_session_participants where session_id = $1 order by role, user_id";
    let rows = stack.rows(query, &[&id]).await;
    rows.into_iter().map(|row| (row["user_id"].clone(), row["role"].as_str().unwrap().to_owned())).collect()
}

fn invited(host: &Person, clients: &[&Person]) -> Vec<(Value, String)> {
    let mut ids: Vec<Uuid> = clients.iter().map(|client| client.id).collect();
    ids.sort_unstable();
    let clients = ids.into_iter().map(|id| (json!(id), "participant".to_owned()));
    [(json!(host.id), "host".to_owned())].into_iter().chain(clients).collect()
}

#[tokio::test]
async fn a_pasted_link_makes_a_session_for_the_client() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let client = stack.client_of(&host).await;
    let zoom = stack.connect_zoom(&host).await;
    let body = session(&json!({
        "title": "  Knee  ", "description": "Bring a towel.\nAnd water.", "timezone": "Europe/Berlin",
        "max_participants": 5, "client_id": client.id, "join_url": "https://us02web.zoom.us/j/12345678901?pwd=abc",
    }));
    let created = create(&stack, &host, &body).await.expect(201)["session"].clone();
    assert_is_the_row(&stack, &host, &created).await;
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
    assert_eq!(instant(&created["scheduled_start"]), instant(&body["scheduled_start"]));
    assert_eq!(participants(&stack, &created).await, invited(&host, &[&client]));
    assert_eq!(stack.count("select 1 from public.notifications where user_id = $1", &[&client.id]).await, 1);
    assert!(stack.zoom_calls(&zoom).await.is_empty(), "Zoom has no part in it");
}

#[tokio::test]
async fn a_link_without_clients_and_a_jitsi_room_cost_no_provider() {
    let stack = Stack::running();
    let mut rooms = Vec::new();
    for changes in [json!({"join_url": LINK}), json!({"provider": "jitsi"}), json!({"provider": "jitsi"})] {
        let host = stack.trainer().await;
        let answer = create(&stack, &host, &session(&changes)).await;
        let created = answer.expect(201)["session"].clone();
        assert_is_the_row(&stack, &host, &created).await;
        assert_calls(&stack, &answer, &["create_video_session"], &["user", "profiles", "video_sessions"]).await;
        if created["provider"] == "jitsi" {
            let url = created["join_url"].as_str().unwrap();
            let secret = url.strip_prefix("https://meet.jit.si/convene-").unwrap();
            assert!(secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()), "{url}");
            rooms.push(url.to_owned());
        } else {
            assert_eq!((&created["provider"], &created["join_url"]), (&json!("meet"), &json!(LINK)));
        }
    }
    assert_ne!(rooms[0], rooms[1]);
}

#[tokio::test]
async fn several_clients_take_part_and_are_sent_the_link() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let clients = [&stack.client_of(&host).await, &stack.client_of(&host).await];
    let ids = clients.map(|client| client.id);
    let body = session(&json!({"join_url": LINK, "client_ids": ids, "send_invite": true}));
    let created = create(&stack, &host, &body).await.expect(201)["session"].clone();
    assert_is_the_row(&stack, &host, &created).await;
    assert_eq!(created["client_id"], Value::Null);
    assert_eq!(participants(&stack, &created).await, invited(&host, &clients));
    for client in clients {
        let messages = "select m.sender_id, m.content from public.messages m
            join public.conversations c on c.id = m.conversation_id where c.client_id = $1";
        let messages = stack.rows(messages, &[&client.id]).await;
        assert_eq!(messages.len(), 1);
        let content = messages[0]["content"].as_str().unwrap();
        assert!(content.starts_with("Knee rehabilitation\n") && content.ends_with(LINK), "{content}");
        assert_eq!(messages[0]["sender_id"], json!(host.id));
    }
}

#[tokio::test]
async fn the_client_of_a_conversation_takes_part() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let client = stack.client_of(&host).await;
    let conversations = stack.rows("select id from public.conversations where client_id = $1", &[&client.id]).await;
    let body = session(&json!({"join_url": LINK, "conversation_id": conversations[0]["id"]}));
    let created = create(&stack, &host, &body).await.expect(201)["session"].clone();
    assert_is_the_row(&stack, &host, &created).await;
    assert_eq!((&created["client_id"], &created["conversation_id"]), (&json!(client.id), &conversations[0]["id"]));
    assert_eq!(participants(&stack, &created).await, invited(&host, &[&client]));
}

#[tokio::test]
async fn a_zoom_session_is_a_meeting_whose_start_link_is_the_hosts() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom(&host).await;
    let body = session(&json!({"description": "Bring a towel.", "timezone": "Europe/Berlin"}));
    let answer = create(&stack, &host, &body).await;
    let created = answer.expect(201)["session"].clone();
    assert_is_the_row(&stack, &host, &created).await;

    let meetings = stack.zoom_meetings(&zoom).await;
    assert_eq!(meetings.len(), 1);
    for (field, value) in [
        ("topic", &body["title"]),
        ("agenda", &body["description"]),
        ("start_time", &body["scheduled_start"]),
        ("duration", &body["duration_minutes"]),
        ("timezone", &body["timezone"]),
        ("password", &created["passcode"]),
        ("join_url", &created["join_url"]),
    ] {
        assert_eq!(&meetings[0][field], value, "{field}");
    }
    assert_eq!(created["provider_meeting_id"], json!(meetings[0]["id"].to_string()));
    assert_eq!(created["passcode"].as_str().unwrap().len(), 10);
    assert_eq!(operations(&stack.zoom_calls(&zoom).await), [Operation::CreateMeeting]);
    let tables = ["user", "profiles", "user_integrations_zoom", "video_sessions", "video_session_host_meta"];
    assert_calls(&stack, &answer, &["create_video_session", "commit_zoom_session"], &tables).await;

    assert!(!answer.text.contains("zak=") && !answer.text.contains("start_url"), "{}", answer.text);
    let meta = "select host_id, host_start_url, expires_at > now() + interval '119 minutes' as lives from public.video_session_host_meta
        where host_id = $1";
    let meta = stack.rows(meta, &[&host.id]).await;
    assert!(meta[0]["host_start_url"].as_str().unwrap().contains("zak="), "{meta:?}");
    assert_eq!(meta[0]["lives"], true);
}

#[tokio::test]
async fn an_expired_token_is_refreshed_and_the_new_pair_kept_sealed() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom_with(&host, json!({"access_token_expired": true})).await;
    for title in ["First", "Second"] {
        create(&stack, &host, &session(&json!({"title": title}))).await.expect(201);
    }
    let made = operations(&stack.zoom_calls(&zoom).await);
    assert_eq!(made, [Operation::RefreshToken, Operation::CreateMeeting, Operation::CreateMeeting]);
    let row = "select access_token, refresh_token from public.user_integrations_zoom where user_id = $1";
    let row = stack.rows(row, &[&host.id]).await.remove(0);
    let now = stack.zoom_user(&zoom.id).await;
    for (column, token) in [("access_token", now.access_token), ("refresh_token", now.refresh_token)] {
        let sealed = row[column].as_str().unwrap();
        assert!(sealed.starts_with("v1.local."), "{sealed}");
        assert_eq!(stack.open_zoom_token(&host, sealed).await, token, "{column}");
    }
}

#[tokio::test]
async fn each_refusal_of_zoom_has_its_own_answer_and_leaves_no_session() {
    let stack = Stack::running();
    let error = |status, code| ZoomFault::Error { status, code, message: "No.".to_owned() };
    let soon = (Utc::now() + Duration::minutes(5)).to_rfc3339_opts(SecondsFormat::Secs, true);
    for (fault, status, code) in [
        (error(400, 300), 409, "zoom_refused"),
        (error(400, 4711), 409, "zoom_scope_missing"),
        (error(404, 1001), 502, "provider_failed"),
        (ZoomFault::RateLimit { retry_after: Some(soon) }, 429, "zoom_rate_limited"),
        (ZoomFault::Status { status: 503 }, 502, "provider_failed"),
    ] {
        let host = stack.trainer().await;
        let zoom = stack.connect_zoom(&host).await;
        stack.zoom_fault(&zoom, Operation::CreateMeeting, fault, 1).await;
        let answer = create(&stack, &host, &session(&json!({}))).await;
        answer.refused(status, code);
        if status == 429 {
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((290..=300).contains(&wait), "{wait}");
        }
        assert!(written(&stack, &host).await.is_empty() && stack.zoom_meetings(&zoom).await.is_empty(), "{code}");
    }
}

#[tokio::test]
async fn a_dead_or_missing_connection_is_told() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    create(&stack, &host, &session(&json!({}))).await.refused(409, "zoom_not_connected");
    let zoom = stack.connect_zoom_with(&host, json!({"access_token_expired": true})).await;
    stack.revoke_zoom(&zoom).await;
    for _ in 0..2 {
        create(&stack, &host, &session(&json!({}))).await.refused(409, "zoom_reconnect_required");
    }
    assert_eq!(operations(&stack.zoom_calls(&zoom).await), [Operation::RefreshToken], "then Zoom is left alone");
    assert!(written(&stack, &host).await.is_empty());
}

#[tokio::test]
async fn only_hosts_create_and_only_with_their_own_clients() {
    let stack = Stack::running();
    let (host, other_host) = (stack.trainer().await, stack.trainer().await);
    let stranger = stack.client_of(&other_host).await;
    let zoom = stack.connect_zoom(&host).await;
    let foreign = stack.rows("select id from public.conversations where client_id = $1", &[&stranger.id]).await;
    for link in [json!(LINK), Value::Null] {
        for role in ["client", "therapist", "tutor", "operator"] {
            let person = stack.person(role).await;
            create(&stack, &person, &session(&json!({"join_url": link}))).await.refused(403, "not_a_host");
        }
        for client in [stranger.id, Uuid::new_v4(), host.id] {
            let refused = create(&stack, &host, &session(&json!({"join_url": link, "client_id": client}))).await;
            assert_eq!(refused.refused(403, "client_not_yours")["field"], "client_ids");
        }
        let body = session(&json!({"join_url": link, "conversation_id": foreign[0]["id"]}));
        let refused = create(&stack, &host, &body).await.refused(404, "conversation_not_found");
        assert_eq!(refused["field"], "conversation_id");
    }
    assert!(written(&stack, &host).await.is_empty());
    assert!(stack.zoom_calls(&zoom).await.is_empty());
}

#[tokio::test]
async fn what_does_not_fit_is_named_before_the_database_is_asked() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom(&host).await;
    for (field, value) in [
        ("title", json!("")),
        ("title", json!("\u{200b}")),
        ("title", json!("x".repeat(201))),
        ("title", json!("a\nb")),
        ("title", json!(7)),
        ("title", Value::Null),
        ("description", json!("x".repeat(2001))),
        ("scheduled_start", json!("2020-01-01T00:00:00Z")),
        ("scheduled_start", json!("2027-01-01T00:00:00")),
        ("scheduled_start", Value::Null),
        ("duration_minutes", json!(0)),
        ("duration_minutes", json!(50.5)),
        ("duration_minutes", json!("50")),
        ("timezone", json!("Berlin")),
        ("max_participants", json!(1001)),
        ("provider", json!("skype")),
        ("provider", json!("openvidu")),
        ("join_url", json!("http://meet.google.com/abc-defg-hij")),
        ("join_url", json!("https://user:pass@meet.google.com/abc-defg-hij")),
        ("join_url", json!("https://zoom.us/s/123456789")),
        ("join_url", json!("https://zoom.us/j/123456789?zak=eyJhbGciOi")),
        ("join_url", json!("https://127.0.0.1/room")),
        ("client_id", json!("not-a-uuid")),
        ("client_ids", json!("00000000-0000-4000-8000-000000000001")),
        ("conversation_id", json!("7")),
        ("send_invite", json!("yes")),
        ("host_id", json!("00000000-0000-4000-8000-000000000001")),
    ] {
        let answer = create(&stack, &host, &session(&json!({field: value}))).await;
        assert_eq!(answer.refused(422, "invalid_field")["field"], field, "{value}");
        assert_eq!(database_calls(&stack, &answer).await, [""; 0], "{field}: {value}");
    }
    assert_json_only(&stack, FUNCTION, &host).await;
    assert_for_users_only(&stack, stack.function(FUNCTION).json(&session(&json!({}))), &host).await;
    assert!(written(&stack, &host).await.is_empty());
    assert!(stack.zoom_calls(&zoom).await.is_empty());
}
