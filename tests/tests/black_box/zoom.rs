//! Zoom sessions when Zoom answers: the meeting, its secrets, the token refresh, and what each refusal becomes.

use chrono::{Duration, SecondsFormat, Utc};
use convene_tests::harness::{Operation, Stack, ZoomFault};
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::{calls, create, operations, session, sessions_of};

#[tokio::test]
async fn a_zoom_session_is_a_real_meeting_in_the_hosts_account() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let client = stack.client_of(&host).await;
    let zoom = stack.connect_zoom(&host).await;
    let body = session(&json!({
        "description": "Bring a towel.", "timezone": "Europe/Berlin", "client_id": client.id,
    }));
    let answer = create(&stack, &host, &body).await;
    let created = answer.expect(201)["session"].clone();

    let meetings = stack.zoom_meetings(&zoom).await;
    assert_eq!(meetings.len(), 1);
    let meeting = &meetings[0];
    for (field, value) in [
        ("topic", &body["title"]),
        ("agenda", &body["description"]),
        ("start_time", &body["scheduled_start"]),
        ("duration", &body["duration_minutes"]),
        ("timezone", &body["timezone"]),
        ("password", &created["passcode"]),
        ("join_url", &created["join_url"]),
    ] {
        assert_eq!(&meeting[field], value, "{field}");
    }
    assert_eq!(created["provider"], "zoom");
    assert_eq!(created["provider_meeting_id"], json!(meeting["id"].to_string()));
    assert_eq!(created["passcode"].as_str().unwrap().len(), 10);
    assert_eq!(calls(&stack, &answer).await, ["create_video_session", "commit_zoom_session"]);
    assert_eq!(operations(&stack.zoom_calls(&zoom).await), [Operation::CreateMeeting]);
    let due = "select 1 from private.outbox where host_id = $1 and status = 'pending'";
    assert_eq!(stack.count(due, &[&host.id]).await, 0, "a committed claim leaves nothing to undo");
}

#[tokio::test]
async fn the_start_url_is_the_hosts_alone() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let client = stack.client_of(&host).await;
    stack.connect_zoom(&host).await;
    let answer = create(&stack, &host, &session(&json!({"client_id": client.id}))).await;
    answer.expect(201);
    assert!(!answer.text.contains("zak=") && !answer.text.contains("start_url"), "{}", answer.text);

    let meta = "video_session_host_meta?select=*";
    let own = stack.rest(Method::GET, meta).by(&host).send().await.expect(200);
    assert!(own[0]["host_start_url"].as_str().unwrap().contains("zak="));
    for other in [&client, &stack.trainer().await] {
        assert_eq!(stack.rest(Method::GET, meta).by(other).send().await.expect(200), json!([]));
    }
    for table in ["video_sessions", "video_session_participants", "notifications", "messages"] {
        let rows = stack.rest(Method::GET, &format!("{table}?select=*")).by(&client).send().await;
        assert!(!rows.text.contains("zak="), "{table}");
    }
}

#[tokio::test]
async fn without_zoom_the_host_is_told_what_can_be_done() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    for body in [session(&json!({})), session(&json!({"provider": "zoom"}))] {
        let answer = create(&stack, &host, &body).await;
        answer.refused(409, "zoom_not_connected");
        let text = answer.json()["error"].as_str().unwrap().to_lowercase();
        assert!(text.contains("link") && text.contains("jitsi"), "{text}");
    }
    assert_eq!(sessions_of(&stack, &host).await, 0);
    assert_eq!(stack.count("select 1 from private.outbox where host_id = $1", &[&host.id]).await, 0);
}

#[tokio::test]
async fn an_expired_token_is_refreshed_once_and_the_rotated_pair_is_kept_sealed() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom_with(&host, json!({"access_token_expired": true})).await;
    let answer = create(&stack, &host, &session(&json!({}))).await;
    answer.expect(201);
    assert_eq!(
        calls(&stack, &answer).await,
        ["create_video_session", "save_zoom_tokens", "commit_zoom_session"],
        "the rotated pair is saved before it is used"
    );
    assert_eq!(operations(&stack.zoom_calls(&zoom).await), [Operation::RefreshToken, Operation::CreateMeeting]);

    let again = create(&stack, &host, &session(&json!({"title": "Second"}))).await;
    again.expect(201);
    assert_eq!(calls(&stack, &again).await, ["create_video_session", "commit_zoom_session"]);
    let stored = "select access_token, refresh_token from public.user_integrations_zoom where user_id = $1";
    let row = &stack.rows(stored, &[&host.id]).await[0];
    for token in [&row["access_token"], &row["refresh_token"]] {
        assert!(token.as_str().unwrap().starts_with("v1.local."), "{token}");
    }
}

#[tokio::test]
async fn a_token_that_zoom_refuses_early_is_refreshed_and_the_call_repeated() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom(&host).await;
    stack.zoom_fault(&zoom, Operation::CreateMeeting, ZoomFault::ExpiredToken, 1).await;
    create(&stack, &host, &session(&json!({}))).await.expect(201);
    let made = operations(&stack.zoom_calls(&zoom).await);
    assert_eq!(made, [Operation::CreateMeeting, Operation::RefreshToken, Operation::CreateMeeting]);
    assert_eq!(stack.zoom_meetings(&zoom).await.len(), 1);
}

#[tokio::test]
async fn twenty_sessions_at_once_with_an_expired_token_refresh_it_once() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom_with(&host, json!({"access_token_expired": true})).await;
    stack.zoom_fault(&zoom, Operation::RefreshToken, ZoomFault::Delay { ms: 400 }, 1).await;
    let bodies: Vec<Value> = (0..20).map(|n| session(&json!({"title": format!("Session {n}")}))).collect();
    let answers = join_all(bodies.iter().map(|body| create(&stack, &host, body))).await;
    for answer in &answers {
        answer.expect(201);
    }
    let refreshes = operations(&stack.zoom_calls(&zoom).await);
    assert_eq!(refreshes.iter().filter(|operation| **operation == Operation::RefreshToken).count(), 1);
    assert_eq!(stack.zoom_meetings(&zoom).await.len(), 20);
}

#[tokio::test]
async fn a_grant_that_died_ends_in_reconnect_required_and_no_further_calls() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom(&host).await;
    stack.revoke_zoom(&zoom).await;
    let body = session(&json!({}));
    create(&stack, &host, &body).await.refused(409, "zoom_reconnect_required");
    let calls_before = stack.zoom_calls(&zoom).await.len();
    for _ in 0..3 {
        create(&stack, &host, &body).await.refused(409, "zoom_reconnect_required");
    }
    assert_eq!(stack.zoom_calls(&zoom).await.len(), calls_before, "Zoom is left alone until the user reconnects");
    let status = "select status from public.user_integrations_zoom where user_id = $1";
    assert_eq!(stack.rows(status, &[&host.id]).await[0]["status"], "reconnect_required");
    let told = "select 1 from public.notifications where user_id = $1";
    assert_eq!(stack.count(told, &[&host.id]).await, 1, "told once");
}

#[tokio::test]
async fn nothing_is_sent_to_where_an_answer_redirects() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom(&host).await;
    stack.zoom_fault(&zoom, Operation::CreateMeeting, ZoomFault::Redirect, 1).await;
    create(&stack, &host, &session(&json!({}))).await.refused(502, "provider_failed");
    let made = operations(&stack.zoom_calls(&zoom).await);
    assert_eq!(made, [Operation::CreateMeeting, Operation::ListMeetings], "and looked for, as it may have been made");
    assert!(stack.zoom_meetings(&zoom).await.is_empty() && sessions_of(&stack, &host).await == 0);
}

#[tokio::test]
async fn each_refusal_of_zoom_has_its_own_answer_and_frees_the_key() {
    let stack = Stack::running();
    let soon = Utc::now() + Duration::minutes(5);
    let retry_after = soon.to_rfc3339_opts(SecondsFormat::Secs, true);
    let error = |status, code, message: &str| ZoomFault::Error { status, code, message: message.to_owned() };
    for (fault, status, code) in [
        (error(400, 300, "Validation Failed."), 409, "zoom_refused"),
        (error(400, 3161, "Meeting hosting and scheduling capabilities are not allowed"), 409, "zoom_refused"),
        (error(400, 3000, "Cannot access webinar info."), 409, "zoom_refused"),
        (error(400, 4711, "Invalid access token, does not contain scopes"), 409, "zoom_scope_missing"),
        (error(400, 4700, "Token cannot be empty"), 409, "zoom_scope_missing"),
        (error(404, 1001, "User does not exist"), 502, "provider_failed"),
        (ZoomFault::RateLimit { retry_after: Some(retry_after.clone()) }, 429, "zoom_rate_limited"),
        (ZoomFault::RateLimit { retry_after: None }, 429, "zoom_rate_limited"),
        (ZoomFault::Xml { status: 400 }, 409, "zoom_refused"),
    ] {
        let host = stack.trainer().await;
        let zoom = stack.connect_zoom(&host).await;
        let what = format!("{fault:?}");
        stack.zoom_fault(&zoom, Operation::CreateMeeting, fault, 1).await;
        let request =
            stack.function("create-video-session").by(&host).idempotency_key("key").json(&session(&json!({})));
        let answer = request.clone().send().await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
        answer.refused(status, code);
        if status == 429 {
            let seconds: i64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=86_400).contains(&seconds), "{what}: {seconds}");
            if what.contains("Some") {
                assert!((200..=300).contains(&seconds), "{seconds}");
            }
        }
        assert_eq!(calls(&stack, &answer).await, ["create_video_session", "release_zoom_claim"], "{what}");
        assert_eq!(sessions_of(&stack, &host).await, 0, "{what}");
        request.send().await.expect(201);
        assert_eq!(stack.zoom_meetings(&zoom).await.len(), 1, "{what}");
    }
}
