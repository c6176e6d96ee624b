//! When the room opens, for whom, and how often.

use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;
use serde_json::json;
use uuid::Uuid;

use super::{Class, retry_after};
use crate::calls;

#[tokio::test]
async fn those_who_may_enter_learn_where_in_one_round_trip() {
    let class = Class::with(5, &json!({"duration_minutes": 90})).await;
    let student = class.registered().await;
    let (name, url) = class.room().await;
    let planned: DateTime<Utc> = class.row().await["scheduled_time"].as_str().unwrap().parse().unwrap();
    for (person, role) in [(&class.tutor, "host"), (&student, "participant")] {
        let answer = class.join(person).await;
        let mut entry = answer.expect(200);
        let ends_at: DateTime<Utc> = entry["ends_at"].take().as_str().unwrap().parse().unwrap();
        assert_eq!(ends_at, planned + Duration::minutes(90));
        let expected = json!({"meeting_url": url, "meeting_room_id": name, "role": role, "ends_at": null});
        assert_eq!(entry, expected, "at the public Jitsi nobody has a token");
        assert_eq!(calls(&class.stack, &answer).await, ["join_virtual_session"]);
    }
    assert_eq!(class.status().await, "upcoming", "to join starts nothing");
}

#[tokio::test]
async fn nobody_enters_earlier_than_ten_minutes_before() {
    let class = Class::planned(12).await;
    let student = class.registered().await;
    for person in [&class.tutor, &student] {
        let answer = class.join(person).await;
        answer.refused(409, "too_early");
        assert!((60..=120).contains(&retry_after(&answer)), "{answer:?}");
    }
    class.move_to(10).await;
    for person in [&class.tutor, &student] {
        class.join(person).await.expect(200);
    }
    class.move_to(3 * 24 * 60).await;
    let answer = class.join(&student).await;
    answer.refused(409, "too_early");
    assert_eq!(retry_after(&answer), 86_400);
}

#[tokio::test]
async fn a_live_session_is_open_whatever_was_planned() {
    let class = Class::planned(600).await;
    let student = class.registered().await;
    class.join(&student).await.refused(409, "too_early");
    class.act(&class.tutor, "start").await.expect(200);
    let planned: DateTime<Utc> = class.row().await["scheduled_time"].as_str().unwrap().parse().unwrap();
    let entry = class.join(&student).await.expect(200);
    let ends_at: DateTime<Utc> = entry["ends_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(ends_at, planned + Duration::minutes(60), "as planned");
    class.move_to(-120).await;
    let entry = class.join(&student).await.expect(200);
    let ends_at: DateTime<Utc> = entry["ends_at"].as_str().unwrap().parse().unwrap();
    assert!(ends_at < Utc::now(), "it may run over, and its end does not slide");
}

#[tokio::test]
async fn nobody_enters_what_is_over_or_cancelled() {
    let over = Class::planned(5).await;
    let cancelled = Class::planned(5).await;
    let completed = Class::planned(5).await;
    for class in [&over, &cancelled, &completed] {
        let student = class.registered().await;
        class.join(&student).await.expect(200);
        match class.id {
            id if id == over.id => class.move_to(-61).await,
            id if id == cancelled.id => drop(class.act(&class.tutor, "cancel").await.expect(200)),
            _ => {
                class.act(&class.tutor, "start").await.expect(200);
                class.act(&class.tutor, "complete").await.expect(200);
            }
        }
        for person in [&class.tutor, &student] {
            class.join(person).await.refused(409, "session_closed");
        }
        class.join(&class.student().await).await.refused(404, "session_not_found");
    }
    let nowhere = json!({"action": "join", "session_id": Uuid::new_v4()});
    let answer = over.stack.function("virtual-sessions").by(&over.tutor).json(&nowhere).send().await;
    answer.refused(404, "session_not_found");
}

#[tokio::test]
async fn thirty_joins_within_ten_minutes_are_enough() {
    let class = Class::planned(5).await;
    let (student, other) = (class.registered().await, class.registered().await);
    let mut let_in = 0;
    for _ in 0..3 {
        let answers = join_all((0..12).map(|_| class.join(&student))).await;
        let_in += answers.iter().filter(|answer| answer.status == 200).count();
    }
    assert_eq!(let_in, 30);
    let answer = class.join(&student).await;
    answer.refused(429, "too_many_joins");
    assert!((500..=600).contains(&retry_after(&answer)), "{answer:?}");
    let (name, _) = class.room().await;
    assert!(!answer.text.contains(&name));
    class.join(&other).await.expect(200);
}
