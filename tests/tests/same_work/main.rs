//! What a function and its TypeScript baseline of `tests/bench` both do: these tests are run on a stack of either, and what is
//! measured side by side is the same work. What the baselines do not do is said at the head of each.
#![expect(clippy::unwrap_used, reason = "in a test a panic is a failure")]
#![expect(clippy::disallowed_methods, reason = "the stack runs by the system clock")]

mod connecting;
mod rooms;
mod sessions;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, FixedOffset};
use convene_tests::harness::{Answer, Call, Operation, Person, Request, Stack};
use http::Method;
use serde_json::{Value, json};

/// What a request asked of Supabase: the last part of each path, in order, but for the project's keys, which are cached.
async fn calls(stack: &Stack, answer: &Answer) -> Vec<String> {
    let last = |call: Call| {
        let path = call.path.split('?').next().unwrap();
        path.rsplit('/').next().unwrap().to_owned()
    };
    stack.calls_of(answer).await.into_iter().map(last).filter(|name| name != "jwks.json").collect()
}

/// What it asked of the database. A baseline asks the auth server about an HS256 token first.
async fn database_calls(stack: &Stack, answer: &Answer) -> Vec<String> {
    calls(stack, answer).await.into_iter().filter(|name| name != "user").collect()
}

/// Asserts what a request costs: `ours` with a function, `baseline` with its baseline.
async fn assert_calls(stack: &Stack, answer: &Answer, ours: &[&str], baseline: &[&str]) {
    let expected = if stack.variable("BASELINE") == "true" { baseline } else { ours };
    assert_eq!(calls(stack, answer).await, expected);
}

fn operations(calls: &[Call]) -> Vec<Operation> {
    calls.iter().filter_map(|call| call.operation).collect()
}

/// A time as the database or its REST API write it.
fn instant(text: &Value) -> DateTime<FixedOffset> {
    let text = text.as_str().unwrap();
    DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z").or_else(|_| text.parse()).unwrap()
}

/// A real token that says it is somebody else's.
fn forged(person: &Person) -> String {
    let mut claims = person.claims();
    claims["sub"] = json!("00000000-0000-4000-8000-000000000001");
    let parts: Vec<&str> = person.token.split('.').collect();
    format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims.to_string()), parts[2])
}

/// Asserts that `request`, which is acceptable for `person`, is refused without a valid token, and that nobody hears of it.
async fn assert_for_users_only(stack: &Stack, request: Request, person: &Person) {
    let publishable = stack.variable("PUBLISHABLE_KEY").to_owned();
    for token in [None, Some("nonsense"), Some(".."), Some(publishable.as_str())] {
        let attempt = token.map_or_else(|| request.clone(), |token| request.clone().token(token));
        let answer = attempt.send().await;
        answer.refused(401, "unauthenticated");
        assert_eq!(calls(stack, &answer).await, [""; 0], "{token:?}");
    }
    let answer = request.token(&forged(person)).send().await;
    answer.refused(401, "unauthenticated");
    assert_eq!(database_calls(stack, &answer).await, [""; 0], "a forged token");
}

/// Asserts that what is no JSON object is refused by a function, and that the database does not hear of it.
async fn assert_json_only(stack: &Stack, function: &str, person: &Person) {
    for (content_type, body, status, code) in [
        ("application/json", "", 400, "malformed_json"),
        ("application/json", "{", 400, "malformed_json"),
        ("application/json", "{} {}", 400, "malformed_json"),
        ("application/json", "[]", 422, "invalid_field"),
        ("application/json", "null", 422, "invalid_field"),
        ("text/plain", "{}", 415, "unsupported_media_type"),
        ("application/problem+json", "{}", 415, "unsupported_media_type"),
    ] {
        let answer = stack.function(function).by(person).body(content_type, body).send().await;
        answer.refused(status, code);
        assert_eq!(database_calls(stack, &answer).await, [""; 0], "{content_type} {body}");
    }
    let large = json!({"title": "x".repeat(65_536)});
    let answer = stack.function(function).by(person).json(&large).send().await;
    answer.refused(413, "too_large");
    assert_eq!(database_calls(stack, &answer).await, [""; 0], "too large");
}

#[tokio::test]
async fn an_edge_answers_browsers_of_allowed_origins_and_no_other_method() {
    let stack = Stack::running();
    for (function, its_own) in [
        ("get-openvidu-token", Method::POST),
        ("create-video-session", Method::POST),
        ("zoom-oauth-callback", Method::GET),
    ] {
        for (origin, allowed) in [("http://localhost:3000", true), ("https://evil.example", false)] {
            let answer = stack.function(function).method(Method::OPTIONS).header("origin", origin).send().await;
            assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{function}");
            assert_eq!(answer.header("access-control-allow-origin"), allowed.then_some(origin));
            assert_eq!(answer.header("access-control-allow-methods"), Some(its_own.as_str()));
            assert!(answer.header("access-control-allow-headers").unwrap().contains("idempotency-key"));
        }
        let other = if its_own == Method::POST { Method::GET } else { Method::POST };
        let answer = stack.function(function).method(other).header("origin", "http://localhost:1").send().await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:1"), "{function}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-request-id"), Some(answer.request_id.as_str()));
        assert_eq!(calls(&stack, &answer).await, [""; 0]);
    }
}
