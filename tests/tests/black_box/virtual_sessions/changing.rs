//! Starting, completing and calling off.

use futures_util::future::{join, join_all};
use serde_json::json;

use super::Class;
use crate::calls;

#[tokio::test]
async fn only_the_creator_starts_completes_and_cancels() {
    let class = Class::planned(5).await;
    let (student, removed) = (class.registered().await, class.registered().await);
    class.act_on(&class.tutor, "remove", &removed).await.expect(200);
    let mut others = vec![student.clone(), removed];
    for role in ["student", "tutor", "admin", "trainer"] {
        others.push(class.stack.person(role).await);
    }
    for by in &others {
        for action in ["start", "complete", "cancel"] {
            class.act(by, action).await.refused(404, "session_not_found");
            let arguments = json!({"session_id": class.id, "action": action});
            assert_eq!(class.stack.rpc("change_virtual_session", &arguments).by(by).send().await.status, 404);
        }
        let path = format!("virtual_sessions?id=eq.{}", class.id);
        for status in ["live", "completed", "cancelled"] {
            let update = class.stack.rest(http::Method::PATCH, &path).by(by).json(&json!({"status": status}));
            update.send().await.expect(204);
        }
    }
    assert_eq!(class.status().await, "upcoming");
    for kind in ["virtual_session_started", "virtual_session_cancelled"] {
        assert_eq!(class.notices(&student, kind).await, 0);
    }
}

#[tokio::test]
async fn a_session_starts_once_and_is_completed_once() {
    let class = Class::with(60, &json!({"max_attendees": 1})).await;
    let (student, waiting) = (class.registered().await, class.student().await);
    class.register(&waiting).await;
    class.act(&class.tutor, "complete").await.refused(409, "invalid_transition");
    for (action, status) in [("start", "live"), ("complete", "completed")] {
        let answers = join_all((0..4).map(|_| class.act(&class.tutor, action))).await;
        for answer in answers {
            let session = answer.expect(200)["session"].clone();
            assert_eq!((&session["id"], &session["status"]), (&json!(class.id), &json!(status)));
            assert_eq!(session, class.row().await);
            assert!(!answer.text.contains("convene-"), "{answer:?}");
            assert_eq!(calls(&class.stack, &answer).await, ["change_virtual_session"]);
        }
    }
    assert_eq!(class.notices(&student, "virtual_session_started").await, 1);
    assert_eq!(class.notices(&waiting, "virtual_session_started").await, 0, "they have no seat");
    for action in ["start", "cancel"] {
        class.act(&class.tutor, action).await.refused(409, "invalid_transition");
    }
}

#[tokio::test]
async fn everyone_registered_hears_once_that_a_session_is_off() {
    let class = Class::with(60, &json!({"max_attendees": 3})).await;
    let seated = [class.registered().await, class.registered().await, class.registered().await];

    let others: [_; 4] = class.students(4).await.try_into().unwrap();
    let [waiting, left, removed, stranger] = others;
    for person in [&waiting, &left, &removed] {
        class.register(person).await;
    }
    class.act(&left, "unregister").await.expect(200);
    class.act_on(&class.tutor, "remove", &removed).await.expect(200);
    for answer in join_all((0..8).map(|_| class.act(&class.tutor, "cancel"))).await {
        assert_eq!(answer.expect(200)["session"]["status"], "cancelled");
    }
    for person in seated.iter().chain([&waiting]) {
        assert_eq!(class.notices(person, "virtual_session_cancelled").await, 1);
    }
    for person in [&left, &removed, &stranger, &class.tutor] {
        assert_eq!(class.notices(person, "virtual_session_cancelled").await, 0);
    }
    class.act(&class.tutor, "start").await.refused(409, "invalid_transition");
}

#[tokio::test]
async fn of_a_start_and_a_cancel_at_once_one_wins_and_that_one_is_told() {
    for _ in 0..5 {
        let class = Class::planned(5).await;
        let student = class.registered().await;
        let (started, cancelled) = join(class.act(&class.tutor, "start"), class.act(&class.tutor, "cancel")).await;
        let mut statuses = [started.status, cancelled.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{started:?} {cancelled:?}");
        let is_live = started.status == 200;
        assert_eq!(class.status().await, if is_live { "live" } else { "cancelled" });
        assert_eq!(class.notices(&student, "virtual_session_started").await, usize::from(is_live));
        assert_eq!(class.notices(&student, "virtual_session_cancelled").await, usize::from(!is_live));
    }
}

#[tokio::test]
async fn a_join_that_races_the_cancel_opens_nothing_afterwards() {
    let class = Class::planned(5).await;
    let student = class.registered().await;
    let (joined, cancelled) = join(class.join(&student), class.act(&class.tutor, "cancel")).await;
    cancelled.expect(200);
    assert!([200, 409].contains(&joined.status), "{joined:?}");
    class.join(&student).await.refused(409, "session_closed");
}
