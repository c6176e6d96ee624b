//! Who may create a session with whom. The database decides, whatever way a request comes.

use convene_tests::harness::Stack;
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{calls, create, linked_session, session, sessions_of};

#[tokio::test]
async fn only_host_roles_create_sessions() {
    let stack = Stack::running();
    for role in ["client", "patient", "student", "operator", "admin", "therapist", "tutor"] {
        let person = stack.person(role).await;
        for body in [linked_session(), session(&json!({"provider": "jitsi"})), session(&json!({}))] {
            let answer = create(&stack, &person, &body).await;
            answer.refused(403, "not_a_host");
            assert_eq!(calls(&stack, &answer).await, ["create_video_session"]);
        }
        assert_eq!(sessions_of(&stack, &person).await, 0, "{role}");
    }
    for role in ["trainer", "nutritionist"] {
        create(&stack, &stack.person(role).await, &linked_session()).await.expect(201);
    }
}

#[tokio::test]
async fn nobody_gives_themself_a_role() {
    let stack = Stack::running();
    let client = stack.person("client").await;
    for change in [json!({"role": "trainer"}), json!({"role": "admin"}), json!({"is_premium": true})] {
        let answer =
            stack.rest(Method::PATCH, &format!("profiles?id=eq.{}", client.id)).by(&client).json(&change).send().await;
        assert_eq!(answer.status, 403, "{change}: {}", answer.text);
    }
    let body = json!({"id": client.id, "role": "trainer"});
    let upsert = stack
        .rest(Method::POST, "profiles?on_conflict=id")
        .by(&client)
        .header("prefer", "resolution=merge-duplicates")
        .json(&body)
        .send()
        .await;
    assert_eq!(upsert.status, 403, "{upsert:?}");
    create(&stack, &client, &linked_session()).await.refused(403, "not_a_host");
}

#[tokio::test]
async fn a_role_in_the_users_own_metadata_is_worth_nothing() {
    let stack = Stack::running();
    let body = json!({
        "email": format!("{}@convene.example", Uuid::new_v4()), "password": "a-long-password",
        "data": {"role": "trainer"},
    });
    let url = format!("{}/auth/v1/signup", stack.variable("API_URL"));
    let signed_up: Value = reqwest::Client::new()
        .post(url)
        .header("apikey", stack.variable("PUBLISHABLE_KEY"))
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let token = signed_up["access_token"].as_str().unwrap();
    let answer = stack.function("create-video-session").token(token).json(&linked_session()).send().await;
    answer.refused(403, "not_a_host");
}

#[tokio::test]
async fn a_client_who_is_not_the_hosts_is_refused_like_one_who_does_not_exist() {
    let stack = Stack::running();
    let (host, other_host) = (stack.trainer().await, stack.trainer().await);
    let (own, foreign) = (stack.client_of(&host).await, stack.client_of(&other_host).await);
    for clients in [
        json!([foreign.id]),
        json!([own.id, foreign.id]),
        json!([other_host.id]),
        json!([host.id]),
        json!([Uuid::new_v4()]),
    ] {
        let mut body = linked_session();
        body["client_ids"] = clients.clone();
        let answer = create(&stack, &host, &body).await;
        assert_eq!(answer.refused(403, "client_not_yours")["field"], "client_ids", "{clients}");
    }
    assert_eq!(sessions_of(&stack, &host).await, 0);
    assert_eq!(
        stack.count("select 1 from public.notifications where user_id = any($1)", &[&vec![own.id, foreign.id]]).await,
        0
    );
}

#[tokio::test]
async fn a_lead_that_was_not_accepted_gives_no_client() {
    let stack = Stack::running();
    let (host, client) = (stack.trainer().await, stack.person("client").await);
    let lead = json!({"client_id": client.id, "provider_id": host.id});
    stack.rest(Method::POST, "leads").by(&client).json(&lead).send().await.expect(201);
    let mut body = linked_session();
    body["client_id"] = json!(client.id);
    create(&stack, &host, &body).await.refused(403, "client_not_yours");

    let leads = format!("leads?client_id=eq.{}", client.id);
    stack.rest(Method::PATCH, &leads).by(&client).json(&json!({"status": "accepted"})).send().await;
    create(&stack, &host, &body).await.refused(403, "client_not_yours");

    let accepted = stack.rest(Method::PATCH, &leads).by(&host).json(&json!({"status": "accepted"})).send().await;
    assert!(accepted.status < 300, "{accepted:?}");
    create(&stack, &host, &body).await.expect(201);
}

#[tokio::test]
async fn a_conversation_of_others_is_not_found() {
    let stack = Stack::running();
    let (host, other_host) = (stack.trainer().await, stack.trainer().await);
    let client = stack.client_of(&other_host).await;
    let conversations = stack.rows("select id from public.conversations where client_id = $1", &[&client.id]).await;
    let foreign = conversations[0]["id"].clone();
    for conversation in [foreign.clone(), json!(Uuid::new_v4())] {
        let mut body = linked_session();
        body["conversation_id"] = conversation;
        let refused = create(&stack, &host, &body).await.refused(404, "conversation_not_found");
        assert_eq!(refused["field"], "conversation_id");
        create(&stack, &client, &body).await.refused(403, "not_a_host");
    }
    let mut body = linked_session();
    body["conversation_id"] = foreign;
    let created = create(&stack, &other_host, &body).await.expect(201);
    assert_eq!(created["session"]["client_id"], json!(client.id));
}

#[tokio::test]
async fn the_service_s_database_functions_are_closed_to_everybody_else() {
    let stack = Stack::running();
    let (host, nil) = (stack.trainer().await, Uuid::nil());
    stack.connect_zoom(&host).await;
    for (function, arguments) in [
        ("commit_zoom_session", json!({"claim_id": nil, "lease_id": nil, "meeting": {}})),
        ("release_zoom_claim", json!({"claim_id": nil, "lease_id": nil, "nothing_created": true})),
        ("zoom_grant", json!({"user_id": host.id, "refused_access_token": null})),
        (
            "save_zoom_tokens",
            json!({"user_id": host.id, "used_refresh_token": "x", "access_token": "a", "refresh_token": "b", "expires_at": "2030-01-01T00:00:00Z", "scope": ""}),
        ),
        (
            "connect_zoom",
            json!({"user_id": host.id, "state_nonce": nil, "state_expires_at": "2030-01-01T00:00:00Z", "access_token": "a", "refresh_token": "b",
                "expires_at": "2030-01-01T00:00:00Z", "scope": "", "zoom_user_id": "z", "zoom_account_id": "a", "zoom_account_email": "e"}),
        ),
        ("disconnect_zoom", json!({"user_id": host.id})),
        ("mark_zoom_reconnect", json!({"user_id": host.id, "refused_token": "x"})),
        ("commit_zoom_reschedule", json!({"effect_id": nil, "lease_id": nil, "changes": {}})),
        ("abandon_session_change", json!({"effect_id": nil, "lease_id": nil})),
        ("commit_zoom_start", json!({"session_id": nil, "start_url": "https://zoom.us/s/1"})),
        (
            "record_zoom_event",
            json!({"event": "ended", "event_at": "2030-01-01T00:00:00Z", "object": {"meeting_id": "1"}}),
        ),
        ("claim_outbox", json!({"max_effects": 20})),
        ("settle_outbox", json!({"results": []})),
    ] {
        for request in [stack.rpc(function, &arguments), stack.rpc(function, &arguments).by(&host)] {
            let answer = request.send().await;
            // Not 404: that would be a function that is not there.
            assert!([401, 403].contains(&answer.status), "{function}: {answer:?}");
        }
    }
    let anonymous =
        stack.rpc("create_video_session", &json!({"request": {}, "idempotency_key": null, "generated": {}}));
    let answer = anonymous.send().await;
    assert!([401, 403, 404].contains(&answer.status), "{answer:?}");
}
