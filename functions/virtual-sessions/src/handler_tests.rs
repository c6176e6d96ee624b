use shared::{
    crypto::Secret,
    testing::{TestClock, Upstream, context},
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

/// What somebody gets who joins a room at this URL, as JSON.
async fn joined(meeting_url: &str, jitsi: &[(&str, &str)]) -> Value {
    let upstream = Upstream::in_turn(&[(
        200,
        json!({
            "meeting_room_id": "convene-0123abcd", "meeting_url": meeting_url, "role": "participant",
            "ends_at": "2026-05-01T10:00:00+00:00", "name": null,
        }),
    )]);
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
async fn new_rooms_are_where_the_deployment_has_them() {
    for (jitsi, base_url) in
        [(&[][..], "https://meet.jit.si/"), (&OWN[..1], "https://meet.example/"), (&OWN, "https://meet.example/")]
    {
        let upstream = Upstream::in_turn(&[(200, json!({"session": {}}))]);
        create(&with(&upstream, jitsi), &caller(), &integrals(), Some("key")).await.unwrap();
        let asked = upstream.asked().remove(0);
        let arguments = json!({
            "creator": ID, "request": integrals(), "room_base_url": base_url, "idempotency_key": "key",
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
    let request = http::Request::post("/").header("content-type", "application/json").body(body.to_string().into());
    match Action::read(&request.unwrap(), "2026-05-01T09:00:00Z".parse().unwrap()).unwrap() {
        Action::Create(session) => session,
        other => panic!("{other:?}"),
    }
}
