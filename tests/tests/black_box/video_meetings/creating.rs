//! Who makes a meeting, of what, and how often.

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::video_meetings::read_meeting_url;
use uuid::Uuid;

use super::{Booking, Meeting};
use crate::calls;

#[tokio::test]
async fn a_tutor_makes_the_meeting_of_a_booking_in_one_call() {
    let booking = Booking::new().await;
    let body = booking.body(60);
    let answer = booking.create(&body).send().await;
    let created = answer.expect(201);
    for field in ["bookingId", "tutorId", "studentId"] {
        assert_eq!(created[field], body[field], "{field}");
    }
    for field in ["scheduledStart", "scheduledEnd"] {
        let time = |value: &Value| value.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        assert_eq!(time(&created[field]), time(&body[field]), "{field}");
    }
    assert_eq!((&created["status"], &created["recordingUrl"]), (&json!("pending"), &Value::Null));
    let url = created["url"].as_str().unwrap();
    let (id, passcode) = read_meeting_url(url).unwrap();
    assert_eq!(
        (json!(id.as_str()), json!(passcode.expose())),
        (created["meetingId"].clone(), created["passcode"].clone())
    );
    let (page, _) = url.split_once('#').unwrap();
    assert_eq!(page, booking.stack.variable("VIDEO_MEETING_URL"), "what is sent to a server says nothing");
    assert_eq!(calls(&booking.stack, &answer).await, ["create_video_meeting"]);
}

#[tokio::test]
async fn nobody_makes_a_meeting_for_another_tutor() {
    let booking = Booking::new().await;
    let other_tutor = booking.stack.person("tutor").await;
    for caller in [&booking.student, &other_tutor] {
        let answer = booking.create(&booking.body(60)).by(caller).send().await;
        assert_eq!(answer.refused(403, "not_the_tutor")["field"], "tutorId");
        assert_eq!(calls(&booking.stack, &answer).await, ["create_video_meeting"]);
    }
    let answer = booking.create(&booking.body(60)).without("authorization").send().await;
    answer.refused(401, "unauthenticated");
    assert!(calls(&booking.stack, &answer).await.is_empty());
    assert_eq!(booking.meetings().await, 0);
}

#[tokio::test]
async fn who_is_no_tutor_or_has_no_such_booking_makes_none() {
    let booking = Booking::new().await;
    let (other_tutor, other_student) = (booking.stack.person("tutor").await, booking.stack.person("student").await);
    let with = |changes: Value| {
        let mut body = booking.body(60);
        for (field, value) in changes.as_object().unwrap() {
            body[field] = value.clone();
        }
        body
    };
    // As themself, with the parts exchanged.
    let exchanged = with(json!({"tutorId": booking.student.id, "studentId": booking.tutor.id}));
    booking.create(&exchanged).by(&booking.student).send().await.refused(403, "not_the_tutor");
    let of_another = with(json!({"tutorId": other_tutor.id}));
    booking.create(&of_another).by(&other_tutor).send().await.refused(404, "booking_not_found");
    for other in [json!({"bookingId": Uuid::new_v4()}), json!({"studentId": other_student.id})] {
        let answer = booking.create(&with(other)).send().await;
        assert_eq!(answer.refused(404, "booking_not_found")["field"], "bookingId");
    }
    assert_eq!(booking.meetings().await, 0);
}

#[tokio::test]
async fn what_cannot_be_a_meeting_is_named_before_anything_is_called() {
    let booking = Booking::new().await;
    for (field, value) in [
        ("bookingId", Value::Null),
        ("bookingId", json!("42")),
        ("tutorId", Value::Null),
        ("studentId", json!(7)),
        ("scheduledStart", json!("tomorrow")),
        ("scheduledStart", Value::Null),
        ("scheduledEnd", Value::Null),
        ("meetingId", json!("MID-AAAAAAAAAAAAAAAA")),
        ("passcode", json!("123456")),
    ] {
        let mut body = booking.body(60);
        body[field] = value.clone();
        let answer = booking.create(&body).send().await;
        assert_eq!(answer.refused(422, "invalid_field")["field"], field, "{value}");
        assert!(calls(&booking.stack, &answer).await.is_empty());
    }
}

#[tokio::test]
async fn a_meeting_is_to_come_and_ends_after_its_start() {
    let booking = Booking::new().await;
    let start = booking.body(60)["scheduledStart"].clone();
    for end in [
        json!("2020-01-01T00:00:00Z"),
        json!("2099-01-01T00:00:00Z"),
        start,
        booking.body(1442)["scheduledEnd"].clone(),
    ] {
        let mut body = booking.body(60);
        body["scheduledEnd"] = end;
        let answer = booking.create(&body).send().await;
        assert_eq!(answer.refused(422, "invalid_field")["field"], "scheduledEnd", "{body}");
    }
    let mut past = booking.body(-120);
    past["scheduledEnd"] = booking.body(-61)["scheduledEnd"].clone();
    assert_eq!(booking.create(&past).send().await.refused(422, "invalid_field")["field"], "scheduledEnd");
    assert_eq!(booking.meetings().await, 0);
}

#[tokio::test]
async fn no_client_makes_a_meeting_whose_passcode_they_choose() {
    let booking = Booking::new().await;
    let arguments = json!({
        "caller": booking.tutor.id, "idempotency_key": null,
        "request": {
            "booking_id": booking.id, "tutor_id": booking.tutor.id, "student_id": booking.student.id,
            "scheduled_start": booking.body(60)["scheduledStart"], "scheduled_end": booking.body(60)["scheduledEnd"],
        },
        "meeting_id": "MID-0000000000000000", "passcode": "000000",
    });
    let answer = booking.stack.rpc("create_video_meeting", &arguments).by(&booking.tutor).send().await;
    assert_eq!((answer.status, &answer.json()["code"]), (403, &json!("42501")));
    assert_eq!(booking.meetings().await, 0);
}

#[tokio::test]
async fn a_booking_has_one_meeting_at_a_time() {
    let booking = Booking::new().await;
    let requests = (0..6).map(|minutes| booking.create(&booking.body(60 + minutes)).send());
    let answers = join_all(requests).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 1);
    for answer in refused {
        assert_eq!(answer.refused(409, "meeting_exists")["field"], "bookingId");
    }
    assert_eq!(booking.meetings().await, 1);
    let id = made[0].json()["meetingId"].as_str().unwrap().to_owned();
    booking.stack.function(&format!("video-meetings/meetings/{id}/cancel")).by(&booking.tutor).send().await.expect(200);
    let another = booking.create(&booking.body(60)).send().await.expect(201);
    assert_ne!(another["meetingId"], json!(id));
    // What is over keeps nobody waiting for the sweep.
    lapse(&booking).await;
    booking.create(&booking.body(60)).send().await.expect(201);
}

/// Whatever the booking has is past its end.
async fn lapse(booking: &Booking) {
    let lapse = "update public.video_meetings set scheduled_start = now() - interval '2 hours',
        scheduled_end = now() - interval '1 hour' where booking_id = $1 and status = 'pending' returning id";
    assert!(!booking.stack.sql(lapse, &[&booking.id]).await.is_empty());
}

#[tokio::test]
async fn a_key_has_its_answer_after_the_meeting_too() {
    let booking = Booking::new().await;
    let key = Uuid::new_v4().to_string();
    let made = booking.create(&booking.body(60)).idempotency_key(&key).send().await.expect(201);
    // It was asked for three hours ago.
    let body = booking.body(-120);
    let ago = "update private.idempotency_keys k set request = k.request || $2
        where k.caller_id = $1 and k.function_name = 'video-meetings' returning k.key";
    let plan = json!({"scheduled_start": body["scheduledStart"], "scheduled_end": body["scheduledEnd"]});
    assert_eq!(booking.stack.sql(ago, &[&booking.tutor.id, &plan]).await.len(), 1);
    lapse(&booking).await;
    let again = booking.create(&body).idempotency_key(&key).send().await.expect(201);
    for field in ["meetingId", "passcode", "url"] {
        assert_eq!(again[field], made[field], "{field}");
    }
    assert_eq!(booking.create(&body).send().await.refused(422, "invalid_field")["field"], "scheduledEnd");
}

#[tokio::test]
async fn the_same_key_gives_the_same_meeting_and_no_other() {
    let booking = Booking::new().await;
    let (body, key) = (booking.body(60), Uuid::new_v4().to_string());
    let requests = (0..5).map(|_| booking.create(&body).idempotency_key(&key).send());
    let answers: Vec<Value> = join_all(requests).await.iter().map(|answer| answer.expect(201)).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(booking.create(&body).idempotency_key(&key).send().await.expect(201), answers[0]);
    booking.create(&booking.body(90)).idempotency_key(&key).send().await.refused(422, "idempotency_key_reused");
    booking.create(&body).idempotency_key("").send().await.refused(422, "invalid_field");
    assert_eq!(booking.meetings().await, 1);
}

#[tokio::test]
async fn both_sides_are_told_of_it_and_nobody_is_told_the_passcode() {
    let meeting = Meeting::due().await;
    meeting.join("tutor").by(&meeting.tutor).send().await.expect(200);
    let told = "select concat(title, body, data) as text from public.notifications where user_id = any($1)";
    let people = vec![meeting.tutor.id, meeting.student.id];
    let told = meeting.stack.rows(told, &[&people]).await;
    assert!(told.iter().any(|news| news["text"].as_str().unwrap().contains(&meeting.id)), "{told:?}");
    let audited = "select concat(details) as text from public.session_audit a
        join public.video_meetings m on m.id = a.session_id where m.meeting_id = $1";
    let audited = meeting.stack.rows(audited, &[&meeting.id]).await;
    assert!(!audited.is_empty());
    for row in told.iter().chain(&audited) {
        assert!(!row["text"].as_str().unwrap().contains(&meeting.passcode), "{row}");
    }
}
