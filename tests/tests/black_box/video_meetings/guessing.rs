//! Who tries passcodes: how often they may, and what they learn from it.

use convene_tests::harness::{Answer, Request};
use futures_util::future::join_all;
use serde_json::json;
use uuid::Uuid;

use super::{Meeting, retry_after, told};
use crate::calls;

/// Sends so many at once: how many were wrong tries, and how many were no tries any more.
async fn guess(times: usize, request: impl Fn(usize) -> Request) -> (usize, usize) {
    let answers: Vec<Answer> = join_all((0..times).map(|number| request(number).send())).await;
    let with = |code: &str| answers.iter().filter(|answer| answer.json()["code"] == code).count();
    (with("meeting_not_found"), with("too_many_attempts"))
}

fn is_locked(answer: &Answer) {
    answer.refused(429, "too_many_attempts");
    assert!((1..=900).contains(&retry_after(answer)), "{answer:?}");
}

#[tokio::test]
async fn a_guest_has_five_tries_however_many_they_take_at_once() {
    let meeting = Meeting::due().await;
    let wrong = |number: usize| {
        if number.is_multiple_of(2) {
            meeting.enter(meeting.wrong_passcode())
        } else {
            meeting.get("").header("x-meeting-passcode", meeting.wrong_passcode())
        }
    };
    assert_eq!(guess(16, wrong).await, (5, 11));
    is_locked(&meeting.enter(&meeting.passcode).send().await);
    is_locked(&meeting.get("").header("x-meeting-passcode", &meeting.passcode).send().await);
    assert_eq!(meeting.people().await.len(), 0);

    // Somebody with an account is somebody else, and the parties need no passcode.
    let stranger = meeting.stack.person("student").await;
    meeting.enter(&meeting.passcode).by(&stranger).send().await.expect(200);
    for (user_type, person) in [("tutor", &meeting.tutor), ("student", &meeting.student)] {
        meeting.join(user_type).by(person).send().await.expect(200);
    }
}

#[tokio::test]
async fn an_invented_address_gives_nobody_more_tries() {
    let meeting = Meeting::due().await;
    let from = |number: usize, request: Request| {
        let address = format!("198.51.100.{number}");
        let request = request.header("x-forwarded-for", &address).header("cf-connecting-ip", &address);
        request.header("x-real-ip", &address).header("forwarded", &format!("for={address}"))
    };
    assert_eq!(guess(8, |number| from(number, meeting.enter(meeting.wrong_passcode()))).await, (5, 3));
    is_locked(&from(99, meeting.enter(&meeting.passcode)).send().await);
    let stranger = meeting.stack.person("student").await;
    let wrong = |number| from(number, meeting.enter(meeting.wrong_passcode()).by(&stranger));
    assert_eq!(guess(8, wrong).await, (5, 3));
    is_locked(&from(99, meeting.enter(&meeting.passcode)).by(&stranger).send().await);
}

#[tokio::test]
async fn everyone_together_has_twenty_tries() {
    let meeting = Meeting::due().await;
    let mut strangers = Vec::new();
    for _ in 0..6 {
        strangers.push(meeting.stack.person("student").await);
    }
    let wrong = |number: usize| meeting.enter(meeting.wrong_passcode()).by(&strangers[number % 5]);
    assert_eq!(guess(30, wrong).await, (20, 10));
    for stranger in &strangers {
        is_locked(&meeting.enter(&meeting.passcode).by(stranger).send().await);
    }
    is_locked(&meeting.enter(&meeting.passcode).send().await);
    // Whoever is in it by the booking is not kept out.
    meeting.join("tutor").by(&meeting.tutor).send().await.expect(200);
    meeting.get("").by(&meeting.student).send().await.expect(200);
}

#[tokio::test]
async fn a_caller_has_sixty_tries_at_whatever_ids() {
    let mut meeting = Meeting::due().await;
    let stranger = meeting.stack.person("student").await;
    let known = meeting.id.clone();
    for number in 0..60 {
        meeting.id = format!("MID-{number:04}{}", &Uuid::new_v4().simple().to_string().to_uppercase()[..12]);
        meeting.enter("000000").by(&stranger).send().await.refused(404, "meeting_not_found");
    }
    is_locked(&meeting.enter("000000").by(&stranger).send().await);
    meeting.id = known;
    is_locked(&meeting.enter(&meeting.passcode).by(&stranger).send().await);
    let tries = "select 1 from private.passcode_attempts where caller = 'user ' || $1::uuid";
    assert_eq!(meeting.stack.count(tries, &[&stranger.id]).await, 60);
    meeting.enter(&meeting.passcode).send().await.expect(200);
}

#[tokio::test]
async fn an_id_that_does_not_exist_looks_like_a_wrong_passcode() {
    let mut meeting = Meeting::due().await;
    let stranger = meeting.stack.person("tutor").await;
    let passcode = meeting.wrong_passcode();
    let by_header = meeting.get("").header("x-meeting-passcode", passcode).send().await;
    let by_body = meeting.enter(passcode).by(&stranger).send().await;
    by_header.refused(404, "meeting_not_found");

    meeting.id = format!("MID-{}", &Uuid::new_v4().simple().to_string().to_uppercase()[..16]);
    let unknown = meeting.get("").header("x-meeting-passcode", passcode).send().await;
    assert_eq!(told(&by_header), told(&unknown));
    assert_eq!(told(&by_body), told(&meeting.enter(passcode).by(&stranger).send().await));
    assert_eq!(calls(&meeting.stack, &by_header).await, calls(&meeting.stack, &unknown).await);
    // It closes, too.
    assert_eq!(guess(6, |_| meeting.enter(passcode)).await, (4, 2));
}

#[tokio::test]
async fn a_passcode_opens_nothing_until_a_day_before_the_meeting() {
    let meeting = Meeting::planned(25 * 60).await;
    let show = || meeting.get("").header("x-meeting-passcode", &meeting.passcode);
    for request in [show(), meeting.enter(&meeting.passcode)] {
        let wrong = meeting.enter(meeting.wrong_passcode()).send().await;
        assert_eq!(told(&request.send().await), told(&wrong));
    }
    show().send().await.refused(404, "meeting_not_found");
    is_locked(&show().send().await);

    let meeting = Meeting::planned(23 * 60).await;
    meeting.get("").header("x-meeting-passcode", &meeting.passcode).send().await.expect(200);
    meeting.enter(&meeting.passcode).send().await.refused(409, "too_early");
}

#[tokio::test]
async fn the_right_passcode_is_no_wrong_try() {
    let meeting = Meeting::due().await;
    for _ in 0..6 {
        meeting.get("").header("x-meeting-passcode", &meeting.passcode).send().await.expect(200);
        meeting.enter(&meeting.passcode).send().await.expect(200);
    }
    assert_eq!(guess(6, |_| meeting.enter(meeting.wrong_passcode())).await, (5, 1));
}

#[tokio::test]
async fn what_is_no_passcode_is_no_try() {
    let meeting = Meeting::due().await;
    for bad in ["", "12345", "1234567", "12345a", "１２３４５６", " 123456", "' or 1"] {
        let answer = meeting.enter(bad).send().await;
        assert_eq!(answer.refused(422, "invalid_field")["field"], "passcode", "{bad}");
        assert!(calls(&meeting.stack, &answer).await.is_empty());
    }
    let number = meeting.post("join", &json!({"userType": "guest", "passcode": 123_456})).send().await;
    number.refused(422, "invalid_field");
    for bad in ["", "12345", "123456, 123456"] {
        let answer = meeting.get("").header("x-meeting-passcode", bad).send().await;
        assert_eq!(answer.refused(422, "invalid_field")["field"], "x-meeting-passcode", "{bad}");
        assert!(calls(&meeting.stack, &answer).await.is_empty());
    }
    meeting.enter(&meeting.passcode).send().await.expect(200);
}

#[tokio::test]
async fn a_passcode_in_the_url_opens_nothing_and_goes_no_further() {
    let meeting = Meeting::due().await;
    for query in [format!("?passcode={}", meeting.passcode), format!("?x-meeting-passcode={}", meeting.passcode)] {
        let answer = meeting.get(&query).send().await;
        answer.refused(404, "meeting_not_found");
    }
    let joined = meeting.enter(&meeting.passcode).send().await;
    for call in meeting.stack.calls_of(&joined).await {
        assert!(!call.path.contains(&meeting.passcode), "{call:?}");
    }
    assert!(!joined.text.contains(&format!("\"{}\"", meeting.passcode)), "{joined:?}");
}
