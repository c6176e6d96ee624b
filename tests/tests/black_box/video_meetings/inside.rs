//! Those who are in a meeting: who sees them, and how they leave and are muted.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Meeting, retry_after};
use crate::calls;

/// One with the tutor and the student in it.
async fn under_way() -> Meeting {
    let meeting = Meeting::due().await;
    meeting.join("tutor").by(&meeting.tutor).send().await.expect(200);
    meeting.join("student").by(&meeting.student).send().await.expect(200);
    meeting
}

/// The guest's row, of a meeting with one guest.
async fn guest_s_seat(meeting: &Meeting) -> Value {
    meeting.people().await.into_iter().find(|seat| seat["user_id"].is_null()).unwrap()
}

#[tokio::test]
async fn the_parties_see_who_is_there() {
    let meeting = under_way().await;
    meeting.guest().await;
    for person in [&meeting.tutor, &meeting.student] {
        let answer = meeting.get("/participants").by(person).send().await;
        let participants = answer.expect(200)["participants"].clone();
        let types: Vec<_> = participants.as_array().unwrap().iter().map(|seat| seat["userType"].clone()).collect();
        assert_eq!(types, ["tutor", "student", "guest"]);
        assert_eq!(participants[0]["userId"], json!(meeting.tutor.id));
        assert!(!answer.text.contains("essionId"), "a guest's session is theirs: {answer:?}");
        assert_eq!(calls(&meeting.stack, &answer).await, ["video_meeting_participants"]);
    }
    let guest = meeting.stack.person("student").await;
    meeting.enter(&meeting.passcode).by(&guest).send().await.expect(200);
    for person in [&guest, &meeting.stack.person("tutor").await] {
        meeting.get("/participants").by(person).send().await.refused(404, "meeting_not_found");
    }
    let answer = meeting.get("/participants").header("x-meeting-passcode", &meeting.passcode).send().await;
    answer.refused(401, "unauthenticated");
    assert!(calls(&meeting.stack, &answer).await.is_empty());
}

#[tokio::test]
async fn the_list_of_who_is_there_has_pages() {
    let meeting = under_way().await;
    let fill = "insert into public.video_participants (meeting, user_type, session_id)
        select m.id, 'guest', gen_random_uuid()::text from public.video_meetings m, generate_series(1, 103)
        where m.meeting_id = $1 returning id";
    assert_eq!(meeting.stack.sql(fill, &[&meeting.id]).await.len(), 103);
    let page = async |query: &str| {
        let answer = meeting.get(&format!("/participants{query}")).by(&meeting.student).send().await.expect(200);
        let ids = answer["participants"].as_array().unwrap().iter().map(|seat| seat["participantId"].to_string());
        (ids.collect::<Vec<_>>(), answer["next"].clone())
    };
    let (mut all, next) = page("").await;
    assert_eq!(all.len(), 100);
    let (rest, end) = page(&format!("?after={}", next.as_str().unwrap())).await;
    assert_eq!((rest.len(), end), (5, Value::Null));
    all.extend(rest);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 105);
    let answer = meeting.get("/participants?after=1").by(&meeting.student).send().await;
    assert_eq!(answer.refused(422, "invalid_field")["field"], "after");
    assert!(calls(&meeting.stack, &answer).await.is_empty());
}

#[tokio::test]
async fn a_user_leaves_without_a_word_and_twice_is_the_same() {
    let meeting = under_way().await;
    let without_body = meeting.stack.function(&format!("video-meetings/meetings/{}/leave", meeting.id));
    for request in [
        without_body,
        meeting.post("leave", &json!({})),
        meeting.post("leave", &json!({"guestSecret": "s".repeat(32), "userId": meeting.student.id})),
    ] {
        let answer = request.by(&meeting.student).send().await;
        assert_eq!(answer.expect(200), json!({"left": true}));
        assert_eq!(calls(&meeting.stack, &answer).await, ["leave_video_meeting"]);
    }
    assert_eq!(meeting.seat(&meeting.student).await["is_there"], false);
    assert_eq!(meeting.seat(&meeting.tutor).await["is_there"], true);
}

#[tokio::test]
async fn a_guest_leaves_and_mutes_by_their_secret_alone() {
    let meeting = under_way().await;
    let secret = meeting.guest().await;
    let session = guest_s_seat(&meeting).await["session_id"].as_str().unwrap().to_owned();
    let mute = |body: Value| {
        let mut body = body;
        body["isMuted"] = json!(true);
        meeting.post("mute", &body)
    };
    for body in [json!({}), json!({"guestSecret": "0".repeat(64)}), json!({"guestSecret": session})] {
        meeting.post("leave", &body).send().await.refused(404, "meeting_not_found");
        mute(body).send().await.refused(404, "meeting_not_found");
    }
    for body in [json!({"sessionId": session}), json!({"guestSecret": "short"})] {
        for request in [meeting.post("leave", &body), mute(body.clone())] {
            let answer = request.send().await;
            answer.refused(422, "invalid_field");
            assert!(calls(&meeting.stack, &answer).await.is_empty());
        }
    }
    let muted = mute(json!({"guestSecret": secret})).send().await;
    let seat = guest_s_seat(&meeting).await;
    assert_eq!(muted.expect(200), json!({"isMuted": true, "userId": null, "participantId": seat["id"]}));
    assert_eq!(calls(&meeting.stack, &muted).await, ["mute_video_participant"]);
    assert_eq!(seat["is_muted"], true);
    meeting.post("leave", &json!({"guestSecret": secret})).send().await.expect(200);
    assert_eq!(guest_s_seat(&meeting).await["is_there"], false);
    for person in [&meeting.tutor, &meeting.student] {
        let seat = meeting.seat(person).await;
        assert_eq!((&seat["is_muted"], &seat["is_there"]), (&json!(false), &json!(true)));
    }
}

#[tokio::test]
async fn a_guest_is_no_user_and_a_user_no_guest() {
    let meeting = under_way().await;
    let secret = meeting.guest().await;
    let stranger = meeting.stack.person("student").await;

    let muting = |changes: Value| {
        let mut body = changes;
        body["isMuted"] = json!(true);
        meeting.post("mute", &body)
    };
    // Upon another.
    for user in [meeting.student.id, meeting.tutor.id] {
        muting(json!({"guestSecret": secret, "userId": user})).send().await.refused(403, "not_the_tutor");
        muting(json!({"userId": user})).send().await.refused(404, "meeting_not_found");
    }
    let student = &meeting.seat(&meeting.student).await["id"];
    let answer = muting(json!({"guestSecret": secret, "participantId": student})).send().await;
    assert_eq!(answer.refused(403, "not_the_tutor")["field"], "participantId");
    // With an account, by the secret of a guest.
    meeting.post("leave", &json!({"guestSecret": secret})).by(&stranger).send().await.refused(404, "meeting_not_found");
    muting(json!({"guestSecret": secret})).by(&stranger).send().await.refused(404, "meeting_not_found");
    for seat in meeting.people().await {
        assert_eq!((&seat["is_muted"], &seat["is_there"]), (&json!(false), &json!(true)), "{seat}");
    }
}

#[tokio::test]
async fn the_tutor_mutes_a_guest_without_an_account_and_need_not_be_there() {
    let meeting = Meeting::due().await;
    let secret = meeting.guest().await;
    meeting.join("student").by(&meeting.student).send().await.expect(200);
    let guest = guest_s_seat(&meeting).await["id"].clone();
    let mute = |whom: &Value| meeting.post("mute", &json!({"isMuted": true, "participantId": whom}));
    mute(&guest).by(&meeting.student).send().await.refused(403, "not_the_tutor");
    mute(&guest).send().await.refused(404, "meeting_not_found");
    assert_eq!(guest_s_seat(&meeting).await["is_muted"], false);
    mute(&guest).by(&meeting.tutor).send().await.expect(200);
    assert_eq!(guest_s_seat(&meeting).await["is_muted"], true);
    let by_user = meeting.post("mute", &json!({"isMuted": true, "userId": meeting.student.id}));
    by_user.by(&meeting.tutor).send().await.expect(200);
    let elsewhere = mute(&json!(Uuid::new_v4())).by(&meeting.tutor).send().await;
    assert_eq!(elsewhere.refused(404, "participant_not_found")["field"], "participantId");
    // Themself, they do without a name.
    meeting.post("mute", &json!({"isMuted": false, "guestSecret": secret})).send().await.expect(200);
    assert_eq!(guest_s_seat(&meeting).await["is_muted"], false);
}

#[tokio::test]
async fn the_tutor_mutes_others_and_nobody_else_does() {
    let meeting = under_way().await;
    let stranger = meeting.stack.person("student").await;
    meeting.enter(&meeting.passcode).by(&stranger).send().await.expect(200);
    let mute =
        |user_id: Option<Uuid>, is_muted: bool| meeting.post("mute", &json!({"isMuted": is_muted, "userId": user_id}));
    for (by, whom) in [(&meeting.student, &meeting.tutor), (&meeting.student, &stranger), (&stranger, &meeting.student)]
    {
        let answer = mute(Some(whom.id), true).by(by).send().await;
        assert_eq!(answer.refused(403, "not_the_tutor")["field"], "userId");
    }
    for whom in [&meeting.student, &stranger, &meeting.tutor] {
        for is_muted in [true, false, true] {
            let answer = mute(Some(whom.id), is_muted).by(&meeting.tutor).send().await;
            let seat = meeting.seat(whom).await;
            assert_eq!(
                answer.expect(200),
                json!({"isMuted": is_muted, "userId": whom.id, "participantId": seat["id"]})
            );
            assert_eq!(seat["is_muted"], is_muted);
        }
    }
    mute(None, false).by(&meeting.student).send().await.expect(200);
    mute(Some(stranger.id), false).by(&stranger).send().await.expect(200);
    assert_eq!(meeting.seat(&meeting.student).await["is_muted"], false);
    mute(Some(Uuid::new_v4()), true).by(&meeting.tutor).send().await.refused(404, "participant_not_found");
    let other_tutor = meeting.stack.person("tutor").await;
    mute(Some(meeting.student.id), true).by(&other_tutor).send().await.refused(404, "meeting_not_found");
    for bad in [json!({}), json!({"isMuted": "yes"}), json!({"isMuted": null}), json!({"isMuted": 1})] {
        let answer = meeting.post("mute", &bad).by(&meeting.tutor).send().await;
        assert_eq!(answer.refused(422, "invalid_field")["field"], "isMuted", "{bad}");
        assert!(calls(&meeting.stack, &answer).await.is_empty());
    }
}

#[tokio::test]
async fn sixty_mutes_in_ten_minutes_are_enough_and_leave_no_trail() {
    let meeting = under_way().await;
    let mute = |is_muted: bool| meeting.post("mute", &json!({"isMuted": is_muted, "userId": meeting.student.id}));
    for number in 0..60 {
        mute(number % 2 == 0).by(&meeting.student).send().await.expect(200);
    }
    let answer = mute(true).by(&meeting.student).send().await;
    answer.refused(429, "too_many_mutes");
    assert!((1..=600).contains(&retry_after(&answer)), "{answer:?}");
    assert_eq!(meeting.seat(&meeting.student).await["is_muted"], false);
    mute(true).by(&meeting.tutor).send().await.expect(200);
    let trail = "select 1 from public.session_audit where host_id = $1 and details::text like '%muted%'";
    assert_eq!(meeting.stack.count(trail, &[&meeting.tutor.id]).await, 0);

    meeting.post("end", &json!({})).by(&meeting.tutor).send().await.expect(200);
    for by in [&meeting.tutor, &meeting.student] {
        mute(false).by(by).send().await.refused(409, "meeting_over");
    }
}
