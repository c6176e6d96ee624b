use serde_json::{Value, json};

use super::*;

fn parse(changes: &Value) -> Result<SessionRequest, (String, String)> {
    let mut body = json!({"title": "Knee", "scheduled_start": "2026-05-01T09:00:00Z", "duration_minutes": 50});
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    let now = "2026-04-01T00:00:00Z".parse().unwrap();
    SessionRequest::parse(serde_json::from_value(body).unwrap(), now, "video.example").map_err(|error| match error {
        Error::InvalidField { field, reason } => (field.into_owned(), reason.into_owned()),
        other => panic!("{other:?}"),
    })
}

fn refused_field(changes: &Value) -> String {
    parse(changes).unwrap_err().0
}

#[test]
fn without_link_and_provider_it_is_zoom() {
    let session = parse(&json!({})).unwrap();
    assert_eq!((session.provider, session.join_url), (Provider::Zoom, None));
}

#[test]
fn a_link_decides_the_provider() {
    let session = parse(&json!({"join_url": " https://meet.google.com/abc-defg-hij "})).unwrap();
    assert_eq!(session.provider, Provider::Meet);
    assert_eq!(session.join_url.as_deref(), Some("https://meet.google.com/abc-defg-hij"));
}

#[test]
fn a_link_of_another_provider_than_named_is_refused() {
    let link = "https://zoom.us.evil.example/j/123456789";
    assert_eq!(refused_field(&json!({"provider": "zoom", "join_url": link})), "join_url");
    assert_eq!(parse(&json!({"join_url": link})).unwrap().provider, Provider::Manual);
}

#[test]
fn a_provider_that_makes_no_links_here_needs_one() {
    for provider in ["meet", "teams", "manual"] {
        assert_eq!(refused_field(&json!({"provider": provider})), "join_url", "{provider}");
    }
    assert_eq!(refused_field(&json!({"provider": "openvidu"})), "provider");
}

#[test]
fn each_required_field_is_named_when_it_is_missing() {
    for field in ["title", "scheduled_start", "duration_minutes"] {
        assert_eq!(refused_field(&json!({field: null})), field);
    }
}

#[test]
fn clients_are_named_once_and_in_one_way() {
    let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
    assert_eq!(parse(&json!({"client_id": a})).unwrap().client_ids, [a]);
    assert_eq!(parse(&json!({"client_ids": [b, a, b]})).unwrap().client_ids, [a, b]);
    assert_eq!(refused_field(&json!({"client_id": a, "client_ids": [b]})), "client_ids");
    let many: Vec<Uuid> = (0..51).map(Uuid::from_u128).collect();
    assert_eq!(refused_field(&json!({"client_ids": many})), "client_ids");
}

#[test]
fn the_same_intent_serialises_the_same_however_it_was_written() {
    let written = |changes: &Value| serde_json::to_value(parse(changes).unwrap()).unwrap();
    let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
    assert_eq!(
        written(&json!({"title": " Knee ", "client_ids": [a, b], "scheduled_start": "2026-05-01T11:00:00+02:00"})),
        written(&json!({"client_ids": [b, a], "description": "  "})),
    );
}
