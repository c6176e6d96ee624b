use std::{
    rc::Rc,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jwt_compact::{
    AlgorithmExt as _, Header,
    alg::{Ed25519, Es256, Hs256, Hs256Key, ModulusBits, Rsa},
    jwk::JsonWebKey,
};
use rand_core::OsRng;
use serde_json::{Value, json};

use super::*;
use crate::testing::{self, TestClock, Upstream};

const SECRET: &str = "a-legacy-secret-of-a-reasonable-length";

/// An auth server that publishes `keys`. `None` answers 500.
struct AuthServer {
    upstream: Upstream,
    keys: Arc<Mutex<Option<Value>>>,
}

impl AuthServer {
    fn start(keys: Value) -> Self {
        let keys = Arc::new(Mutex::new(Some(keys)));
        let served = Arc::clone(&keys);
        let upstream = Upstream::start(move |asked| {
            assert_eq!(asked.call, "GET /auth/v1/.well-known/jwks.json");
            match &*served.lock().unwrap() {
                Some(keys) => (200, json!({"keys": keys}).to_string()),
                None => (500, String::new()),
            }
        });
        Self { upstream, keys }
    }

    fn asked(&self) -> usize {
        self.upstream.calls().len()
    }
}

fn context(supabase_url: &str) -> (Context, Rc<TestClock>) {
    let clock = TestClock::at("2026-05-01T09:00:00Z");
    let context = testing::context(&clock, &[("SUPABASE_URL", supabase_url), ("JWT_SECRET", SECRET)]);
    (context, clock)
}

const USER: Uuid = Uuid::from_u128(7);

fn claims(context: &Context) -> Value {
    let now = context.clock().now().timestamp();
    json!({
        "sub": USER, "aud": "authenticated", "role": "authenticated", "exp": now + 3600,
        "iss": format!("{}/auth/v1", context.config().supabase_url),
    })
}

fn with(claims: &Value, field: &str, value: Value) -> Value {
    let mut changed = claims.clone();
    if value.is_null() {
        changed.as_object_mut().unwrap().remove(field);
    } else {
        changed[field] = value;
    }
    changed
}

fn signed<A: jwt_compact::Algorithm>(algorithm: &A, key: &A::SigningKey, kid: Option<&str>, claims: &Value) -> String {
    let header = kid.map_or_else(Header::empty, |kid| Header::empty().with_key_id(kid));
    // `Claims` writes `exp` and `nbf` itself, so they must not come twice.
    let mut custom = claims.clone();
    let mut time = |field: &str| {
        custom.as_object_mut()?.remove(field)?.as_i64().and_then(|seconds| DateTime::from_timestamp(seconds, 0))
    };
    let (expiration, not_before) = (time("exp"), time("nbf"));
    let mut claims = Claims::new(custom);
    claims.expiration = expiration;
    claims.not_before = not_before;
    algorithm.token(&header, &claims, key).unwrap()
}

fn hs256(claims: &Value) -> String {
    signed(&Hs256, &Hs256Key::new(SECRET), None, claims)
}

fn published<'a>(key: impl Into<JsonWebKey<'a>>, kid: &str) -> Value {
    let mut jwk = serde_json::to_value(key.into()).unwrap();
    jwk["kid"] = json!(kid);
    jwk
}

fn es256_key() -> (<Es256 as jwt_compact::Algorithm>::SigningKey, Value) {
    let key = p256::ecdsa::SigningKey::random(&mut OsRng);
    let jwk = published(key.verifying_key(), "es");
    (key, jwk)
}

#[tokio::test]
async fn a_users_token_of_every_algorithm_names_its_user() {
    let (es, es_jwk) = es256_key();
    let (rs, rs_public) = Rsa::generate(&mut OsRng, ModulusBits::TwoKibibytes).unwrap();
    let (ed, ed_public) = Ed25519::generate(&mut OsRng);
    let keys = json!([es_jwk, published(rs_public.as_ref(), "rs"), published(&ed_public, "ed")]);
    let server = AuthServer::start(keys);
    let (context, _) = context(&server.upstream.url);
    let claims = claims(&context);
    for token in [
        hs256(&claims),
        signed(&Es256, &es, Some("es"), &claims),
        signed(&Rsa::rs256(), rs.as_ref(), Some("rs"), &claims),
        signed(&Ed25519, &ed, Some("ed"), &claims),
    ] {
        assert_eq!(verify(&context, &token).await.unwrap(), USER);
    }
    assert_eq!(server.asked(), 1, "one fetch serves them all");
}

#[tokio::test]
async fn every_claim_counts() {
    let (context, _) = context("http://127.0.0.1:9");
    let (good, now) = (claims(&context), context.clock().now().timestamp());
    assert!(verify(&context, &hs256(&with(&good, "iss", Value::Null))).await.is_ok(), "the local Supabase names none");
    assert!(verify(&context, &hs256(&with(&good, "aud", json!(["x", "authenticated"])))).await.is_ok());
    assert!(verify(&context, &hs256(&with(&good, "exp", json!(now - 29)))).await.is_ok(), "within the leeway");
    assert!(
        verify(&context, &hs256(&with(&good, "exp", json!(8_210_266_876_799_i64)))).await.is_ok(),
        "the end of time"
    );
    for (field, value) in [
        ("exp", json!(now - 30)),
        ("exp", Value::Null),
        ("nbf", json!(now + 31)),
        ("aud", json!("anon")),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("iss", json!("https://evil.example/auth/v1")),
        ("role", json!("service_role")),
        ("role", json!("anon")),
        ("sub", json!("not-a-uuid")),
        ("sub", Value::Null),
    ] {
        let token = hs256(&with(&good, field, value.clone()));
        assert!(matches!(verify(&context, &token).await, Err(Error::Unauthenticated(_))), "{field}: {value}");
    }
}

#[tokio::test]
async fn a_token_that_chooses_its_own_algorithm_or_key_is_nobodys() {
    let (es, es_jwk) = es256_key();
    let (stranger, _) = es256_key();
    let server = AuthServer::start(json!([es_jwk]));
    let (context, _) = context(&server.upstream.url);
    let claims = claims(&context);
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let good = signed(&Es256, &es, Some("es"), &claims);
    let (body, signature) = good.rsplit_once('.').unwrap();
    let (_, payload) = body.split_once('.').unwrap();
    let header = |header: Value| format!("{}.{payload}.{signature}", encode(&header));
    let public_key_as_secret = Hs256Key::new(es_jwk.to_string());
    assert!(verify(&context, &good).await.is_ok(), "and is remembered, which helps none of these");
    for (what, token) in [
        ("alg none", format!("{}.{payload}.", encode(&json!({"alg": "none"})))),
        ("alg None", header(json!({"alg": "None", "kid": "es"}))),
        ("swapped to HS256", header(json!({"alg": "HS256", "kid": "es"}))),
        ("swapped to RS256", header(json!({"alg": "RS256", "kid": "es"}))),
        ("swapped to ES384", header(json!({"alg": "ES384", "kid": "es"}))),
        ("no key id", header(json!({"alg": "ES256"}))),
        ("a critical extension", header(json!({"alg": "ES256", "kid": "es", "crit": ["b64"]}))),
        ("another's key under our id", signed(&Es256, &stranger, Some("es"), &claims)),
        ("the public key as HMAC secret", signed(&Hs256, &public_key_as_secret, Some("es"), &claims)),
        ("the same without key id", signed(&Hs256, &public_key_as_secret, None, &claims)),
        ("no issuer", signed(&Es256, &es, Some("es"), &with(&claims, "iss", Value::Null))),
        (
            "changed payload",
            format!("{}.{signature}", body.replacen(payload, &encode(&with(&claims, "x", json!(1))), 1)),
        ),
        ("cut HS256", hs256(&claims).rsplit_once('.').map(|(body, _)| format!("{body}.AAAA")).unwrap()),
        ("cut", good[..good.len() - 2].to_owned()),
        ("too long", format!("{good}{}", "A".repeat(LONGEST_TOKEN))),
        ("an API key", "sb_publishable_abc".to_owned()),
        ("nothing", String::new()),
    ] {
        assert!(matches!(verify(&context, &token).await, Err(Error::Unauthenticated(_))), "{what}");
    }
    assert!(verify(&context, &good).await.is_ok());
}

#[tokio::test]
async fn a_token_that_was_verified_expires_like_every_other() {
    let (es, es_jwk) = es256_key();
    let server = AuthServer::start(json!([es_jwk]));
    let (context, clock) = context(&server.upstream.url);
    let exp = context.clock().now().timestamp() + 60;
    let token = signed(&Es256, &es, Some("es"), &with(&claims(&context), "exp", json!(exp)));
    for _ in 0..2 {
        assert_eq!(verify(&context, &token).await.unwrap(), USER);
    }
    clock.advance(TimeDelta::seconds(90));
    assert!(matches!(verify(&context, &token).await, Err(Error::Unauthenticated("expired"))));
}

#[tokio::test]
async fn an_unknown_key_id_asks_once_more_and_then_cools_down() {
    let (old, old_jwk) = es256_key();
    let (new, mut new_jwk) = es256_key();
    new_jwk["kid"] = json!("new");
    let server = AuthServer::start(json!([old_jwk]));
    let (context, clock) = context(&server.upstream.url);
    let old_token = signed(&Es256, &old, Some("es"), &claims(&context));
    let new_token = signed(&Es256, &new, Some("new"), &claims(&context));
    assert!(verify(&context, &old_token).await.is_ok());

    *server.keys.lock().unwrap() = Some(json!([old_jwk, new_jwk]));
    assert!(verify(&context, &new_token).await.is_err(), "within the cool-down of the first fetch");
    assert_eq!(server.asked(), 1);

    clock.advance(TimeDelta::seconds(30));
    assert!(verify(&context, &new_token).await.is_ok());
    for _ in 0..5 {
        assert!(verify(&context, &signed(&Es256, &new, Some("invented"), &claims(&context))).await.is_err());
    }
    assert_eq!(server.asked(), 2, "invented key ids cost nothing");
}

#[tokio::test]
async fn keys_are_forgotten_after_ten_minutes_and_a_missing_server_is_not_a_bad_token() {
    let (key, jwk) = es256_key();
    let server = AuthServer::start(json!([jwk]));
    let (context, clock) = context(&server.upstream.url);
    let token = signed(&Es256, &key, Some("es"), &claims(&context));
    assert!(verify(&context, &token).await.is_ok());

    *server.keys.lock().unwrap() = None;
    clock.advance(TimeDelta::minutes(10) - TimeDelta::seconds(1));
    assert!(verify(&context, &token).await.is_ok());
    clock.advance(TimeDelta::seconds(1));
    let asked = server.asked();
    for _ in 0..5 {
        assert!(matches!(verify(&context, &token).await, Err(Error::Unavailable(_))));
    }
    assert_eq!(server.asked(), asked + 1, "a server that failed is left alone for a moment");

    *server.keys.lock().unwrap() = Some(json!([]));
    clock.advance(TimeDelta::seconds(5));
    assert!(matches!(verify(&context, &token).await, Err(Error::Unauthenticated(_))), "the key was revoked");
}

#[tokio::test]
async fn weak_foreign_and_encryption_keys_are_not_for_signatures() {
    let (key, jwk) = es256_key();
    let foreign = [("use", "enc"), ("alg", "ES384"), ("crv", "P-384"), ("kty", "oct")]
        .map(|(field, value)| (field, json!(value)));
    let malformed = [("use", json!(["enc"])), ("alg", json!(256)), ("kty", json!(null))];
    for (field, value) in foreign.into_iter().chain(malformed) {
        let server = AuthServer::start(json!([with(&jwk, field, value)]));
        let (context, _) = context(&server.upstream.url);
        let token = signed(&Es256, &key, Some("es"), &claims(&context));
        assert!(matches!(verify(&context, &token).await, Err(Error::Unauthenticated(_))), "{field}");
    }
}
