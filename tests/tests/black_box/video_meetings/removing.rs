//! Guests whom the tutor puts out: they stay out, and the passcode that they knew opens nothing any more.

use convene_tests::harness::{Person, Request};
use serde_json::{Value, json};
use shared::video_meetings::read_meeting_url;
use uuid::Uuid;

use super::{Meeting, text};
use crate::calls;

impl Meeting {
    fn remove(&self, participant_id: &Value) -> Request {
        self.post("remove", &json!({"participantId": participant_id}))
    }

    fn readmit(&self, participant_id: &Value) -> Request {
        self.post("readmit", &json!({"participantId": participant_id}))
    }

    /// A guest with an account, and their part.
    async fn known_guest(&self) -> (Person, Value) {
        let person = self.stack.person("student").await;
        let joined = self.enter(&self.passcode).by(&person).send().await.expect(200);
        (person, joined["participantId"].clone())
    }

    async fn current_passcode(&self) -> String {
        text(&self.get("").by(&self.tutor).send().await.expect(200), "passcode")
    }
}

#[tokio::test]
async fn a_guest_who_is_put_out_stays_out_under_any_name() {
    let meeting = Meeting::due().await;
    let joined = meeting.enter(&meeting.passcode).send().await.expect(200);
    let secret = text(&joined, "guestSecret");
    let staying = meeting.guest().await;

    let answer = meeting.remove(&joined["participantId"]).by(&meeting.tutor).send().await;
    let removed = answer.expect(200);
    assert_eq!(calls(&meeting.stack, &answer).await, ["remove_video_participant"]);
    let passcode = text(&removed, "passcode");
    assert_ne!(passcode, meeting.passcode);
    let (id, of_link) = read_meeting_url(removed["url"].as_str().unwrap()).unwrap();
    assert_eq!((id.as_str(), of_link.expose()), (meeting.id.as_str(), passcode.as_str()));

    let with = |passcode: Option<&str>| json!({"userType": "guest", "guestSecret": secret, "passcode": passcode});
    for known in [None, Some(meeting.passcode.as_str()), Some(passcode.as_str())] {
        let answer = meeting.post("join", &with(known)).send().await;
        answer.refused(403, "removed");
        assert_eq!(calls(&meeting.stack, &answer).await, ["join_video_meeting"], "no TURN for who is out");
    }
    for (what, body) in [("leave", json!({})), ("mute", json!({"isMuted": false}))] {
        let mut body = body;
        body["guestSecret"] = json!(secret);
        meeting.post(what, &body).send().await.refused(403, "removed");
    }
    meeting.enter(&meeting.passcode).send().await.refused(404, "meeting_not_found");
    let by_old = meeting.get("").header("x-meeting-passcode", &meeting.passcode).send().await;
    by_old.refused(404, "meeting_not_found");

    // Nor by a place that they may have made in advance.
    meeting.come_back(&staying).send().await.refused(404, "meeting_not_found");

    // Nobody else is put out.
    let back = json!({"userType": "guest", "guestSecret": staying, "passcode": passcode});
    meeting.post("join", &back).send().await.expect(200);
    meeting.come_back(&staying).send().await.expect(200);
    meeting.enter(&passcode).send().await.expect(200);
    for (user_type, person) in [("tutor", &meeting.tutor), ("student", &meeting.student)] {
        meeting.join(user_type).by(person).send().await.expect(200);
        let read = meeting.get("").by(person).send().await.expect(200);
        assert_eq!(read["passcode"], json!(passcode));
    }
    let again = meeting.remove(&joined["participantId"]).by(&meeting.tutor).send().await.expect(200);
    assert_eq!(again["passcode"], json!(passcode), "twice is the same as once");
    let told = "select concat(title, body, data) as text from public.notifications where user_id = any($1)";
    for row in meeting.stack.rows(told, &[&vec![meeting.tutor.id, meeting.student.id]]).await {
        let text = row["text"].as_str().unwrap();
        assert!(!text.contains(&passcode) && !text.contains(&meeting.passcode), "{row}");
    }
}

#[tokio::test]
async fn a_guest_with_an_account_stays_out_until_the_tutor_takes_it_back() {
    let meeting = Meeting::due().await;
    let (person, part) = meeting.known_guest().await;
    meeting.remove(&part).by(&meeting.tutor).send().await.expect(200);
    assert_eq!(meeting.seat(&person).await["is_there"], false);
    let passcode = meeting.current_passcode().await;
    for request in [meeting.enter(&passcode), meeting.enter(&meeting.passcode), meeting.join("guest")] {
        request.by(&person).send().await.refused(403, "removed");
    }
    for by in [&meeting.student, &person, &meeting.stack.person("tutor").await, &meeting.stack.person("admin").await] {
        meeting.readmit(&part).by(by).send().await.refused(404, "meeting_not_found");
    }
    for _ in 0..2 {
        let answer = meeting.readmit(&part).by(&meeting.tutor).send().await;
        assert_eq!(answer.expect(200), json!({"readmitted": true}));
        assert_eq!(calls(&meeting.stack, &answer).await, ["readmit_video_participant"]);
    }
    meeting.join("guest").by(&person).send().await.expect(200);
    assert_eq!(meeting.current_passcode().await, passcode);
}

#[tokio::test]
async fn nobody_but_the_tutor_puts_anybody_out() {
    let meeting = Meeting::due().await;
    let (person, part) = meeting.known_guest().await;
    for by in [&meeting.student, &person, &meeting.stack.person("tutor").await, &meeting.stack.person("admin").await] {
        meeting.remove(&part).by(by).send().await.refused(404, "meeting_not_found");
    }
    let answer = meeting.remove(&part).send().await;
    answer.refused(401, "unauthenticated");
    assert!(calls(&meeting.stack, &answer).await.is_empty());
    assert_eq!(meeting.seat(&person).await["is_there"], true);
    assert_eq!(meeting.current_passcode().await, meeting.passcode);
    let arguments = json!({
        "meeting_id": meeting.id, "caller": meeting.tutor.id, "participant_id": part, "passcode": "000000",
    });
    let answer = meeting.stack.rpc("remove_video_participant", &arguments).by(&meeting.tutor).send().await;
    assert_eq!((answer.status, &answer.json()["code"]), (403, &json!("42501")), "nor chooses a passcode");
}

#[tokio::test]
async fn its_parties_are_not_put_out_nor_who_is_not_in_it() {
    let meeting = Meeting::due().await;
    let other = Meeting::due().await;
    let (_, elsewhere) = other.known_guest().await;
    for (user_type, person) in [("tutor", &meeting.tutor), ("student", &meeting.student)] {
        let joined = meeting.join(user_type).by(person).send().await.expect(200);
        let answer = meeting.remove(&joined["participantId"]).by(&meeting.tutor).send().await;
        assert_eq!(answer.refused(409, "not_a_guest")["field"], "participantId");
        assert_eq!(meeting.seat(person).await["is_there"], true);
    }
    for unknown in [elsewhere, json!(Uuid::new_v4())] {
        let answer = meeting.remove(&unknown).by(&meeting.tutor).send().await;
        assert_eq!(answer.refused(404, "participant_not_found")["field"], "participantId");
    }
    for bad in [Value::Null, json!("1"), json!(7)] {
        for request in [meeting.remove(&bad), meeting.readmit(&bad)] {
            let answer = request.by(&meeting.tutor).send().await;
            assert_eq!(answer.refused(422, "invalid_field")["field"], "participantId", "{bad}");
            assert!(calls(&meeting.stack, &answer).await.is_empty());
        }
    }
    assert_eq!(meeting.current_passcode().await, meeting.passcode);
}
