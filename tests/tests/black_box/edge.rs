//! What every function's edge does, whatever the function is.

use convene_tests::harness::Stack;
use http::Method;
use serde_json::json;

use crate::{calls, linked_session};

#[tokio::test]
async fn a_preflight_is_answered_for_local_origins_without_a_token() {
    let stack = Stack::running();
    for (origin, allowed) in [("http://localhost:3000", true), ("https://evil.example", false)] {
        let answer = stack
            .function("create-video-session")
            .method(Method::OPTIONS)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .send()
            .await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), allowed.then_some(origin));
        let headers = answer.header("access-control-allow-headers").unwrap();
        for header in ["authorization", "x-client-info", "apikey", "content-type", "idempotency-key"] {
            assert!(headers.contains(header), "{header}");
        }
    }
}

#[tokio::test]
async fn an_error_can_be_read_by_the_app_that_caused_it() {
    let stack = Stack::running();
    let answer = stack
        .function("create-video-session")
        .header("origin", "http://localhost:3000")
        .json(&linked_session())
        .send()
        .await;
    answer.refused(401, "unauthenticated");
    assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:3000"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("vary"), Some("Origin"));
}

#[tokio::test]
async fn another_method_is_405_before_anything_else() {
    let stack = Stack::running();
    for (function, its_own) in [
        ("create-video-session", Method::POST),
        ("update-video-session", Method::POST),
        ("send-session-invite", Method::POST),
        ("zoom-oauth-start", Method::POST),
        ("zoom-oauth-callback", Method::GET),
        ("zoom-disconnect", Method::POST),
        ("virtual-sessions", Method::POST),
        ("zoom-webhook", Method::POST),
        ("deliver-outbox", Method::POST),
        ("instant-sessions", Method::POST),
    ] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            if method == its_own {
                continue;
            }
            let answer = stack.function(function).method(method).send().await;
            answer.refused(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some(its_own.as_str()));
            assert!(calls(&stack, &answer).await.is_empty());
        }
    }
}

/// A function without routes answers below its address as it does at it.
#[tokio::test]
async fn a_path_below_a_function_reaches_that_function() {
    let stack = Stack::running();
    for below in
        ["/", "/meetings/MID-1/join?code=x", "/zoom-oauth-callback", "/functions/v1/zoom-oauth-callback", "/a%2Fb"]
    {
        let request = || stack.function(&format!("create-video-session{below}"));
        request().json(&linked_session()).send().await.refused(401, "unauthenticated");
        request().method(Method::GET).send().await.refused(405, "method_not_allowed");
        assert_eq!(request().method(Method::OPTIONS).send().await.status, 204, "{below}");
    }
}

#[tokio::test]
async fn a_request_id_is_kept_when_it_is_harmless_and_replaced_when_not() {
    let stack = Stack::running();
    let send = async |id: &str| {
        let answer = stack.function("create-video-session").header("x-request-id", id).json(&json!({})).send().await;
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(send("abc-123").await, "abc-123");
    assert_ne!(send("abc 123").await, "abc 123");
    assert_eq!(send(&"a".repeat(65)).await.len(), 36);
}
