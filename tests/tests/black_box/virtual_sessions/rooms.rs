//! The room and its URL: for the creator and those with a seat, and for nobody else by any path.

use convene_tests::harness::{Answer, Person, Request};
use http::Method;
use serde_json::json;

use super::{Class, assert_reaches_no_row};

const MOVED: &str = "virtual_session_room_moved";

/// Everything that somebody can ask that could have the room in it.
async fn everything_asked(class: &Class, by: Option<&Person>) -> Vec<Answer> {
    let (stack, id) = (&class.stack, class.id);
    let (name, _) = class.room().await;
    let mut requests = Vec::new();
    for path in [
        "virtual_session_rooms?select=*".to_owned(),
        format!("virtual_session_rooms?session_id=eq.{id}"),
        "virtual_session_rooms?meeting_url=like.*convene*".to_owned(),
        format!("virtual_sessions?id=eq.{id}&select=*,virtual_session_rooms(*)"),
        format!("virtual_sessions?id=eq.{id}&select=*,virtual_session_rooms!inner(meeting_url)"),
        format!("virtual_sessions?id=eq.{id}&select=*,virtual_session_registrations(*)"),
        "virtual_sessions?select=*,virtual_session_rooms(*)&order=virtual_session_rooms(meeting_url)&limit=1000"
            .to_owned(),
        "virtual_session_registrations?select=*,virtual_sessions(*,virtual_session_rooms(*))".to_owned(),
        format!("session_audit?session_id=eq.{id}"),
        "notifications?select=*".to_owned(),
        format!("virtual_sessions?id=eq.{id}&meeting_url=like.*"),
    ] {
        requests.push(stack.rest(Method::GET, &path));
    }
    for path in ["virtual_session_rooms", "virtual_sessions"] {
        let column = if path == "virtual_sessions" { "id" } else { "session_id" };
        let everything = format!("{path}?{column}=eq.{id}&select=*");
        for (method, body) in [(Method::PATCH, json!({"meeting_url": "x"})), (Method::PATCH, json!({"title": "x"}))] {
            let request = stack.rest(method, &everything).header("prefer", "return=representation");
            requests.push(request.json(&body));
        }
    }
    let session = json!({"session_id": id});
    for (rpc, arguments) in [
        ("join_virtual_session", session.clone()),
        (
            "move_guarded_virtual_room",
            json!({
                "session_id": id, "meeting_room_id": name, "room_base_url": "https://evil.example/", "room_is_guarded": false,
            }),
        ),
        ("change_virtual_session", json!({"session_id": id, "action": "start"})),
        ("readmit_to_virtual_session", json!({"session_id": id, "user_id": by.map(|person| person.id)})),
        ("virtual_room_ids", json!({})),
    ] {
        requests.push(stack.rpc(rpc, &arguments));
    }
    for action in ["join", "start", "complete", "cancel"] {
        requests.push(class.press(action));
    }
    let mut answers = Vec::new();
    for request in requests {
        answers.push(by.into_iter().fold(request, Request::by).send().await);
    }
    answers
}

async fn assert_kept_from(class: &Class, by: Option<&Person>, who: &str) {
    let (name, _) = class.room().await;
    for answer in everything_asked(class, by).await {
        let told = format!("{} {:?}", answer.text, answer.headers);
        assert!(!told.contains(&name) && !told.contains("meet.jit.si"), "{who}: {answer:?}");
    }
}

#[tokio::test]
async fn the_room_is_kept_from_everyone_without_a_seat_by_every_path() {
    // Within the minutes in which those with a seat get in.
    let class = Class::with(5, &json!({"max_attendees": 1})).await;
    let (student, waiting, left, removed) =
        (class.registered().await, class.student().await, class.student().await, class.student().await);
    for person in [&waiting, &left, &removed] {
        assert_eq!(class.register(person).await["status"], "waiting");
    }
    class.act(&left, "unregister").await.expect(200);
    class.act_on(&class.tutor, "remove", &removed).await.expect(200);
    let other_tutor = class.stack.person("tutor").await;
    let other_session = super::create(&class.stack, &other_tutor, &super::plan(5, &json!({}))).await;
    other_session.expect(201);
    let (unregistered, admin) = (class.student().await, class.stack.person("admin").await);
    for (who, person, code) in [
        ("not registered", &unregistered, "not_registered"),
        ("waiting", &waiting, "not_registered"),
        ("left", &left, "not_registered"),
        ("removed", &removed, "removed"),
        ("an admin", &admin, "not_registered"),
    ] {
        class.join(person).await.refused(403, code);
        assert_kept_from(&class, Some(person), who).await;
    }
    // Who has a room of their own sees that one.
    class.join(&other_tutor).await.refused(403, "not_registered");
    let (name, _) = class.room().await;
    for answer in everything_asked(&class, Some(&other_tutor)).await {
        assert!(!answer.text.contains(&name), "another tutor: {answer:?}");
    }
    assert_kept_from(&class, None, "not signed in").await;

    assert_eq!(class.status().await, "upcoming", "and none of that did anything");
    assert_eq!(class.count("waiting").await, 1);
    let seen = everything_asked(&class, Some(&student)).await;
    assert!(
        seen.iter().filter(|answer| answer.text.contains(&name)).count() > 5,
        "who has a seat sees it by these paths"
    );
    for person in [&class.tutor, &student] {
        assert_eq!(class.join(person).await.expect(200)["meeting_room_id"], name);
        let rooms = class.stack.rest(Method::GET, &format!("virtual_session_rooms?session_id=eq.{}", class.id));
        assert_eq!(rooms.by(person).send().await.expect(200)[0]["meeting_room_id"], name);
    }
}

#[tokio::test]
async fn the_room_is_kept_while_the_session_is_live_and_when_it_is_over() {
    let class = Class::planned(60).await;
    let (left, removed, stranger) = (class.registered().await, class.registered().await, class.student().await);
    class.act(&left, "unregister").await.expect(200);
    class.act_on(&class.tutor, "remove", &removed).await.expect(200);
    class.act(&class.tutor, "start").await.expect(200);
    for step in ["start", "complete"] {
        class.act(&class.tutor, step).await.expect(200);
        for (who, person) in [("left", &left), ("removed", &removed), ("a stranger", &stranger)] {
            assert_kept_from(&class, Some(person), &format!("{who}, after {step}")).await;
        }
    }
}

#[tokio::test]
async fn whoever_knew_the_room_and_lost_the_seat_does_not_know_the_new_one() {
    let class = Class::with(5, &json!({"max_attendees": 2})).await;
    let (removed, stays, promoted) = (class.registered().await, class.registered().await, class.student().await);
    class.register(&promoted).await;
    let known = class.join(&removed).await.expect(200)["meeting_url"].clone();
    assert_eq!(class.join(&stays).await.expect(200)["meeting_url"], known);
    class.act_on(&class.tutor, "remove", &removed).await.expect(200);
    assert_kept_from(&class, Some(&removed), "removed").await;
    let (_, now) = class.room().await;
    assert_ne!(known, now);
    for person in [&class.tutor, &stays, &promoted] {
        assert_eq!(class.join(person).await.expect(200)["meeting_url"], now);
        assert_eq!(class.notices(person, MOVED).await, 1, "who may be inside is told to join again");
    }
    assert_eq!(class.notices(&removed, MOVED).await, 0);
}

#[tokio::test]
async fn a_live_session_goes_on_in_another_room_when_somebody_is_removed() {
    let class = Class::planned(5).await;
    let (removed, stays) = (class.registered().await, class.registered().await);
    class.act(&class.tutor, "start").await.expect(200);
    let known = class.join(&removed).await.expect(200)["meeting_url"].clone();
    for _ in 0..2 {
        class.act_on(&class.tutor, "remove", &removed).await.expect(200);
    }
    class.join(&removed).await.refused(403, "removed");
    assert_kept_from(&class, Some(&removed), "removed").await;
    for person in [&class.tutor, &stays] {
        assert_ne!(class.join(person).await.expect(200)["meeting_url"], known);
        assert_eq!(class.notices(person, MOVED).await, 1, "twice is once");
    }
    assert_eq!(class.notices(&removed, MOVED).await, 0);
}

#[tokio::test]
async fn a_removal_long_before_changes_the_room_and_calls_nobody() {
    let class = Class::planned(60).await;
    let (removed, stays, before) = (class.registered().await, class.registered().await, class.room().await);
    class.act_on(&class.tutor, "remove", &removed).await.expect(200);
    assert_ne!(class.room().await, before);
    for person in [&class.tutor, &stays, &removed] {
        assert_eq!(class.notices(person, MOVED).await, 0);
    }
}

#[tokio::test]
async fn nobody_points_a_room_elsewhere() {
    let class = Class::planned(5).await;
    let (student, before) = (class.registered().await, class.room().await);
    let path = format!("virtual_session_rooms?session_id=eq.{}", class.id);
    let elsewhere = json!({"meeting_url": "https://evil.example/"});
    for by in [&class.tutor, &student] {
        for request in
            [class.stack.rest(Method::PATCH, &path).json(&elsewhere), class.stack.rest(Method::DELETE, &path)]
        {
            assert_reaches_no_row(request.by(by)).await;
        }
    }
    assert_eq!(class.room().await, before);
}
