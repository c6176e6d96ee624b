//! Coming in by the link, as oneself again, and who does not come in.

use convene_tests::harness::SupabaseFault;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Session, and_relays, calls, standing, with};

impl Session {
    /// So many guests come.
    async fn fill(&self, guests: i32) {
        let fill = "insert into public.instant_session_participants (session_id, participant_name, guest_secret_hash)
            select $1, 'Somebody', 'hash ' || n from generate_series(1, $2) n";
        self.stack.sql(fill, &[&self.id, &guests]).await;
    }
}

#[tokio::test]
async fn a_guest_comes_in_with_the_link_and_a_name_and_learns_nobody_s_id() {
    let session = Session::open().await;
    let guest = session.guest("Ana").await;
    let joined = guest.answer.expect(200);
    assert_eq!(standing(&guest.answer), "admitted");
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&joined), "guest_secret ice_servers participant session status ticket");
    assert_eq!(keys(&joined["session"]), "expires_at id lobby locked session_name");
    assert_eq!(keys(&joined["participant"]), "admitted_at id is_active joined_at participant_name role");
    assert_eq!(joined["participant"]["role"], "participant");
    assert_eq!(guest.secret.len(), 64);
    let told = guest.answer.text.as_str();
    assert!(!told.contains(&session.token) && !told.contains(&session.therapist.id.to_string()), "{told}");
    let people = session.participants().await;
    assert_eq!((&people[0]["participant_name"], &people[0]["user_id"]), (&json!("Ana"), &Value::Null));
    assert_eq!(calls(&session.stack, &guest.answer).await, and_relays(&session.stack, "join_instant_session"));
}

#[tokio::test]
async fn a_guest_is_the_same_one_again_by_their_secret_alone() {
    let session = Session::open().await;
    let guest = session.guest("Ana").await;
    let again = session.come_with("Anna", Some(&guest.secret)).send().await;
    assert_eq!(standing(&again), "admitted");
    let joined = again.expect(200);
    assert_eq!(joined["participant"]["id"], json!(guest.participant_id));
    assert_eq!(joined["participant"]["participant_name"], "Ana", "as whom they were let in");
    assert_eq!(joined.get("guest_secret"), None, "it was told once");
    assert!(!again.text.contains(&guest.secret));
    let other = session.guest("Ana").await;
    assert_ne!((other.participant_id, &other.secret), (guest.participant_id, &guest.secret));
    assert_eq!(session.participants().await.len(), 2);
}

#[tokio::test]
async fn an_app_without_a_user_sends_its_key_as_the_token() {
    let session = Session::open().await;
    let answer = session.come("Ana").token(session.stack.variable("PUBLISHABLE_KEY")).send().await;
    assert_eq!(standing(&answer), "admitted");
    assert!(answer.json()["guest_secret"].is_string());
}

#[tokio::test]
async fn who_was_signed_in_is_never_taken_for_a_guest() {
    let session = Session::open().await;
    let expired = with(&session.therapist.claims(), &json!({"exp": 1_700_000_000}));
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let expired = convene_tests::tokens::hs256(&header, &expired, session.stack.variable("JWT_SECRET").as_bytes());
    for token in ["x", expired.as_str(), session.stack.variable("SECRET_KEY")] {
        for request in [session.come("Ana"), session.status(None), session.leave(None)] {
            let answer = request.token(token).send().await;
            answer.refused(401, "unauthenticated");
            assert!(calls(&session.stack, &answer).await.is_empty());
        }
    }
    assert!(session.participants().await.is_empty());
}

#[tokio::test]
async fn a_user_in_two_windows_is_one_participant() {
    let session = Session::open().await;
    let patient = session.stack.person("patient").await;
    let (first, second) =
        join(session.come("Pat").by(&patient).send(), session.come("Pat, again").by(&patient).send()).await;
    for answer in [&first, &second] {
        assert_eq!(standing(answer), "admitted");
        assert_eq!(answer.json().get("guest_secret"), None);
    }
    assert_eq!(first.json()["participant"]["id"], second.json()["participant"]["id"]);
    let people = session.participants().await;
    assert_eq!((people.len(), &people[0]["user_id"]), (1, &json!(patient.id)));
    assert_eq!(standing(&session.status(None).by(&patient).send().await), "admitted");
}

#[tokio::test]
async fn the_therapist_is_the_host_and_nobody_becomes_it_by_name() {
    let session = Session::open().await;
    let host = session.come("Dr. Wolf").by(&session.therapist).send().await.expect(200);
    assert_eq!(host["participant"]["role"], "host");
    let other_therapist = session.stack.person("therapist").await;
    let pretender = session.come("Dr. Wolf").send().await.expect(200);
    let colleague = session.come("Dr. Wolf").by(&other_therapist).send().await.expect(200);
    for other in [pretender, colleague] {
        assert_eq!(other["participant"]["role"], "participant");
        assert_ne!(other["participant"]["id"], host["participant"]["id"]);
    }
}

#[tokio::test]
async fn every_link_that_opens_nothing_gets_the_same_answer() {
    let (session, ended, expired) = join_all_three().await;
    let stranger = session.stack.person("patient").await;
    let token = &session.token;
    let tokens = [
        "0".repeat(64),
        token.to_uppercase(),
        token[1..].to_owned(),
        format!("{token}0"),
        session.id.to_string(),
        "%".to_owned(),
        "*".to_owned(),
        String::new(),
        "\u{0}".to_owned(),
        "é".to_owned(),
        format!(" {token}"),
        "x".repeat(10_000),
        ended.token.clone(),
        expired.token.clone(),
    ];
    let mut answers = Vec::new();
    for token in &tokens {
        let join = json!({"action": "join", "session_token": token, "participant_name": "Eve"});
        let status = json!({"action": "status", "session_token": token, "guest_secret": "s".repeat(64)});
        for (body, function) in [(join, "join_instant_session"), (status, "instant_session_status")] {
            for answer in [session.ask(&body).send().await, session.ask(&body).by(&stranger).send().await] {
                assert_eq!(answer.refused(404, "session_not_found"), Value::Null, "{token}");
                assert_eq!(calls(&session.stack, &answer).await, [function], "{token}");
                answers.push(with(&answer.json(), &json!({"request_id": null})));
            }
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(session.participants().await.is_empty());
}

/// An open one, one that was ended, and one whose time has come.
async fn join_all_three() -> (Session, Session, Session) {
    let (open, ended, expired) = (Session::open().await, Session::open().await, Session::open().await);
    ended.changed("end").await;
    expired.expire().await;
    (open, ended, expired)
}

#[tokio::test]
async fn who_was_in_it_hears_that_it_is_over() {
    for ending in ["end", "expiry"] {
        let session = Session::open().await;
        let guest = session.guest("Ana").await;
        let patient = session.stack.person("patient").await;
        session.come("Pat").by(&patient).send().await.expect(200);
        if ending == "end" {
            session.changed("end").await;
        } else {
            session.expire().await;
        }
        session.status(Some(&guest.secret)).send().await.refused(409, "session_ended");
        session.status(None).by(&patient).send().await.refused(409, "session_ended");
        session.come_with("Ana", Some(&guest.secret)).send().await.refused(404, "session_not_found");
        session.come("Pat").by(&patient).send().await.refused(404, "session_not_found");
        let left = session.leave(Some(&guest.secret)).send().await.expect(200);
        assert_eq!(left, json!({"status": "left"}), "{ending}");
    }
}

#[tokio::test]
async fn a_lock_keeps_newcomers_out_and_members_in() {
    let session = Session::open().await;
    let guest = session.guest("Ana").await;
    assert_eq!(session.changed("lock").await["locked"], true);
    session.come("Eve").send().await.refused(409, "session_locked");
    session.come_with("Eve", Some(&"s".repeat(64))).send().await.refused(409, "session_locked");
    session.come("Eve").by(&session.stack.person("patient").await).send().await.refused(409, "session_locked");
    assert_eq!(standing(&session.come_with("Ana", Some(&guest.secret)).send().await), "admitted");
    assert_eq!(standing(&session.come("Host").by(&session.therapist).send().await), "admitted");
    assert_eq!(session.changed("unlock").await["locked"], false);
    session.guest("Eve").await;
}

#[tokio::test]
async fn eighty_guests_are_enough_and_keep_no_user_out() {
    let session = Session::open().await;
    let guest = session.guest("Ana").await;
    session.fill(79).await;
    session.come("Eve").send().await.refused(409, "session_full");
    assert_eq!(session.participants().await.len(), 80);
    assert_eq!(standing(&session.come("Pat").by(&session.stack.person("patient").await).send().await), "admitted");
    assert_eq!(standing(&session.come_with("Ana", Some(&guest.secret)).send().await), "admitted");
    // Who has left takes no place.
    session.leave(Some(&guest.secret)).send().await.expect(200);
    session.guest("Eve").await;
    session.come_with("Ana", Some(&guest.secret)).send().await.refused(409, "session_full");
}

#[tokio::test]
async fn a_hundred_guests_in_the_lobby_are_enough_and_keep_no_user_out() {
    let session = Session::with_lobby().await;
    let guest = session.guest("Ana").await;
    session.fill(99).await;
    let answer = session.come("Eve").send().await;
    answer.refused(409, "lobby_full");
    assert_eq!(calls(&session.stack, &answer).await, ["join_instant_session"]);
    assert_eq!(standing(&session.come("Pat").by(&session.stack.person("patient").await).send().await), "waiting");
    // Those inside are others than those who wait.
    session.decided("admit", guest.participant_id).await;
    assert_eq!(standing(&session.status(Some(&guest.secret)).send().await), "admitted");
    session.guest("Eve").await;
}

#[tokio::test]
async fn a_secret_is_one_guest_s_in_one_session() {
    let (session, other) = (Session::open().await, Session::open().await);
    let guest = session.guest("Ana").await;
    let elsewhere = other.guest("Ben").await;
    let hash = session.participants().await[0]["guest_secret_hash"].as_str().unwrap().to_owned();
    for secret in [elsewhere.secret.as_str(), &hash, &guest.secret.to_uppercase(), &session.token] {
        session.status(Some(secret)).send().await.refused(404, "participant_not_found");
        session.leave(Some(secret)).send().await.expect(200);
    }
    for nobody in [session.status(None), session.status(Some(&guest.secret)).by(&session.therapist)] {
        nobody.send().await.refused(404, "participant_not_found");
    }
    let somebody = session.stack.person("patient").await;
    session.leave(Some(&guest.secret)).by(&somebody).send().await.expect(200);
    let people = session.participants().await;
    assert_eq!((people.len(), &people[0]["is_active"]), (1, &json!(true)), "nobody acted for Ana");
    // As a newcomer with Ben's secret, one is somebody new.
    let joined = session.come_with("Ana", Some(&elsewhere.secret)).send().await.expect(200);
    assert_ne!(joined["participant"]["id"], json!(guest.participant_id));
    // A user's part is never a guest's, whatever secret they send.
    let user = session.come_with("Ana", Some(&guest.secret)).by(&somebody).send().await.expect(200);
    assert_ne!(user["participant"]["id"], json!(guest.participant_id));
}

#[tokio::test]
async fn a_guest_with_a_secret_of_their_own_asks_again_after_a_lost_answer() {
    let session = Session::open().await;
    let secret = format!("{}{}", Uuid::new_v4(), Uuid::new_v4());
    let request = session.come_with("Ana", Some(&secret));
    session.stack.supabase_fault(request.request_id(), "join_instant_session", SupabaseFault::DropAnswer, 1).await;
    request.send().await.refused(503, "unavailable");
    let again = join_all((0..4).map(|_| session.come_with("Ana", Some(&secret)).send())).await;
    assert!(again.iter().all(|answer| standing(answer) == "admitted"));
    assert_eq!(session.participants().await.len(), 1);
}
