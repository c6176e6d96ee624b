//! Access tokens (<https://docs.livekit.io/frontends/authentication/tokens/>): JWTs signed with the API secret.

use chrono::{DateTime, TimeDelta, Utc};
use jwt_compact::{
    AlgorithmExt as _, Claims, Header,
    alg::{Hs256, Hs256Key},
};
use serde_json::{Value, json};

use super::EMPTY_ROOM_STAYS;
use crate::{
    config::LiveKitConfig,
    http::Error,
    providers::rooms::{Person, Role},
};

/// How long after it was made a token opens the room. Who is in stays in.
const PERSON_TOKEN_LIVES: TimeDelta = TimeDelta::minutes(2);
/// Above any timeout of a call.
const SERVICE_TOKEN_LIVES: TimeDelta = TimeDelta::minutes(1);

/// What lets `person` into `room`.
pub(super) fn for_person(
    config: &LiveKitConfig,
    room: &str,
    person: &Person,
    now: DateTime<Utc>,
) -> Result<String, Error> {
    let mut video =
        json!({"room": room, "roomJoin": true, "canPublish": true, "canSubscribe": true, "canPublishData": true});
    if person.role == Role::Operator {
        video["roomAdmin"] = json!(true);
    }
    let seconds = EMPTY_ROOM_STAYS.as_secs();
    let mut claims = json!({
        "iss": config.api_key,
        "sub": person.user_id,
        "metadata": json!({"role": person.role}).to_string(),
        "video": video,
        // For the room that whoever enters first opens.
        "roomConfig": {"emptyTimeout": seconds, "departureTimeout": seconds},
    });
    if let Some(name) = &person.name {
        claims["name"] = json!(name);
    }
    sign(config, claims, PERSON_TOKEN_LIVES, now)
}

/// What lets this deployment open and close rooms.
pub(super) fn for_room_service(config: &LiveKitConfig, now: DateTime<Utc>) -> Result<String, Error> {
    sign(config, json!({"iss": config.api_key, "video": {"roomCreate": true}}), SERVICE_TOKEN_LIVES, now)
}

fn sign(config: &LiveKitConfig, custom: Value, lifetime: TimeDelta, now: DateTime<Utc>) -> Result<String, Error> {
    let mut claims = Claims::new(custom);
    claims.not_before = Some(now);
    claims.expiration = Some(now + lifetime);
    let header = Header::empty().with_token_type("JWT");
    let token = Hs256.token(&header, &claims, &Hs256Key::new(config.api_secret.expose()));
    token.map_err(|error| Error::Internal(format!("a LiveKit token: {error}")))
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    use jwt_compact::UntrustedToken;
    use uuid::Uuid;

    use super::*;
    use crate::crypto::Secret;

    const NOW: i64 = 1_777_626_000;

    fn config() -> LiveKitConfig {
        LiveKitConfig {
            api_url: "https://livekit.example".to_owned(),
            client_url: "wss://livekit.example".to_owned(),
            api_key: "key".to_owned(),
            api_secret: Secret::new("a-secret-of-livekit's"),
        }
    }

    /// Header and claims of a token whose signature holds.
    fn opened(token: &str) -> (Value, Value) {
        let untrusted = UntrustedToken::new(token).unwrap();
        Hs256.validator::<Value>(&Hs256Key::new("a-secret-of-livekit's")).validate(&untrusted).unwrap();
        let mut parts = token.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap());
        let mut part = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
        (part(), part())
    }

    fn claims_of(role: Role, name: Option<&str>) -> Value {
        let person = Person { user_id: Uuid::from_u128(7), role, name: name.map(str::to_owned) };
        let now = DateTime::from_timestamp(NOW, 999_000_000).unwrap();
        let (header, claims) = opened(&for_person(&config(), "room", &person, now).unwrap());
        assert_eq!(header, json!({"alg": "HS256", "typ": "JWT"}));
        claims
    }

    #[test]
    fn an_operators_token_says_who_where_and_what_for_two_minutes() {
        let expected = json!({
            "iss": "key", "sub": "00000000-0000-0000-0000-000000000007", "nbf": NOW, "exp": NOW + 120,
            "name": "Ann \"A\"", "metadata": r#"{"role":"operator"}"#,
            "video": {
                "room": "room", "roomJoin": true, "roomAdmin": true,
                "canPublish": true, "canSubscribe": true, "canPublishData": true,
            },
            "roomConfig": {"emptyTimeout": 600, "departureTimeout": 600},
        });
        assert_eq!(claims_of(Role::Operator, Some("Ann \"A\"")), expected);
    }

    #[test]
    fn a_clients_token_takes_part_and_administers_nothing() {
        let claims = claims_of(Role::Client, None);
        let video = json!({
            "room": "room", "roomJoin": true, "canPublish": true, "canSubscribe": true, "canPublishData": true,
        });
        assert_eq!((&claims["video"], &claims["metadata"]), (&video, &json!(r#"{"role":"client"}"#)));
        assert!(claims.get("name").is_none());
    }

    #[test]
    fn the_service_token_opens_and_closes_rooms_and_enters_none() {
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let (_, claims) = opened(&for_room_service(&config(), now).unwrap());
        assert_eq!(claims, json!({"iss": "key", "nbf": NOW, "exp": NOW + 60, "video": {"roomCreate": true}}));
    }
}
