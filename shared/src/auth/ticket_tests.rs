use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jwt_compact::alg::{Hs384, Hs384Key};
use serde_json::{Value, json};

use super::*;

const SECRET: &str = "a-secret-for-tickets-of-32-characters";
const PARTICIPANT: Uuid = Uuid::from_u128(7);

fn secret() -> Secret {
    Secret::new(SECRET)
}

fn now() -> DateTime<Utc> {
    "2026-05-01T09:00:00Z".parse().unwrap()
}

fn ticket() -> RoomTicket {
    RoomTicket::new(PARTICIPANT, "room-1", RoomRole::Participant, "Ana", now(), now() + TimeDelta::hours(1))
}

fn verify(token: &str) -> Result<RoomTicket, TicketError> {
    RoomTicket::verify(&secret(), "room-1", token, now())
}

fn encoded(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Any claims, honestly signed.
fn signed(claims: &Value) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let body = format!("{}.{}", encoded(&json!({"alg": "HS256"})), encoded(claims));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("{body}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn claims() -> Value {
    let token = ticket().sign(&secret()).unwrap();
    decoded(token.split('.').nth(1).unwrap())
}

fn with(field: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[field] = value;
    claims
}

#[test]
fn a_ticket_has_the_documented_claims_and_opens_its_room() {
    let token = ticket().sign(&secret()).unwrap();
    let [header, payload, _] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(decoded(header), json!({"alg": "HS256"}));
    let began = now().timestamp();
    assert_eq!(
        decoded(payload),
        json!({
            "iss": "convene", "aud": "room", "sub": PARTICIPANT, "room": "room-1", "role": "participant", "name": "Ana",
            "iat": began, "nbf": began, "exp": began + 300,
        })
    );
    assert_eq!(verify(&token), Ok(ticket()));
    assert!(verify(&signed(&claims())).is_ok(), "the tests sign as the code does");
    let host = RoomTicket { role: RoomRole::Host, ..ticket() };
    assert_eq!(verify(&host.sign(&secret()).unwrap()).unwrap().role, RoomRole::Host);
}

#[test]
fn a_ticket_lives_five_minutes_and_never_longer_than_its_session() {
    let ending = |minutes| {
        RoomTicket::new(PARTICIPANT, "r", RoomRole::Host, "", now(), now() + TimeDelta::minutes(minutes)).expires_at
    };
    assert_eq!(ending(60), now() + TimeDelta::minutes(5));
    assert_eq!(ending(2), now() + TimeDelta::minutes(2));

    let over = RoomTicket { expires_at: now(), ..ticket() };
    assert_eq!(verify(&over.sign(&secret()).unwrap()), Err(TicketError::Expired));
    let token = ticket().sign(&secret()).unwrap();
    let at = |seconds| RoomTicket::verify(&secret(), "room-1", &token, now() + TimeDelta::seconds(seconds));
    assert!(at(299).is_ok() && at(-30).is_ok());
    assert_eq!(at(300), Err(TicketError::Expired));
    assert_eq!(at(-31), Err(TicketError::NotValidYet));
}

#[test]
fn a_ticket_opens_no_other_room() {
    let token = ticket().sign(&secret()).unwrap();
    for room in ["room-2", "ROOM-1", "room-1 ", "room", ""] {
        assert_eq!(RoomTicket::verify(&secret(), room, &token, now()), Err(TicketError::AnotherRoom), "{room:?}");
    }
}

#[test]
fn a_ticket_of_another_signer_or_algorithm_opens_nothing() {
    let good = ticket().sign(&secret()).unwrap();
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let under = |header: Value| format!("{}.{payload}.{signature}", encoded(&header));
    let tampered = |field, value| format!("{header}.{}.{signature}", encoded(&with(field, value)));
    let mut hs384 = Claims::new(claims());
    hs384.custom.as_object_mut().unwrap().retain(|claim, _| !["exp", "nbf", "iat"].contains(&claim.as_str()));
    hs384.expiration = Some(now() + TimeDelta::minutes(1));
    for (what, token) in [
        ("alg none, no signature", format!("{}.{payload}.", encoded(&json!({"alg": "none"})))),
        ("alg none, our signature", under(json!({"alg": "none"}))),
        ("alg nOnE", under(json!({"alg": "nOnE"}))),
        ("said to be HS384", under(json!({"alg": "HS384"}))),
        ("said to be RS256", under(json!({"alg": "RS256"}))),
        ("really HS384", Hs384.token(&Header::empty(), &hs384, &Hs384Key::new(SECRET)).unwrap()),
        ("another secret", ticket().sign(&Secret::new("another-secret-of-at-least-32-characters")).unwrap()),
        ("no secret", ticket().sign(&Secret::new("")).unwrap()),
        ("another room written in", tampered("room", json!("room-2"))),
        ("another role written in", tampered("role", json!("host"))),
        ("a longer life written in", tampered("exp", json!(now().timestamp() + 86_400))),
        ("another's signature", {
            let other = RoomTicket { name: "Eve".into(), ..ticket() }.sign(&secret()).unwrap();
            format!("{header}.{payload}.{}", other.rsplit_once('.').unwrap().1)
        }),
        ("no signature", format!("{header}.{payload}.")),
        ("a cut signature", format!("{header}.{payload}.{}", &signature[..40])),
        ("a longer signature", format!("{header}.{payload}.{signature}AAAA")),
    ] {
        assert_eq!(verify(&token), Err(TicketError::Forged), "{what}");
    }
    assert!(verify(&good).is_ok());
}

#[test]
fn every_claim_counts() {
    for (field, value, refusal) in [
        ("iss", json!("supabase"), TicketError::Foreign),
        ("aud", json!("authenticated"), TicketError::Foreign),
        ("aud", json!(["room"]), TicketError::Malformed),
        ("iss", Value::Null, TicketError::Malformed),
        ("sub", json!("ana"), TicketError::Malformed),
        ("role", json!("admin"), TicketError::Malformed),
        ("room", Value::Null, TicketError::Malformed),
        ("exp", json!("never"), TicketError::Malformed),
    ] {
        assert_eq!(verify(&signed(&with(field, value.clone()))), Err(refusal), "{field}: {value}");
    }
    for field in ["iss", "aud", "sub", "room", "role", "name", "exp", "nbf", "iat"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(field);
        assert_eq!(verify(&signed(&claims)), Err(TicketError::Malformed), "without {field}");
    }
}

#[test]
fn what_is_no_jwt_is_no_ticket() {
    let good = ticket().sign(&secret()).unwrap();
    for text in ["", ".", "..", "a.b.c", "room-1", &good.replacen('.', "", 1), &format!("{good}{}", "A".repeat(5_000))]
    {
        assert_eq!(verify(text), Err(TicketError::Malformed), "{text}");
    }
}
