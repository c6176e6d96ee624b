//! Seats: never more than there are, one for each, and in the order of arrival.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use uuid::Uuid;

use super::{Class, assert_reaches_no_row};
use crate::calls;

#[tokio::test]
async fn registering_in_parallel_never_takes_more_seats_than_there_are() {
    let class = Class::with(60, &json!({"max_attendees": 5})).await;
    let students = class.students(14).await;
    // Each presses twice.
    let answers = join_all(students.iter().chain(&students).map(|student| class.register(student))).await;
    let (mut seats, mut positions) = (0, BTreeSet::new());
    for answer in &answers[..14] {
        if answer["status"] == "registered" {
            seats += 1;
        } else {
            positions.insert(answer["position"].as_u64().unwrap());
        }
    }
    assert_eq!((seats, positions), (5, (1..=9).collect()), "{answers:?}");
    assert_eq!(answers[..14], answers[14..], "pressing twice is the same as once");
    assert_eq!((class.count("registered").await, class.count("waiting").await), (5, 9));
    assert_eq!(class.row().await["registered_users"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn coming_and_going_in_parallel_leaves_every_seat_taken_once() {
    let class = Class::with(60, &json!({"max_attendees": 4})).await;
    let students = class.students(12).await;
    for student in &students {
        class.register(student).await;
    }
    for round in 0..3 {
        join_all(students.iter().enumerate().map(|(at, student)| {
            let action = if (at + round) % 3 == 0 { "unregister" } else { "register" };
            async { class.act(student, action).await.expect(200) }
        }))
        .await;
        assert_eq!(class.count("registered").await, 4);
        let listed = "select s.registered_users = array(select r.user_id from public.virtual_session_registrations r
            where r.session_id = s.id and r.status = 'registered' order by r.place) as same
            from public.virtual_sessions s where s.id = $1";
        assert_eq!(class.stack.rows(listed, &[&class.id]).await, [json!({"same": true})]);
    }
}

#[tokio::test]
async fn a_seat_that_is_given_back_goes_to_whoever_waits_longest_and_tells_them() {
    let class = Class::with(60, &json!({"max_attendees": 1})).await;
    let students = class.students(3).await;
    let expected = [
        json!({"status": "registered"}),
        json!({"status": "waiting", "position": 1}),
        json!({"status": "waiting", "position": 2}),
    ];
    for (student, expected) in students.iter().zip(&expected) {
        let answer = class.act(student, "register").await;
        assert_eq!(answer.expect(200), *expected);
        assert_eq!(calls(&class.stack, &answer).await, ["register_for_virtual_session"]);
    }
    for _ in 0..2 {
        let answer = class.act(&students[0], "unregister").await;
        assert_eq!(answer.expect(200), json!({"status": "unregistered"}));
        assert_eq!(calls(&class.stack, &answer).await, ["unregister_from_virtual_session"]);
    }
    assert_eq!(class.row().await["registered_users"], json!([students[1].id]));
    assert_eq!(class.register(&students[2]).await, json!({"status": "waiting", "position": 1}));
    assert_eq!(class.register(&students[0]).await, json!({"status": "waiting", "position": 2}), "at the end");
    for (student, times) in students.iter().zip([0, 1, 0]) {
        assert_eq!(class.notices(student, "virtual_session_promoted").await, times);
    }
}

#[tokio::test]
async fn a_seat_is_not_handed_on_once_its_room_can_be_seen() {
    let class = Class::with(5, &json!({"max_attendees": 1})).await;
    let (student, waiting) = (class.registered().await, class.student().await);
    class.register(&waiting).await;
    let answer = class.act(&student, "unregister").await;
    answer.refused(409, "session_open");
    assert_eq!(calls(&class.stack, &answer).await, ["unregister_from_virtual_session"]);
    assert_eq!(class.row().await["registered_users"], json!([student.id]));
    assert_eq!(class.notices(&waiting, "virtual_session_promoted").await, 0);
    class.act(&waiting, "unregister").await.expect(200);
    assert_eq!(class.count("waiting").await, 0, "a place on the waitlist is");
}

#[tokio::test]
async fn whoever_was_removed_stays_out_until_readmitted() {
    let class = Class::with(60, &json!({"max_attendees": 1})).await;
    let (student, waiting) = (class.registered().await, class.student().await);
    class.register(&waiting).await;
    for _ in 0..2 {
        let answer = class.act_on(&class.tutor, "remove", &student).await;
        assert_eq!(answer.expect(200), json!({"status": "removed"}));
        assert_eq!(calls(&class.stack, &answer).await, ["remove_from_virtual_session"]);
    }
    assert_eq!(class.row().await["registered_users"], json!([waiting.id]), "the seat is free");
    for action in ["unregister", "register", "unregister", "register"] {
        let answer = class.act(&student, action).await;
        if action == "register" {
            answer.refused(403, "removed");
        } else {
            answer.expect(200);
        }
    }
    assert_eq!(class.count("removed").await, 1, "nobody takes their own removal back");
    let answer = class.act_on(&class.tutor, "readmit", &student).await;
    assert_eq!(answer.expect(200), json!({"status": "readmitted"}));
    assert_eq!(calls(&class.stack, &answer).await, ["readmit_to_virtual_session"]);
    assert_eq!(class.register(&student).await, json!({"status": "waiting", "position": 1}));
}

#[tokio::test]
async fn only_the_creator_removes_and_readmits() {
    let class = Class::planned(60).await;
    let (student, removed) = (class.registered().await, class.registered().await);
    class.act_on(&class.tutor, "remove", &removed).await.expect(200);
    let (other_tutor, admin) = (class.stack.person("tutor").await, class.stack.person("admin").await);
    for by in [&student, &removed, &other_tutor, &admin] {
        class.act_on(by, "remove", &student).await.refused(404, "session_not_found");
        class.act_on(by, "readmit", &removed).await.refused(404, "session_not_found");
    }
    assert_eq!((class.count("registered").await, class.count("removed").await), (1, 1));
    class.act_on(&class.tutor, "remove", &class.tutor).await.refused(409, "own_session");
}

#[tokio::test]
async fn what_is_not_open_has_no_seats() {
    let class = Class::planned(60).await;
    let student = class.registered().await;
    class.act(&class.tutor, "register").await.refused(409, "own_session");
    class.act(&class.tutor, "cancel").await.expect(200);
    let stranger = class.student().await;
    for action in ["register", "unregister"] {
        class.act(&student, action).await.refused(409, "session_closed");
        let nothing = class.act(&stranger, action).await.refused(404, "session_not_found");
        let body = json!({"action": action, "session_id": Uuid::new_v4()});
        let nowhere = class.stack.function("virtual-sessions").by(&stranger).json(&body).send().await;
        assert_eq!(nowhere.refused(404, "session_not_found"), nothing, "to a stranger it is not there");
    }
}

#[tokio::test]
async fn nobody_writes_a_seat_past_the_functions() {
    let class = Class::with(60, &json!({"max_attendees": 1})).await;
    let (student, stranger) = (class.registered().await, class.student().await);
    let row = json!({"session_id": class.id, "user_id": stranger.id, "status": "registered", "place": 9});
    let seats = format!("virtual_session_registrations?session_id=eq.{}", class.id);
    let session = format!("virtual_sessions?id=eq.{}", class.id);
    for by in [&stranger, &student, &class.tutor] {
        let insert = class.stack.rest(Method::POST, "virtual_session_registrations").json(&row);
        assert_eq!(insert.by(by).send().await.status, 403);
        for request in [
            class.stack.rest(Method::PATCH, &seats).json(&json!({"user_id": stranger.id})),
            class.stack.rest(Method::DELETE, &seats),
        ] {
            assert_reaches_no_row(request.by(by)).await;
        }
    }
    let list =
        || class.stack.rest(Method::PATCH, &session).json(&json!({"registered_users": [student.id, stranger.id]}));
    assert_reaches_no_row(list().by(&stranger)).await;
    assert_reaches_no_row(list().by(&student)).await;
    let refused = list().by(&class.tutor).send().await.expect(403);
    assert_eq!(refused["code"], "column_frozen");
    assert_eq!(class.row().await["registered_users"], json!([student.id]));
    assert_eq!(class.count("registered").await, 1);
}
