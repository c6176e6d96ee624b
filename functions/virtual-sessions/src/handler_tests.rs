use shared::{
    crypto::Secret,
    testing::{self, TestClock, Upstream, context},
};

use super::*;

const ID: Uuid = Uuid::from_u128(7);
const OWN: [(&str, &str); 3] =
    [("JITSI_DOMAIN", "meet.example"), ("JITSI_APP_ID", "convene"), ("JITSI_APP_SECRET", "secret")];

fn caller() -> Caller {
    Caller { id: ID, token: Secret::new("t") }
}

fn with(upstream: &Upstream, jitsi: &[(&str, &str)]) -> Context {
    let variables = [&[("SUPABASE_URL", upstream.url.as_str())], jitsi].concat();
    context(&TestClock::at("2026-05-01T09:00:00Z"), &variables)
}

/// What the database says to somebody who may enter a room at this URL.
fn admission(meeting_url: &str, is_guarded: bool) -> Value {
    json!({
        "meeting_room_id": meeting_url.rsplit('/').next(), "meeting_url": meeting_url, "is_guarded": is_guarded,
        "role": "participant", "ends_at": "2026-05-01T10:00:00+00:00", "name": null,
    })
}

/// What somebody gets who joins a room at this URL that is open to whoever knows it, as JSON.
async fn joined(meeting_url: &str, jitsi: &[(&str, &str)]) -> Value {
    let upstream = Upstream::in_turn(&[(200, admission(meeting_url, false))]);
    let entry = join(&with(&upstream, jitsi), &caller(), &Session { session_id: ID }).await.unwrap();
    assert_eq!(upstream.calls(), ["POST join_virtual_session"]);
    assert_eq!(upstream.asked()[0].header("authorization"), Some("Bearer t"));
    serde_json::to_value(entry).unwrap()
}

#[tokio::test]
async fn a_room_of_the_server_that_has_tokens_opens_by_one() {
    let entry = joined("https://meet.example/convene-0123abcd", &OWN).await;
    let token = entry["token"].as_str().unwrap();
    assert_eq!(
        entry,
        json!({
            "meeting_url": format!("https://meet.example/convene-0123abcd?jwt={token}"),
            "meeting_room_id": "convene-0123abcd", "role": "participant", "ends_at": "2026-05-01T10:00:00Z",
            "token": token,
        })
    );
}

#[tokio::test]
async fn a_room_that_is_elsewhere_opens_by_its_url() {
    for (url, jitsi) in [
        ("https://meet.jit.si/convene-0123abcd", &[][..]),
        ("https://meet.jit.si/convene-0123abcd", &OWN),
        ("https://meet.example.org/convene-0123abcd", &OWN),
        ("https://meet.example/tenant/convene-0123abcd", &OWN),
    ] {
        let entry = joined(url, jitsi).await;
        assert_eq!((entry["meeting_url"].as_str(), entry.get("token")), (Some(url), None));
    }
}

#[tokio::test]
async fn a_guarded_room_without_tokens_is_left_for_one_where_the_deployment_has_them_now() {
    const OLD: &str = "https://8x8.vc/tenant/convene-0123abcd";
    for (jitsi, base_url, is_guarded) in
        [(&[][..], "https://meet.jit.si/", false), (&OWN, "https://meet.example/", true)]
    {
        let new_url = format!("{base_url}convene-4567cdef");
        let answers =
            [(200, admission(OLD, true)), (200, json!({"moved": true})), (200, admission(&new_url, is_guarded))];
        let upstream = Upstream::in_turn(&answers);
        let entry = join(&with(&upstream, jitsi), &caller(), &Session { session_id: ID }).await.unwrap();
        assert_eq!(
            upstream.calls(),
            ["POST join_virtual_session", "POST move_guarded_virtual_room", "POST join_virtual_session"]
        );
        let asked = &upstream.asked()[1];
        assert_eq!(asked.header("apikey"), Some("s"), "the service asks");
        assert_eq!(
            asked.json(),
            json!({
                "session_id": ID, "meeting_room_id": "convene-0123abcd", "room_base_url": base_url,
                "room_is_guarded": is_guarded,
            })
        );
        assert!(entry.meeting_url.starts_with(&new_url), "{}", entry.meeting_url);
        assert_eq!(entry.token.is_some(), is_guarded);
    }
}

#[tokio::test]
async fn whoever_is_removed_while_the_room_changes_does_not_learn_the_new_one() {
    let refusal = json!({"code": "removed", "message": "You were removed", "details": null, "hint": null});
    let old = admission("https://8x8.vc/tenant/convene-0123abcd", true);
    let upstream = Upstream::in_turn(&[(200, old), (200, json!({"moved": true})), (403, refusal)]);
    let error = join(&with(&upstream, &OWN), &caller(), &Session { session_id: ID }).await.err().unwrap();
    assert_eq!(error.code(), "removed");
}

#[tokio::test]
async fn new_rooms_are_where_the_deployment_has_them() {
    for (jitsi, base_url, is_guarded) in [
        (&[][..], "https://meet.jit.si/", false),
        (&OWN[..1], "https://meet.example/", false),
        (&OWN, "https://meet.example/", true),
    ] {
        let upstream = Upstream::in_turn(&[(200, json!({"session": {}}))]);
        create(&with(&upstream, jitsi), &caller(), &integrals(), Some("key")).await.unwrap();
        let asked = upstream.asked().remove(0);
        let arguments = json!({
            "creator": ID, "request": integrals(), "room_base_url": base_url, "room_is_guarded": is_guarded,
            "idempotency_key": "key",
        });
        assert_eq!((asked.call.as_str(), asked.json()), ("POST create_virtual_session", arguments));
        assert_eq!(asked.header("apikey"), Some("s"), "the service asks");
    }
}

#[tokio::test]
async fn nobody_is_asked_where_jitsi_is_configured_by_half() {
    let upstream = Upstream::in_turn(&[]);
    let context = with(&upstream, &OWN[..2]);
    let created = create(&context, &caller(), &integrals(), None).await.err().unwrap();
    let joined = join(&context, &caller(), &Session { session_id: ID }).await.err().unwrap();
    for error in [created, joined] {
        assert_eq!(error.code(), "internal");
        assert!(error.cause().unwrap().contains("JITSI_APP_SECRET"));
    }
    assert!(upstream.asked().is_empty());
}

fn integrals() -> SessionRequest {
    let body = json!({
        "action": "create", "title": "Integrals", "tutor_name": "Ms Tutor", "scheduled_time": "2026-05-02T09:00:00Z",
    });
    let request = testing::request(&[("content-type", "application/json")], &body.to_string());
    match Action::read(&request, "2026-05-01T09:00:00Z".parse().unwrap()).unwrap() {
        Action::Create(session) => session,
        other => panic!("{other:?}"),
    }
}
