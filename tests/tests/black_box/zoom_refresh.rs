//! The refresh of tokens when much happens at once, and when it goes wrong: Zoom gives each refresh token out once.

use std::time::Duration;

use convene_tests::harness::{Answer, Operation, Person, Stack, ZoomFault, ZoomUser};
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{create, operations, session};

/// A host whose access token has expired.
struct Expired {
    stack: Stack,
    host: Person,
    zoom: ZoomUser,
}

impl Expired {
    async fn new() -> Self {
        let stack = Stack::running();
        let host = stack.trainer().await;
        let zoom = stack.connect_zoom_with(&host, json!({"access_token_expired": true})).await;
        Self { stack, host, zoom }
    }

    async fn create(&self) -> Answer {
        create(&self.stack, &self.host, &session(&json!({}))).await
    }

    async fn fault(&self, operation: Operation, fault: ZoomFault, times: u32) {
        self.stack.zoom_fault(&self.zoom, operation, fault, times).await;
    }

    async fn made(&self) -> Vec<Operation> {
        operations(&self.stack.zoom_calls(&self.zoom).await)
    }

    async fn refreshes(&self) -> usize {
        self.made().await.iter().filter(|operation| **operation == Operation::RefreshToken).count()
    }

    async fn row(&self) -> Value {
        let row = "select * from public.user_integrations_zoom where user_id = $1";
        self.stack.rows(row, &[&self.host.id]).await.remove(0)
    }

    /// The worker that holds the lease is dead, and its lease is over.
    async fn lease_lapses(&self) {
        let lapse = "update private.zoom_refresh_leases set leased_until = now() where user_id = $1";
        self.stack.sql(lapse, &[&self.host.id]).await;
    }

    async fn lease(&self, seconds: f64) {
        let hold = "insert into private.zoom_refresh_leases (user_id, lease_id, leased_until)
            values ($1, $2, now() + make_interval(secs => $3))";
        self.stack.sql(hold, &[&self.host.id, &Uuid::new_v4(), &seconds]).await;
    }

    /// The user has to connect again, was told so once, and Zoom is asked nothing more.
    async fn assert_given_up(&self) {
        assert_eq!(self.row().await["status"], "reconnect_required");
        let calls_before = self.stack.zoom_calls(&self.zoom).await.len();
        for answer in join_all((0..5).map(|_| self.create())).await {
            answer.refused(409, "zoom_reconnect_required");
        }
        assert_eq!(self.stack.zoom_calls(&self.zoom).await.len(), calls_before, "Zoom is left alone");
        let told = "select type from public.notifications where user_id = $1";
        let told = self.stack.rows(told, &[&self.host.id]).await;
        assert_eq!(told, [json!({"type": "zoom_reconnect_required"})]);
    }
}

#[tokio::test]
async fn fifty_at_once_refresh_once() {
    let expired = Expired::new().await;
    expired.fault(Operation::RefreshToken, ZoomFault::Delay { ms: 500 }, 1).await;
    let answers = join_all((0..50).map(|_| expired.create())).await;
    assert_eq!(expired.refreshes().await, 1);
    let mut made = 0;
    for answer in &answers {
        if answer.status == 201 {
            made += 1;
        } else {
            answer.refused(503, "unavailable");
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
        }
    }
    assert!(made > 0);
    assert_eq!(expired.stack.zoom_meetings(&expired.zoom).await.len(), made);
    let row = expired.row().await;
    let refresh_token = row["refresh_token"].as_str().unwrap();
    let current = expired.stack.zoom_user(&expired.zoom.id).await;
    assert_eq!(expired.stack.open_zoom_token(&expired.host, refresh_token).await, current.refresh_token);
}

#[tokio::test]
async fn functions_in_their_own_isolates_refresh_once_together() {
    let expired = Expired::new().await;
    let created = expired.create().await.expect(201);
    let id = &created["session"]["id"];
    let overdue = "update public.user_integrations_zoom set expires_at = now() where user_id = $1";
    expired.stack.sql(overdue, &[&expired.host.id]).await;
    expired.fault(Operation::RefreshToken, ZoomFault::Delay { ms: 500 }, 1).await;
    let start = json!({"session_id": id, "action": "start"});
    let starts = (0..25).map(|_| expired.stack.function("update-video-session").by(&expired.host).json(&start).send());
    let (created, started) = futures_util::join!(join_all((0..25).map(|_| expired.create())), join_all(starts));
    assert_eq!(expired.refreshes().await, 2, "the one before, and one for all fifty");
    for (answers, done) in [(created, 201), (started, 200)] {
        for answer in answers.iter().filter(|answer| answer.status != done) {
            answer.refused(503, "unavailable");
        }
    }
    expired.create().await.expect(201);
}

#[tokio::test]
async fn fifty_whose_token_zoom_refuses_early_refresh_once() {
    let expired = Expired::new().await;
    expired.create().await.expect(201);
    // From here on the stored token is dead at Zoom, though it says otherwise.
    expired.fault(Operation::CreateMeeting, ZoomFault::ExpiredToken, 1).await;
    let answers = join_all((0..50).map(|_| expired.create())).await;
    assert_eq!(expired.refreshes().await, 2, "the one before, and one for all fifty");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.refused(503, "unavailable");
    }
}

#[tokio::test]
async fn a_lost_answer_ends_in_reconnect_required() {
    let expired = Expired::new().await;
    expired.fault(Operation::RefreshToken, ZoomFault::DropAnswer, 1).await;
    let answer = expired.create().await;
    assert!([502, 503, 504].contains(&answer.status), "{answer:?}");
    assert_eq!(expired.row().await["status"], "connected", "whether the token still lives is not known yet");
    let held = "select 1 from private.zoom_refresh_leases
        where user_id = $1 and leased_until > now() + interval '8 seconds'";
    assert_eq!(expired.stack.count(held, &[&expired.host.id]).await, 0, "nobody waits longer than eight seconds");
    expired.lease_lapses().await;
    expired.create().await.refused(409, "zoom_reconnect_required");
    assert_eq!(expired.refreshes().await, 2);
    expired.assert_given_up().await;
}

#[tokio::test]
async fn a_pair_is_saved_though_the_client_has_gone_that_it_was_fetched_for() {
    let expired = Expired::new().await;
    expired.fault(Operation::RefreshToken, ZoomFault::Delay { ms: 1_000 }, 1).await;
    let request = expired.stack.function("create-video-session").by(&expired.host).json(&session(&json!({})));
    let client = tokio::spawn(request.send());
    while expired.refreshes().await == 0 {
        tokio::task::yield_now().await;
    }
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    let made = async { while expired.stack.zoom_meetings(&expired.zoom).await.is_empty() {} };
    tokio::time::timeout(Duration::from_secs(20), made).await.expect("a meeting");
    let current = expired.stack.zoom_user(&expired.zoom.id).await;
    let row = expired.row().await;
    let refresh_token = row["refresh_token"].as_str().unwrap();
    assert_eq!(expired.stack.open_zoom_token(&expired.host, refresh_token).await, current.refresh_token);
    expired.create().await.expect(201);
    assert_eq!(expired.refreshes().await, 1);
}

#[tokio::test]
async fn a_refresh_that_never_reached_zoom_costs_nothing() {
    for fault in [ZoomFault::DropRequest, ZoomFault::Status { status: 503 }, ZoomFault::Xml { status: 500 }] {
        let expired = Expired::new().await;
        expired.fault(Operation::RefreshToken, fault.clone(), 1).await;
        let answer = expired.create().await;
        assert!([502, 503, 504].contains(&answer.status), "{fault:?}: {answer:?}");
        expired.lease_lapses().await;
        expired.create().await.expect(201);
        assert_eq!(expired.row().await["status"], "connected");
    }
}

#[tokio::test]
async fn a_refresh_token_that_zoom_refuses_ends_in_reconnect_required() {
    let raw = |status, body: &str| ZoomFault::Raw { status, body: body.to_owned() };
    for fault in [
        raw(400, r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#),
        raw(401, r#"{"reason":"Invalid Token!","error":"invalid_request"}"#),
    ] {
        let expired = Expired::new().await;
        expired.fault(Operation::RefreshToken, fault, 1).await;
        expired.create().await.refused(409, "zoom_reconnect_required");
        assert_eq!(expired.made().await, [Operation::RefreshToken]);
        expired.assert_given_up().await;
    }
}

#[tokio::test]
async fn fifty_at_once_with_a_dead_grant_are_told_once() {
    let expired = Expired::new().await;
    expired.stack.revoke_zoom(&expired.zoom).await;
    for answer in join_all((0..50).map(|_| expired.create())).await {
        answer.refused(409, "zoom_reconnect_required");
    }
    assert_eq!(expired.refreshes().await, 1);
    expired.assert_given_up().await;
}

#[tokio::test]
async fn a_token_that_is_refused_though_it_is_fresh_ends_in_reconnect_required() {
    let expired = Expired::new().await;
    let refused = ZoomFault::Error { status: 401, code: 124, message: "Invalid access token.".to_owned() };
    expired.fault(Operation::CreateMeeting, refused, 100).await;
    for _ in 0..3 {
        expired.create().await.refused(409, "zoom_reconnect_required");
    }
    assert!(expired.refreshes().await <= 2, "no refresh with each request: {:?}", expired.made().await);
    expired.assert_given_up().await;
}

#[tokio::test]
async fn whoever_connected_the_account_elsewhere_ended_this_connection() {
    let expired = Expired::new().await;
    let other = expired.stack.trainer().await;
    // Past the connect flow: this project does not hear of it.
    expired.stack.connect_zoom_with(&other, json!({"zoom_user_id": expired.zoom.id})).await;
    expired.create().await.refused(409, "zoom_reconnect_required");
    expired.assert_given_up().await;
}

#[tokio::test]
async fn a_dead_workers_lease_blocks_nobody_for_long() {
    let expired = Expired::new().await;
    expired.lease(2.0).await;
    expired.create().await.expect(201);
    assert_eq!(expired.refreshes().await, 1);
}

#[tokio::test]
async fn while_someone_else_refreshes_the_answer_says_when_to_ask_again() {
    let expired = Expired::new().await;
    expired.lease(60.0).await;
    let answer = expired.create().await;
    answer.refused(503, "unavailable");
    assert!(answer.header("retry-after").is_some());
    assert!(expired.made().await.is_empty());
    expired.lease_lapses().await;
    expired.create().await.expect(201);
}

#[tokio::test]
async fn whoever_disconnects_during_a_refresh_gets_no_meeting() {
    let expired = Expired::new().await;
    expired.fault(Operation::RefreshToken, ZoomFault::Delay { ms: 900 }, 1).await;
    let disconnect = async {
        while expired.refreshes().await == 0 {
            tokio::task::yield_now().await;
        }
        expired.stack.function("zoom-disconnect").by(&expired.host).json(&json!({})).send().await
    };
    let (created, disconnected) = futures_util::join!(expired.create(), disconnect);
    disconnected.expect(200);
    created.refused(409, "zoom_not_connected");
    assert!(!expired.made().await.contains(&Operation::CreateMeeting));
}
