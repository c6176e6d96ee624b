//! Disconnecting Zoom: the row goes, whatever Zoom says to it.

use convene_tests::harness::{Answer, Operation, Person, Stack, SupabaseFault, ZoomFault};
use serde_json::json;

use crate::{calls, create, operations, session};

async fn disconnect(stack: &Stack, person: &Person) -> Answer {
    stack.function("zoom-disconnect").by(person).json(&json!({})).send().await
}

async fn rows(stack: &Stack, person: &Person) -> usize {
    stack.count("select 1 from public.user_integrations_zoom where user_id = $1", &[&person.id]).await
}

#[tokio::test]
async fn the_grant_ends_here_and_at_zoom() {
    let stack = Stack::running();
    let (host, other) = (stack.trainer().await, stack.trainer().await);
    let zoom = stack.connect_zoom(&host).await;
    stack.connect_zoom(&other).await;
    let answer = disconnect(&stack, &host).await;
    assert_eq!(answer.expect(200), json!({"status": "disconnected"}));
    assert_eq!(calls(&stack, &answer).await, ["disconnect_zoom"]);
    assert_eq!(operations(&stack.zoom_calls(&zoom).await), [Operation::RevokeToken]);
    assert_eq!(stack.zoom_user(&zoom.id).await.access_token, None);
    assert_eq!((rows(&stack, &host).await, rows(&stack, &other).await), (0, 1));
    create(&stack, &host, &session(&json!({}))).await.refused(409, "zoom_not_connected");
    create(&stack, &other, &session(&json!({}))).await.expect(201);

    let url = stack.start_zoom_connect(&host, &json!({})).await;
    let again = stack.approve_zoom(&url, json!({"zoom_user_id": zoom.id})).await;
    assert_eq!(stack.callback(&again.location).send().await.landed().status, "connected");
    create(&stack, &host, &session(&json!({}))).await.expect(201);
}

#[tokio::test]
async fn again_or_without_a_connection_it_is_the_same_and_zoom_is_left_alone() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom(&host).await;
    disconnect(&stack, &host).await.expect(200);
    let never_connected = stack.person("client").await;
    for person in [&host, &never_connected] {
        assert_eq!(disconnect(&stack, person).await.expect(200), json!({"status": "disconnected"}));
    }
    assert_eq!(stack.zoom_calls(&zoom).await.len(), 1);
}

#[tokio::test]
async fn a_revocation_that_fails_is_not_the_callers() {
    let stack = Stack::running();
    for fault in [
        ZoomFault::Status { status: 503 },
        ZoomFault::Status { status: 400 },
        ZoomFault::DropRequest,
        ZoomFault::Delay { ms: 4_000 },
        ZoomFault::Xml { status: 500 },
    ] {
        let host = stack.trainer().await;
        let zoom = stack.connect_zoom(&host).await;
        let what = format!("{fault:?}");
        stack.zoom_fault(&zoom, Operation::RevokeToken, fault, 1).await;
        assert_eq!(disconnect(&stack, &host).await.expect(200), json!({"status": "disconnected"}), "{what}");
        assert_eq!(rows(&stack, &host).await, 0, "{what}");
    }
}

#[tokio::test]
async fn a_dead_or_unreadable_grant_can_be_disconnected_too() {
    let stack = Stack::running();
    let (dead, unreadable) = (stack.trainer().await, stack.trainer().await);
    let zoom = stack.connect_zoom(&dead).await;
    stack.revoke_zoom(&zoom).await;
    stack.connect_zoom(&unreadable).await;
    let spoilt = "update public.user_integrations_zoom set access_token = 'v1.gone.AAAA' where user_id = $1";
    stack.sql(spoilt, &[&unreadable.id]).await;
    for host in [&dead, &unreadable] {
        disconnect(&stack, host).await.expect(200);
        assert_eq!(rows(&stack, host).await, 0);
    }
}

#[tokio::test]
async fn only_the_signed_in_user_disconnects_and_only_themself() {
    let stack = Stack::running();
    let (host, other) = (stack.trainer().await, stack.trainer().await);
    stack.connect_zoom(&host).await;
    let anonymous = stack.function("zoom-disconnect").json(&json!({})).send().await;
    anonymous.refused(401, "unauthenticated");
    assert!(calls(&stack, &anonymous).await.is_empty());
    let body = json!({"user_id": host.id});
    stack.function("zoom-disconnect").by(&other).json(&body).send().await;
    assert_eq!(rows(&stack, &host).await, 1);
}

#[tokio::test]
async fn a_database_that_is_away_is_503_and_revokes_nothing() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom(&host).await;
    let request = stack.function("zoom-disconnect").by(&host).json(&json!({}));
    stack.supabase_fault(request.request_id(), "disconnect_zoom", SupabaseFault::DropRequest, 1).await;
    request.send().await.refused(503, "unavailable");
    assert!(stack.zoom_calls(&zoom).await.is_empty());
    assert_eq!(rows(&stack, &host).await, 1);
}
