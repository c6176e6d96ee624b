//! The outbox and its delivery: who may call it, what it does, and what happens when it cannot.

use convene_tests::harness::{Operation, Person, Stack, ZoomFault, ZoomUser};
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::{calls, create, operations, session};

struct Cancelled {
    stack: Stack,
    host: Person,
    zoom: ZoomUser,
}

/// A host whose Zoom session was cancelled through PostgREST, as the apps do it.
async fn cancelled() -> Cancelled {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom(&host).await;
    let created = create(&stack, &host, &session(&json!({}))).await.expect(201);
    let row = format!("video_sessions?id=eq.{}", created["session"]["id"].as_str().unwrap());
    let answer = stack.rest(Method::PATCH, &row).by(&host).json(&json!({"status": "cancelled"})).send().await;
    assert!(answer.status < 300, "{answer:?}");
    Cancelled { stack, host, zoom }
}

impl Cancelled {
    async fn outbox(&self) -> Value {
        let rows =
            "select status, attempts, error from private.outbox where host_id = $1 and kind = 'zoom.delete_meeting'";
        self.stack.rows(rows, &[&self.host.id]).await[0].clone()
    }

    async fn make_due(&self) {
        let due = "update private.outbox set available_at = now(), leased_until = null where host_id = $1 and status = 'pending'";
        self.stack.sql(due, &[&self.host.id]).await;
    }
}

#[tokio::test]
async fn only_the_scheduler_may_deliver() {
    let stack = Stack::running();
    let admin = stack.person("admin").await;
    for request in [
        stack.function("deliver-outbox"),
        stack.function("deliver-outbox").by(&admin),
        stack.function("deliver-outbox").token(stack.variable("SECRET_KEY")),
        stack.function("deliver-outbox").token(""),
        stack.function("deliver-outbox").token(&format!("{}x", stack.variable("SCHEDULER_SECRET"))),
    ] {
        let answer = request.send().await;
        answer.refused(401, "unauthenticated");
        assert!(calls(&stack, &answer).await.is_empty());
    }
}

#[tokio::test]
async fn a_session_cancelled_by_the_app_loses_its_meeting() {
    let cancelled = cancelled().await;
    assert_eq!(cancelled.stack.zoom_meetings(&cancelled.zoom).await.len(), 1);
    cancelled.stack.deliver_until_settled(&cancelled.host).await;
    assert!(cancelled.stack.zoom_meetings(&cancelled.zoom).await.is_empty());
    assert_eq!(cancelled.outbox().await["status"], "done");
}

#[tokio::test]
async fn a_session_deleted_by_the_app_loses_its_meeting() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let zoom = stack.connect_zoom(&host).await;
    create(&stack, &host, &session(&json!({}))).await.expect(201);
    let rows = format!("video_sessions?host_id=eq.{}", host.id);
    let answer = stack.rest(Method::DELETE, &rows).by(&host).send().await;
    assert!(answer.status < 300, "{answer:?}");
    stack.deliver_until_settled(&host).await;
    assert!(stack.zoom_meetings(&zoom).await.is_empty());
}

#[tokio::test]
async fn delivering_takes_one_claim_and_one_settlement() {
    let cancelled = cancelled().await;
    let mut answer = cancelled.stack.deliver_outbox().await;
    while answer.expect(200)["claimed"] == 0 {
        answer = cancelled.stack.deliver_outbox().await;
    }
    assert_eq!(calls(&cancelled.stack, &answer).await.iter().filter(|call| *call == "claim_outbox").count(), 1);
    assert_eq!(calls(&cancelled.stack, &answer).await.iter().filter(|call| *call == "settle_outbox").count(), 1);
    cancelled.stack.deliver_until_settled(&cancelled.host).await;
    let deleted = operations(&cancelled.stack.zoom_calls(&cancelled.zoom).await);
    assert_eq!(deleted, [Operation::CreateMeeting, Operation::DeleteMeeting]);
}

#[tokio::test]
async fn parallel_deliveries_do_each_effect_once() {
    let cancelled = cancelled().await;
    cancelled.stack.zoom_fault(&cancelled.zoom, Operation::DeleteMeeting, ZoomFault::Delay { ms: 300 }, 1).await;
    join_all((0..8).map(|_| cancelled.stack.deliver_outbox())).await;
    cancelled.stack.deliver_until_settled(&cancelled.host).await;
    let made = operations(&cancelled.stack.zoom_calls(&cancelled.zoom).await);
    assert_eq!(made.iter().filter(|operation| **operation == Operation::DeleteMeeting).count(), 1);
}

#[tokio::test]
async fn an_effect_that_fails_is_tried_again_later_and_not_at_once() {
    for fault in [ZoomFault::Status { status: 503 }, ZoomFault::Xml { status: 500 }] {
        let cancelled = cancelled().await;
        cancelled.stack.zoom_fault(&cancelled.zoom, Operation::DeleteMeeting, fault, 1).await;
        cancelled.stack.deliver_until_tried(&cancelled.host).await;
        let tried = cancelled.outbox().await;
        assert_eq!((&tried["status"], &tried["error"]), (&json!("pending"), &json!("provider_failed")));
        cancelled.stack.deliver_outbox().await.expect(200);
        assert_eq!(cancelled.outbox().await["attempts"], tried["attempts"], "it is not due yet");
        cancelled.make_due().await;
        cancelled.stack.deliver_until_settled(&cancelled.host).await;
        assert_eq!(cancelled.outbox().await["status"], "done");
        assert!(cancelled.stack.zoom_meetings(&cancelled.zoom).await.is_empty());
    }
}

#[tokio::test]
async fn an_effect_whose_answer_was_lost_is_done_again_without_harm() {
    let cancelled = cancelled().await;
    cancelled.stack.zoom_fault(&cancelled.zoom, Operation::DeleteMeeting, ZoomFault::DropAnswer, 1).await;
    cancelled.stack.deliver_until_tried(&cancelled.host).await;
    cancelled.make_due().await;
    cancelled.stack.deliver_until_settled(&cancelled.host).await;
    assert_eq!(cancelled.outbox().await["status"], "done", "Zoom's 404 means that it is gone");
}

#[tokio::test]
async fn an_effect_that_can_never_be_done_is_a_dead_letter_that_host_and_admin_see() {
    let cancelled = cancelled().await;
    let gone = "delete from public.user_integrations_zoom where user_id = $1";
    cancelled.stack.sql(gone, &[&cancelled.host.id]).await;
    cancelled.stack.deliver_until_settled(&cancelled.host).await;
    let dead = cancelled.outbox().await;
    assert_eq!((&dead["status"], &dead["error"]), (&json!("dead"), &json!("zoom_not_connected")));
    let told = "select 1 from public.notifications where user_id = $1";
    assert_eq!(cancelled.stack.count(told, &[&cancelled.host.id]).await, 1);

    let stack = &cancelled.stack;
    let admin = stack.person("admin").await;
    let health = stack.rpc("outbox_health", &json!({})).by(&admin).send().await.expect(200);
    assert!(health["dead"].as_i64().unwrap() >= 1);
    assert!(health["backlog"].is_number() && health["dead_letters"].is_array());
    assert!(!health.to_string().contains("meeting_id"), "no payloads");
    let refused = stack.rpc("outbox_health", &json!({})).by(&cancelled.host).send().await;
    assert_eq!(refused.status, 403, "{refused:?}");
}
