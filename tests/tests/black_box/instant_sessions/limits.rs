//! How often: sessions, tickets, and what a limit costs those whom it does not concern.

use convene_tests::harness::Answer;
use serde_json::json;

use super::{Session, standing};

impl Session {
    /// What is counted under `subject` was done so often a minute ago.
    async fn spent(&self, subject: &str, used: i32) {
        let spend = "insert into private.rate_limits (subject, used, ends_at)
            values ($1, $2, now() + interval '9 minutes')
            on conflict (subject) do update set used = excluded.used, ends_at = excluded.ends_at";
        self.stack.sql(spend, &[&subject, &used]).await;
    }
}

#[track_caller]
fn limited(answer: &Answer, code: &str) {
    answer.refused(429, code);
    let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((500..=540).contains(&wait), "{wait}");
}

#[tokio::test]
async fn sixty_sessions_within_an_hour_are_enough() {
    let session = Session::open().await;
    session.spent(&format!("instant sessions {}", session.therapist.id), 60).await;
    let create = session.ask(&json!({"action": "create", "session_name": "Talk"})).by(&session.therapist);
    limited(&create.send().await, "too_many_sessions");
}

#[tokio::test]
async fn tickets_are_counted_for_each_person() {
    let session = Session::open().await;
    let patient = session.stack.person("patient").await;
    session.come("Pat").by(&patient).send().await.expect(200);
    for _ in 0..29 {
        assert_eq!(standing(&session.status(None).by(&patient).send().await), "admitted");
    }
    for request in [session.status(None), session.come("Pat")] {
        let answer = request.by(&patient).send().await;
        answer.refused(429, "too_many_tickets");
        let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=600).contains(&wait), "{wait}");
        assert_eq!(session.stack.calls_of(&answer).await.len(), 1, "no relays");
    }
    // Leaving costs nothing, and nobody else is concerned.
    session.leave(None).by(&patient).send().await.expect(200);
    session.guest("Ana").await;
}

#[tokio::test]
async fn guests_who_are_always_others_use_up_nobody_else_s_tickets() {
    let session = Session::open().await;
    let ana = session.guest("Ana").await;
    session.spent(&format!("instant guests {}", session.id), 3_000).await;
    let ben = session.come("Ben").send().await;
    limited(&ben, "too_many_guests");
    assert_eq!(session.stack.calls_of(&ben).await.len(), 1, "no relays");
    assert_eq!(session.participants().await.len(), 1);
    assert_eq!(standing(&session.status(Some(&ana.secret)).send().await), "admitted");
    assert_eq!(standing(&session.come_with("Ana", Some(&ana.secret)).send().await), "admitted");
    let patient = session.stack.person("patient").await;
    assert_eq!(standing(&session.come("Pat").by(&patient).send().await), "admitted");
}

#[tokio::test]
async fn who_has_left_uses_up_no_tickets_by_asking() {
    let session = Session::open().await;
    let ana = session.guest("Ana").await;
    session.leave(Some(&ana.secret)).send().await.expect(200);
    for _ in 0..31 {
        assert_eq!(standing(&session.status(Some(&ana.secret)).send().await), "left");
    }
    assert_eq!(standing(&session.come_with("Ana", Some(&ana.secret)).send().await), "admitted");
}

#[tokio::test]
async fn who_waits_may_ask_as_often_as_they_like() {
    let session = Session::with_lobby().await;
    let guest = session.guest("Ana").await;
    for _ in 0..40 {
        assert_eq!(standing(&session.status(Some(&guest.secret)).send().await), "waiting");
    }
}
