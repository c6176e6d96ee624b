//! The outbox and its delivery: who may call it, what it does, and what happens when it cannot.

use convene_tests::harness::{Operation, Person, Stack, ZoomFault, ZoomUser};
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::{calls, create, operations, session};

/// A host with one Zoom session. From the moment it is cancelled, any test's delivery may delete its meeting: faults are planned
/// before that.
struct Planned {
    stack: Stack,
    host: Person,
    zoom: ZoomUser,
}

impl Planned {
    async fn new() -> Self {
        let stack = Stack::running();
        let host = stack.trainer().await;
        let zoom = stack.connect_zoom(&host).await;
        let planned = Self { stack, host, zoom };
        planned.another_session().await;
        planned
    }

    async fn another_session(&self) {
        create(&self.stack, &self.host, &session(&json!({}))).await.expect(201);
    }

    async fn deletion_fails(&self, fault: ZoomFault) {
        self.stack.zoom_fault(&self.zoom, Operation::DeleteMeeting, fault, 1).await;
    }

    /// Through PostgREST, as the apps do it.
    async fn cancel(&self) {
        let rows = format!("video_sessions?host_id=eq.{}", self.host.id);
        let cancelled = json!({"status": "cancelled"});
        let answer = self.stack.rest(Method::PATCH, &rows).by(&self.host).json(&cancelled).send().await;
        assert!(answer.status < 300, "{answer:?}");
    }

    async fn deletions(&self) -> usize {
        let made = operations(&self.stack.zoom_calls(&self.zoom).await);
        made.iter().filter(|operation| **operation == Operation::DeleteMeeting).count()
    }

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
    let planned = Planned::new().await;
    assert_eq!(planned.stack.zoom_meetings(&planned.zoom).await.len(), 1);
    planned.cancel().await;
    planned.stack.deliver_until_settled(&planned.host).await;
    assert!(planned.stack.zoom_meetings(&planned.zoom).await.is_empty());
    assert_eq!(planned.outbox().await["status"], "done");
}

#[tokio::test]
async fn a_session_deleted_by_the_app_loses_its_meeting() {
    let planned = Planned::new().await;
    let rows = format!("video_sessions?host_id=eq.{}", planned.host.id);
    let answer = planned.stack.rest(Method::DELETE, &rows).by(&planned.host).send().await;
    assert!(answer.status < 300, "{answer:?}");
    planned.stack.deliver_until_settled(&planned.host).await;
    assert!(planned.stack.zoom_meetings(&planned.zoom).await.is_empty());
}

#[tokio::test]
async fn a_delivery_claims_once_and_settles_once_however_many_effects_it_has() {
    let planned = Planned::new().await;
    planned.another_session().await;
    planned.another_session().await;
    planned.cancel().await;
    // Another test's delivery may take some of them; each delivery counts its own calls.
    let answer = planned.stack.deliver_outbox().await;
    let claimed = answer.expect(200)["claimed"].as_u64().unwrap();
    let expected: &[&str] = if claimed == 0 { &["claim_outbox"] } else { &["claim_outbox", "settle_outbox"] };
    assert_eq!(calls(&planned.stack, &answer).await, expected);
    planned.stack.deliver_until_settled(&planned.host).await;
    assert_eq!(planned.deletions().await, 3);
}

#[tokio::test]
async fn parallel_deliveries_do_each_effect_once() {
    let planned = Planned::new().await;
    planned.deletion_fails(ZoomFault::Delay { ms: 300 }).await;
    planned.cancel().await;
    join_all((0..8).map(|_| planned.stack.deliver_outbox())).await;
    planned.stack.deliver_until_settled(&planned.host).await;
    assert_eq!(planned.deletions().await, 1);
}

#[tokio::test]
async fn an_effect_that_fails_is_tried_again_later_and_not_at_once() {
    for fault in [ZoomFault::Status { status: 503 }, ZoomFault::Xml { status: 500 }] {
        let planned = Planned::new().await;
        planned.deletion_fails(fault).await;
        planned.cancel().await;
        planned.stack.deliver_until_tried(&planned.host).await;
        let tried = planned.outbox().await;
        assert_eq!((&tried["status"], &tried["error"]), (&json!("pending"), &json!("provider_failed")));
        planned.stack.deliver_outbox().await.expect(200);
        assert_eq!(planned.outbox().await["attempts"], tried["attempts"], "it is not due yet");
        planned.make_due().await;
        planned.stack.deliver_until_settled(&planned.host).await;
        assert_eq!(planned.outbox().await["status"], "done");
        assert!(planned.stack.zoom_meetings(&planned.zoom).await.is_empty());
    }
}

#[tokio::test]
async fn an_effect_whose_answer_was_lost_is_done_again_without_harm() {
    let planned = Planned::new().await;
    planned.deletion_fails(ZoomFault::DropAnswer).await;
    planned.cancel().await;
    planned.stack.deliver_until_tried(&planned.host).await;
    planned.make_due().await;
    planned.stack.deliver_until_settled(&planned.host).await;
    assert_eq!(planned.outbox().await["status"], "done", "Zoom's 404 means that it is gone");
}

#[tokio::test]
async fn an_effect_of_a_kind_that_is_not_known_yet_waits_for_the_function_that_knows_it() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    stack.connect_zoom(&host).await;
    let unreadable = "insert into private.outbox (kind, host_id, payload) values ('zoom.delete_meeting', $1, '{}')";
    stack.sql(unreadable, &[&host.id]).await;
    stack.deliver_until_tried(&host).await;
    let row = "select status, error from private.outbox where host_id = $1";
    assert_eq!(stack.rows(row, &[&host.id]).await, [json!({"status": "pending", "error": "unreadable_payload"})]);
}

#[tokio::test]
async fn an_effect_that_can_never_be_done_is_a_dead_letter_that_host_and_admin_see() {
    let planned = Planned::new().await;
    let gone = "delete from public.user_integrations_zoom where user_id = $1";
    planned.stack.sql(gone, &[&planned.host.id]).await;
    planned.cancel().await;
    planned.stack.deliver_until_tried(&planned.host).await;
    assert_eq!(planned.outbox().await["status"], "pending", "the user may connect Zoom again");
    let last_try =
        "update private.outbox set attempts = 11, available_at = now() where host_id = $1 and status = 'pending'";
    planned.stack.sql(last_try, &[&planned.host.id]).await;
    planned.stack.deliver_until_settled(&planned.host).await;
    let dead = planned.outbox().await;
    assert_eq!((&dead["status"], &dead["error"]), (&json!("dead"), &json!("zoom_not_connected")));
    let told = "select 1 from public.notifications where user_id = $1";
    assert_eq!(planned.stack.count(told, &[&planned.host.id]).await, 1);

    let stack = &planned.stack;
    let admin = stack.person("admin").await;
    let health = stack.rpc("outbox_health", &json!({})).by(&admin).send().await.expect(200);
    assert!(health["dead"].as_i64().unwrap() >= 1);
    assert!(health["backlog"].is_number() && health["dead_letters"].is_array());
    assert!(!health.to_string().contains("meeting_id"), "no payloads");
    let refused = stack.rpc("outbox_health", &json!({})).by(&planned.host).send().await;
    assert_eq!(refused.status, 403, "{refused:?}");
}
