//! The lobby, and the therapist's decisions.

use futures_util::future::join;
use serde_json::json;
use uuid::Uuid;

use super::{Session, and_relays, calls, id, standing};

#[tokio::test]
async fn in_the_lobby_one_waits_without_a_ticket_until_one_is_admitted() {
    let session = Session::with_lobby().await;
    let guest = session.guest("Ana").await;
    assert_eq!(standing(&guest.answer), "waiting");
    assert_eq!(calls(&session.stack, &guest.answer).await, ["join_instant_session"], "no relays for who waits");
    // Coming again, or under another name, shortens nothing.
    for request in
        [session.come_with("Ana", Some(&guest.secret)), session.status(Some(&guest.secret)), session.come("Ana")]
    {
        assert_eq!(standing(&request.send().await), "waiting");
    }
    assert_eq!(standing(&session.come("Host").by(&session.therapist).send().await), "admitted");

    let admitted = session.decided("admit", guest.participant_id).await;
    assert_eq!(admitted["id"], json!(guest.participant_id));
    let answer = session.status(Some(&guest.secret)).send().await;
    assert_eq!(standing(&answer), "admitted");
    assert_eq!(calls(&session.stack, &answer).await, and_relays(&session.stack, "instant_session_status"));
    assert_eq!(session.decided("admit", guest.participant_id).await, admitted, "twice is the same");
}

#[tokio::test]
async fn who_is_removed_from_the_lobby_does_not_come_in() {
    let session = Session::with_lobby().await;
    let patient = session.stack.person("patient").await;
    let joined = session.come("Pat").by(&patient).send().await.expect(200);
    session.decided("remove", id(&joined["participant"])).await;
    session.come("Pat").by(&patient).send().await.refused(403, "removed");
    let admit = session.about("admit", id(&joined["participant"])).by(&session.therapist);
    admit.send().await.refused(404, "participant_not_found");
}

#[tokio::test]
async fn a_removed_guest_does_not_return_with_the_old_secret_nor_under_a_new_name() {
    let session = Session::open().await;
    let guest = session.guest("Ana").await;
    assert_eq!(standing(&guest.answer), "admitted");
    assert_eq!(session.decided("remove", guest.participant_id).await, json!({"status": "removed"}));
    session.status(Some(&guest.secret)).send().await.refused(403, "removed");
    let new = session.come("Anabel").send().await;
    assert_eq!(standing(&new), "waiting");
    assert_eq!(calls(&session.stack, &new).await, ["join_instant_session"]);
    // Nor when nobody waits any more.
    session.changed("close_lobby").await;
    let old = session.come_with("Ana", Some(&guest.secret)).send().await;
    old.refused(403, "removed");
    assert_eq!(calls(&session.stack, &old).await, ["join_instant_session"]);
    assert_eq!(session.participants().await.len(), 1);
}

#[tokio::test]
async fn a_removed_user_stays_out_until_readmitted_and_then_waits() {
    let session = Session::open().await;
    let patient = session.stack.person("patient").await;
    let joined = session.come("Pat").by(&patient).send().await;
    assert_eq!(standing(&joined), "admitted");
    session.decided("remove", id(&joined.json()["participant"])).await;
    session.come("Pat").by(&patient).send().await.refused(403, "removed");
    session.status(None).by(&patient).send().await.refused(403, "removed");
    // Signed out, they are a guest like any other, and wait.
    assert_eq!(standing(&session.come("Pat").send().await), "waiting");

    let readmit = || session.ask(&json!({"action": "readmit", "session_id": session.id, "user_id": patient.id}));
    readmit().by(&patient).send().await.refused(404, "session_not_found");
    readmit().send().await.refused(401, "unauthenticated");
    assert_eq!(readmit().by(&session.therapist).send().await.expect(200), json!({"status": "readmitted"}));
    assert_eq!(standing(&session.come("Pat").by(&patient).send().await), "waiting");
}

#[tokio::test]
async fn a_removal_that_races_a_return_keeps_the_removed_out() {
    for _ in 0..5 {
        let session = Session::open().await;
        let guest = session.guest("Ana").await;
        let (removed, returned) = join(
            session.about("remove", guest.participant_id).by(&session.therapist).send(),
            session.come_with("Ana", Some(&guest.secret)).send(),
        )
        .await;
        removed.expect(200);
        // Before the removal or after it.
        if returned.status == 200 {
            assert_eq!(standing(&returned), "admitted");
        } else {
            returned.refused(403, "removed");
        }
        session.come_with("Ana", Some(&guest.secret)).send().await.refused(403, "removed");
        assert!(session.participants().await.is_empty());
    }
}

#[tokio::test]
async fn each_change_of_a_session_is_one_call_and_answers_its_row() {
    let session = Session::open().await;
    for (action, field, value) in [
        ("lock", "locked", true),
        ("unlock", "locked", false),
        ("open_lobby", "lobby", true),
        ("close_lobby", "lobby", false),
        ("end", "is_active", false),
    ] {
        for _ in 0..2 {
            let answer = session.change(action).by(&session.therapist).send().await;
            let row = answer.expect(200)["session"].clone();
            assert_eq!((&row["id"], &row[field]), (&json!(session.id), &json!(value)), "{action}");
            assert_eq!(calls(&session.stack, &answer).await, ["change_instant_session"], "{action}");
        }
    }
    for action in ["lock", "unlock", "open_lobby", "close_lobby"] {
        session.change(action).by(&session.therapist).send().await.refused(409, "session_ended");
    }
}

#[tokio::test]
async fn only_its_therapist_decides() {
    let session = Session::with_lobby().await;
    let guest = session.guest("Ana").await;
    let patient = session.stack.person("patient").await;
    session.come("Pat").by(&patient).send().await.expect(200);
    let other_therapist = session.stack.person("therapist").await;
    let admin = session.stack.person("admin").await;
    for action in ["admit", "remove"] {
        for person in [&patient, &other_therapist, &admin] {
            let refused = session.about(action, guest.participant_id).by(person).send().await;
            refused.refused(404, "participant_not_found");
        }
        let unknown = session.about(action, Uuid::new_v4()).by(&session.therapist).send().await;
        unknown.refused(404, "participant_not_found");
    }
    for action in ["lock", "unlock", "open_lobby", "close_lobby", "end"] {
        for person in [&patient, &other_therapist, &admin] {
            session.change(action).by(person).send().await.refused(404, "session_not_found");
        }
    }
    assert_eq!(standing(&session.status(Some(&guest.secret)).send().await), "waiting");
}

#[tokio::test]
async fn a_guest_is_no_therapist_and_the_database_does_not_hear_of_it() {
    let session = Session::with_lobby().await;
    let guest = session.guest("Ana").await;
    let key = session.stack.variable("PUBLISHABLE_KEY");
    let mut requests = vec![
        session.ask(&json!({"action": "create", "session_name": "Mine"})),
        session.ask(&json!({"action": "readmit", "session_id": session.id, "user_id": session.therapist.id})),
        session.about("admit", guest.participant_id),
        session.about("remove", guest.participant_id),
    ];
    for action in ["lock", "unlock", "open_lobby", "close_lobby", "end"] {
        requests.push(session.change(action));
    }
    for request in requests {
        for answer in [request.clone().send().await, request.token(key).send().await] {
            answer.refused(401, "unauthenticated");
            assert!(calls(&session.stack, &answer).await.is_empty());
        }
    }
    assert_eq!(standing(&session.status(Some(&guest.secret)).send().await), "waiting");
}

#[tokio::test]
async fn the_host_is_not_removed() {
    let session = Session::open().await;
    let host = session.come("Host").by(&session.therapist).send().await.expect(200);
    let remove = session.about("remove", id(&host["participant"])).by(&session.therapist);
    remove.send().await.refused(404, "participant_not_found");
    assert_eq!(standing(&session.status(None).by(&session.therapist).send().await), "admitted");
}
