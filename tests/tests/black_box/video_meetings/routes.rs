//! What the function serves below its address, and what it does not.

use convene_tests::harness::Stack;
use http::Method;
use serde_json::json;

use crate::calls;

const SOME_ID: &str = "MID-0123456789ABCDEF";

#[tokio::test]
async fn nothing_is_served_at_an_unknown_path() {
    let stack = Stack::running();
    let person = stack.person("tutor").await;
    for path in ["", "/", "/meeting", "/meetings/x/y", &format!("/meetings/{SOME_ID}/start"), "/meetings/a/join/b"] {
        for method in [Method::GET, Method::POST] {
            let request = stack.function(&format!("video-meetings{path}")).method(method).json(&json!({}));
            for request in [request.clone(), request.by(&person)] {
                let answer = request.send().await;
                answer.refused(404, "not_found");
                assert!(calls(&stack, &answer).await.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn a_route_has_one_method() {
    let stack = Stack::running();
    for (path, other) in
        [("/meetings".to_owned(), Method::GET), (format!("/meetings/{SOME_ID}/participants"), Method::POST)]
    {
        for method in [other, Method::DELETE, Method::PUT, Method::PATCH] {
            let answer = stack.function(&format!("video-meetings{path}")).method(method).send().await;
            answer.refused(405, "method_not_allowed");
            assert!(calls(&stack, &answer).await.is_empty());
        }
    }
}

#[tokio::test]
async fn what_is_no_id_is_not_found_and_nothing_is_called() {
    let stack = Stack::running();
    let person = stack.person("tutor").await;
    for id in
        ["MID-1", "mid-0123456789abcdef", "MID-0123456789ABCDE%46", "MID-0123456789ABCDEFG", "'%3B--", "%00", "42"]
    {
        for (method, below) in [
            (Method::GET, ""),
            (Method::GET, "/participants"),
            (Method::POST, "/join"),
            (Method::POST, "/leave"),
            (Method::POST, "/mute"),
            (Method::POST, "/remove"),
            (Method::POST, "/readmit"),
            (Method::POST, "/end"),
        ] {
            let body = json!({"userType": "guest", "passcode": "123456", "isMuted": true});
            let request = stack.function(&format!("video-meetings/meetings/{id}{below}")).method(method).json(&body);
            let answer = request.by(&person).send().await;
            answer.refused(404, "meeting_not_found");
            assert!(calls(&stack, &answer).await.is_empty(), "{id}{below}");
        }
    }
}

#[tokio::test]
async fn a_browser_may_read_and_send_a_passcode() {
    let stack = Stack::running();
    let answer = stack
        .function(&format!("video-meetings/meetings/{SOME_ID}"))
        .method(Method::OPTIONS)
        .header("origin", "http://localhost:3000")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "x-meeting-passcode")
        .send()
        .await;
    assert_eq!(answer.status, 204);
    assert!(answer.header("access-control-allow-methods").unwrap().contains("GET"));
    assert!(answer.header("access-control-allow-headers").unwrap().contains("x-meeting-passcode"));
}
