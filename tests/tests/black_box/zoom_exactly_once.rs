//! Exactly one meeting, whatever breaks: requests that race, answers that come late or never, a database that goes away.
//! Each test ends with one meeting at Zoom and one session, or with neither.

use std::time::Duration;

use convene_tests::harness::{Answer, Operation, Person, Request, Stack, SupabaseFault, ZoomFault, ZoomUser};
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{operations, session, sessions_of};

struct Attempt {
    stack: Stack,
    host: Person,
    zoom: ZoomUser,
    request: Request,
}

impl Attempt {
    async fn new() -> Self {
        let stack = Stack::running();
        let host = stack.trainer().await;
        let zoom = stack.connect_zoom(&host).await;
        let request = stack
            .function("create-video-session")
            .by(&host)
            .idempotency_key(&Uuid::new_v4().to_string())
            .json(&session(&json!({})));
        Self { stack, host, zoom, request }
    }

    async fn send(&self) -> Answer {
        self.request.clone().send().await
    }

    async fn fault(&self, operation: Operation, fault: ZoomFault) {
        self.stack.zoom_fault(&self.zoom, operation, fault, 1).await;
    }

    async fn database_fault(&self, path: &str, fault: SupabaseFault) {
        self.stack.supabase_fault(self.request.request_id(), path, fault, 1).await;
    }

    async fn assert_left(&self, meetings: usize, sessions: usize) {
        assert_eq!(self.stack.zoom_meetings(&self.zoom).await.len(), meetings, "meetings at Zoom");
        assert_eq!(sessions_of(&self.stack, &self.host).await, sessions, "sessions");
    }

    async fn creations_asked(&self) -> usize {
        let made = operations(&self.stack.zoom_calls(&self.zoom).await);
        made.iter().filter(|operation| **operation == Operation::CreateMeeting).count()
    }

    /// Lets the time pass that a claim is given before the outbox settles it, and delivers.
    async fn outbox_settles_the_claim(&self) {
        self.stack
            .sql(
                "update private.outbox set created_at = now() - interval '10 minutes', available_at = now(), leased_until = null
                 where host_id = $1 and status = 'pending'",
                &[&self.host.id],
            )
            .await;
        self.stack.deliver_until_settled(&self.host).await;
    }
}

#[tokio::test]
async fn a_repeated_key_gives_the_same_session_and_one_meeting() {
    let attempt = Attempt::new().await;
    let first = attempt.send().await.expect(201);
    let repeated = attempt.send().await;
    assert_eq!(repeated.expect(201), first);
    attempt.assert_left(1, 1).await;
    assert_eq!(attempt.creations_asked().await, 1);
}

#[tokio::test]
async fn twenty_at_once_with_one_key_make_one_meeting() {
    let attempt = Attempt::new().await;
    attempt.fault(Operation::CreateMeeting, ZoomFault::Delay { ms: 500 }).await;
    let answers = join_all((0..20).map(|_| attempt.send())).await;
    let first = answers[0].expect(201);
    for answer in &answers {
        assert_eq!(answer.expect(201), first);
    }
    attempt.assert_left(1, 1).await;
    assert_eq!(attempt.creations_asked().await, 1);
}

#[tokio::test]
async fn an_answer_that_is_too_late_is_found_by_the_same_request() {
    let attempt = Attempt::new().await;
    attempt.fault(Operation::CreateMeeting, ZoomFault::Delay { ms: 4_000 }).await;
    attempt.send().await.expect(201);
    attempt.assert_left(1, 1).await;
    assert_eq!(attempt.creations_asked().await, 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_found_by_the_same_request() {
    let attempt = Attempt::new().await;
    attempt.fault(Operation::CreateMeeting, ZoomFault::DropAnswer).await;
    attempt.send().await.expect(201);
    attempt.assert_left(1, 1).await;
    assert_eq!(attempt.creations_asked().await, 1);
}

#[tokio::test]
async fn work_that_zoom_does_late_is_found_by_the_next_request() {
    let attempt = Attempt::new().await;
    attempt.fault(Operation::CreateMeeting, ZoomFault::DelayBefore { ms: 3_000 }).await;
    let answer = attempt.send().await;
    answer.refused(504, "provider_timed_out");
    assert!(answer.header("retry-after").is_some());
    while attempt.stack.zoom_meetings(&attempt.zoom).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    attempt.send().await.expect(201);
    attempt.assert_left(1, 1).await;
    assert_eq!(attempt.creations_asked().await, 1);
}

#[tokio::test]
async fn while_it_is_unknown_whether_zoom_made_it_none_is_made_again() {
    let attempt = Attempt::new().await;
    attempt.fault(Operation::CreateMeeting, ZoomFault::DropRequest).await;
    attempt.send().await.refused(502, "provider_failed");
    let due = attempt.due().await;
    for _ in 0..3 {
        let answer = attempt.send().await;
        answer.refused(503, "session_unsettled");
        assert_eq!(answer.header("retry-after"), Some("30"));
    }
    assert_eq!(attempt.due().await, due, "who keeps asking does not put off the outbox");
    attempt.assert_left(0, 0).await;
    assert_eq!(attempt.creations_asked().await, 1);

    attempt.outbox_settles_the_claim().await;
    attempt.send().await.expect(201);
    attempt.assert_left(1, 1).await;
}

#[tokio::test]
async fn a_vague_error_of_zoom_is_no_proof_that_nothing_was_made() {
    for (zoom_status, status, code) in [(503, 502, "provider_failed"), (408, 504, "provider_timed_out")] {
        let attempt = Attempt::new().await;
        attempt.fault(Operation::CreateMeeting, ZoomFault::Status { status: zoom_status }).await;
        attempt.send().await.refused(status, code);
        attempt.send().await.refused(503, "session_unsettled");
        assert_eq!(attempt.creations_asked().await, 1);
        attempt.outbox_settles_the_claim().await;
        attempt.assert_left(0, 0).await;
    }
}

#[tokio::test]
async fn when_the_database_is_away_after_zoom_answered_the_next_request_finishes() {
    for fault in [SupabaseFault::DropRequest, SupabaseFault::Status { status: 503 }] {
        let attempt = Attempt::new().await;
        attempt.database_fault("commit_zoom_session", fault).await;
        attempt.send().await.refused(503, "unavailable");
        attempt.assert_left(1, 0).await;
        attempt.lease_lapses().await;
        attempt.send().await.expect(201);
        attempt.assert_left(1, 1).await;
        assert_eq!(attempt.creations_asked().await, 1);
    }
}

#[tokio::test]
async fn when_nobody_asks_again_the_outbox_undoes_the_meeting() {
    let attempt = Attempt::new().await;
    attempt.database_fault("commit_zoom_session", SupabaseFault::DropRequest).await;
    attempt.send().await.refused(503, "unavailable");
    attempt.assert_left(1, 0).await;
    attempt.outbox_settles_the_claim().await;
    attempt.assert_left(0, 0).await;
    attempt.send().await.expect(201);
    attempt.assert_left(1, 1).await;
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_a_session() {
    let attempt = Attempt::new().await;
    attempt.database_fault("commit_zoom_session", SupabaseFault::DropAnswer).await;
    attempt.send().await.refused(503, "unavailable");
    attempt.assert_left(1, 1).await;
    let found = attempt.send().await.expect(201);
    assert_eq!(found["session"]["provider"], "zoom");
    attempt.assert_left(1, 1).await;
    attempt.outbox_settles_the_claim().await;
    attempt.assert_left(1, 1).await;
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_asks_zoom_for_nothing_twice() {
    let attempt = Attempt::new().await;
    attempt.database_fault("create_video_session", SupabaseFault::DropAnswer).await;
    attempt.send().await.refused(503, "unavailable");
    assert_eq!(attempt.creations_asked().await, 0);
    attempt.lease_lapses().await;
    attempt.send().await.refused(503, "session_unsettled");
    attempt.outbox_settles_the_claim().await;
    attempt.send().await.expect(201);
    attempt.assert_left(1, 1).await;
    assert_eq!(attempt.creations_asked().await, 1);
}

#[tokio::test]
async fn a_release_that_is_lost_only_costs_time() {
    let attempt = Attempt::new().await;
    let fault = ZoomFault::Error { status: 400, code: 300, message: "Validation Failed.".to_owned() };
    attempt.fault(Operation::CreateMeeting, fault).await;
    attempt.database_fault("release_zoom_claim", SupabaseFault::DropRequest).await;
    attempt.send().await.refused(409, "zoom_refused");
    attempt.assert_left(0, 0).await;
    attempt.outbox_settles_the_claim().await;
    attempt.send().await.expect(201);
    attempt.assert_left(1, 1).await;
}

#[tokio::test]
async fn a_request_that_lost_its_lease_commits_nothing() {
    let attempt = Attempt::new().await;
    attempt.fault(Operation::CreateMeeting, ZoomFault::DelayBefore { ms: 1_000 }).await;
    let slow = tokio::spawn(attempt.request.clone().send());
    attempt.zoom_is_asked().await;
    attempt.lease_lapses().await;
    attempt.send().await.refused(503, "session_unsettled");
    slow.await.unwrap().refused(503, "session_unsettled");
    attempt.send().await.expect(201);
    attempt.assert_left(1, 1).await;
    assert_eq!(attempt.creations_asked().await, 1);
}

#[tokio::test]
async fn a_meeting_made_after_its_claim_was_given_up_is_deleted() {
    let attempt = Attempt::new().await;
    attempt.fault(Operation::CreateMeeting, ZoomFault::DelayBefore { ms: 1_200 }).await;
    attempt.fault(Operation::DeleteMeeting, ZoomFault::Status { status: 503 }).await;
    let slow = tokio::spawn(attempt.request.clone().send());
    attempt.zoom_is_asked().await;
    attempt.outbox_settles_the_claim().await;
    slow.await.unwrap().refused(503, "session_unsettled");
    attempt.stack.deliver_until_tried(&attempt.host).await;
    attempt.outbox_settles_the_claim().await;
    attempt.assert_left(0, 0).await;
}

#[tokio::test]
async fn what_a_client_asked_for_that_has_gone_is_done_to_its_end() {
    let attempt = Attempt::new().await;
    attempt.fault(Operation::CreateMeeting, ZoomFault::Delay { ms: 1_000 }).await;
    let client = tokio::spawn(attempt.request.clone().send());
    attempt.zoom_is_asked().await;
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    let made = async {
        while sessions_of(&attempt.stack, &attempt.host).await == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), made).await.expect("a session");
    attempt.assert_left(1, 1).await;
    attempt.send().await.expect(201);
    attempt.assert_left(1, 1).await;
    assert_eq!(attempt.creations_asked().await, 1);
}

#[tokio::test]
async fn hosts_with_the_same_key_and_time_never_share_a_meeting() {
    let (first, second) = (Attempt::new().await, Attempt::new().await);
    for attempt in [&first, &second] {
        attempt.database_fault("commit_zoom_session", SupabaseFault::DropRequest).await;
        attempt.send().await.refused(503, "unavailable");
        attempt.lease_lapses().await;
    }
    for attempt in [&first, &second] {
        attempt.send().await.expect(201);
        attempt.assert_left(1, 1).await;
    }
}

#[tokio::test]
async fn two_sessions_at_the_same_time_are_told_apart_by_their_passcodes() {
    let attempt = Attempt::new().await;
    let other = attempt.request.clone().idempotency_key(&Uuid::new_v4().to_string());
    let kept = other.send().await.expect(201);
    attempt.database_fault("commit_zoom_session", SupabaseFault::DropRequest).await;
    attempt.send().await.refused(503, "unavailable");
    attempt.assert_left(2, 1).await;
    attempt.outbox_settles_the_claim().await;
    attempt.assert_left(1, 1).await;
    let left = attempt.stack.zoom_meetings(&attempt.zoom).await;
    assert_eq!(left[0]["password"], kept["session"]["passcode"], "the other session's meeting is untouched");
}

impl Attempt {
    /// Waits until the claim is written: next Zoom is asked, which takes its time.
    async fn zoom_is_asked(&self) {
        while self.claims().await == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn due(&self) -> Value {
        let due = "select available_at from private.outbox where host_id = $1";
        self.stack.rows(due, &[&self.host.id]).await[0]["available_at"].clone()
    }

    async fn claims(&self) -> usize {
        self.stack.count("select 1 from private.outbox where host_id = $1", &[&self.host.id]).await
    }

    async fn lease_lapses(&self) {
        let lapse = "update private.outbox set leased_until = now() - interval '1 second' where host_id = $1 and status = 'pending'";
        self.stack.sql(lapse, &[&self.host.id]).await;
    }
}
