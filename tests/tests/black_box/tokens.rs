//! Every token that this project did not issue to a user is 401, and the database never hears of it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Utc;
use convene_tests::{
    harness::{Algorithm, Person, Stack},
    tokens,
};
use serde_json::{Value, json};

use crate::{calls, linked_session, sessions_of};

fn with(claims: &Value, field: &str, value: Value) -> Value {
    let mut changed = claims.clone();
    changed[field] = value;
    changed
}

async fn assert_refused(stack: &Stack, host: &Person, what: &str, token: &str) {
    let answer = stack.function("create-video-session").token(token).json(&linked_session()).send().await;
    assert_eq!(answer.status, 401, "{what}: {}", answer.text);
    answer.refused(401, "unauthenticated");
    assert_eq!(calls(stack, &answer).await, [""; 0], "{what}: the database was asked");
    assert_eq!(sessions_of(stack, host).await, 0, "{what}");
}

#[tokio::test]
async fn without_a_users_token_nobody_gets_in() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    for (what, token) in [
        ("the publishable key", stack.variable("PUBLISHABLE_KEY")),
        ("the secret key", stack.variable("SECRET_KEY")),
        ("nonsense", "nonsense"),
        ("dots", ".."),
    ] {
        assert_refused(&stack, &host, what, token).await;
    }
    let anonymous = stack.function("create-video-session").json(&linked_session()).send().await;
    anonymous.refused(401, "unauthenticated");
    assert!(calls(&stack, &anonymous).await.is_empty());
}

#[tokio::test]
async fn an_hs256_token_that_is_forged_expired_or_for_another_purpose_is_refused() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let (secret, claims) = (stack.variable("JWT_SECRET"), host.claims());
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let now = Utc::now().timestamp();
    for (what, token) in [
        ("another secret", tokens::hs256(&header, &claims, b"another-secret-of-the-same-shape")),
        ("expired", tokens::hs256(&header, &with(&claims, "exp", json!(now - 60)), secret.as_bytes())),
        ("not valid yet", tokens::hs256(&header, &with(&claims, "nbf", json!(now + 600)), secret.as_bytes())),
        ("another audience", tokens::hs256(&header, &with(&claims, "aud", json!("anon")), secret.as_bytes())),
        (
            "another issuer",
            tokens::hs256(&header, &with(&claims, "iss", json!("https://x.example")), secret.as_bytes()),
        ),
        (
            "the service's role",
            tokens::hs256(&header, &with(&claims, "role", json!("service_role")), secret.as_bytes()),
        ),
        ("alg none", tokens::unsigned(&json!({"alg": "none"}), &claims)),
        (
            "alg none with a dot less",
            tokens::unsigned(&json!({"alg": "none"}), &claims).trim_end_matches('.').to_owned(),
        ),
    ] {
        assert_refused(&stack, &host, what, &token).await;
    }
    let (signed, signature) = host.token.rsplit_once('.').unwrap();
    let mut changed = host.claims();
    changed["sub"] = json!("00000000-0000-4000-8000-000000000001");
    let payload = URL_SAFE_NO_PAD.encode(changed.to_string());
    let swapped = format!("{}.{payload}.{signature}", signed.split_once('.').unwrap().0);
    assert_refused(&stack, &host, "another user's id in a real token", &swapped).await;
}

#[tokio::test]
async fn a_token_signed_with_the_projects_own_keys_is_a_users() {
    let stack = Stack::running();
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let host = stack.trainer().await;
        let token = stack.hosted_token(algorithm, &stack.hosted_claims(&host)).await;
        let answer = stack.function("create-video-session").token(&token).json(&linked_session()).send().await;
        let created = answer.expect(201);
        assert_eq!(created["session"]["host_id"], json!(host.id), "{algorithm:?}");
    }
}

#[tokio::test]
async fn a_token_that_expires_at_the_end_of_time_does_no_harm() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let claims = with(&stack.hosted_claims(&host), "exp", json!(8_210_266_876_799_i64));
    let token = stack.hosted_token(Algorithm::Es256, &claims).await;
    let answer = stack.function("create-video-session").token(&token).json(&linked_session()).send().await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

#[tokio::test]
async fn an_asymmetric_token_that_is_forged_swapped_or_stale_is_refused() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let claims = stack.hosted_claims(&host);
    let now = Utc::now().timestamp();
    for (what, changed) in [
        ("expired", with(&claims, "exp", json!(now - 60))),
        ("another issuer", with(&claims, "iss", json!("https://other.supabase.co/auth/v1"))),
        ("no issuer", with(&claims, "iss", Value::Null)),
        ("another audience", with(&claims, "aud", json!("authenticated-elsewhere"))),
        ("an API key's role", with(&claims, "role", json!("anon"))),
    ] {
        let token = stack.hosted_token(Algorithm::Es256, &changed).await;
        assert_refused(&stack, &host, what, &token).await;
    }
    let real = stack.hosted_token(Algorithm::Es256, &claims).await;
    let (signed, signature) = real.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    let relabelled = |field: &str, value: &str| {
        let header = URL_SAFE_NO_PAD.encode(with(&header, field, json!(value)).to_string());
        format!("{header}.{payload}.{signature}")
    };
    for (what, token) in [
        ("swapped to RS256", relabelled("alg", "RS256")),
        ("swapped to EdDSA", relabelled("alg", "EdDSA")),
        ("swapped to none", relabelled("alg", "none")),
        ("another key's id", stack.hosted_token_with_kid(Algorithm::Es256, &claims, "invented").await),
        ("a cut signature", format!("{signed}.{}", &signature[..signature.len() - 8])),
        ("an empty signature", format!("{signed}.")),
    ] {
        assert_refused(&stack, &host, what, &token).await;
    }
}

#[tokio::test]
async fn a_public_key_is_no_hmac_secret() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let claims = stack.hosted_claims(&host);
    for key in stack.jwks().await["keys"].as_array().unwrap() {
        let header = json!({"alg": "HS256", "kid": key["kid"]});
        for secret in [key.to_string(), key["x"].as_str().or(key["n"].as_str()).unwrap().to_owned()] {
            let token = tokens::hs256(&header, &claims, secret.as_bytes());
            assert_refused(&stack, &host, "the public key as HMAC secret", &token).await;
        }
    }
}
