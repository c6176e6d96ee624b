//! What somebody else tells.

use chrono::Utc;
use convene_tests::harness::Stack;
use convene_tests::simulators::rooms::livekit_signature;
use convene_tests::tokens::{claims, hs256};
use http::Method;
use serde_json::{Value, json};

use super::{Meeting, has_livekit};
use crate::calls;

#[tokio::test]
async fn a_forged_event_is_refused_and_nothing_is_called() {
    let (meeting, _) = Meeting::under_way().await;
    let stack = &meeting.stack;
    let body = meeting.finished_at(Utc::now()).to_string();
    let honest = || stack.room_webhook(body.clone());
    let mut forged = vec![honest().without("authorization"), honest().header("authorization", ""), honest().token("x")];
    if has_livekit(stack) {
        let (key, secret) = (stack.variable("LIVEKIT_API_KEY"), stack.variable("LIVEKIT_API_SECRET"));
        let now = Utc::now().timestamp();
        let said = claims(&livekit_signature(key, secret, body.as_bytes()));
        let signed = |changes: Value, header: Value, secret: &str| {
            let mut claims = said.clone();
            for (name, value) in changes.as_object().unwrap() {
                claims[name] = value.clone();
            }
            claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            honest().header("authorization", &hs256(&header, &claims, secret.as_bytes()))
        };
        let hs = || json!({"alg": "HS256", "typ": "JWT"});
        forged.extend([
            signed(json!({}), hs(), "another secret of more than thirty-two bytes"),
            signed(json!({}), json!({"alg": "none"}), secret),
            signed(json!({}), json!({"alg": "HS512"}), secret),
            signed(json!({"iss": "another key"}), hs(), secret),
            signed(json!({"iss": null}), hs(), secret),
            signed(json!({"exp": now - 600}), hs(), secret),
            signed(json!({"exp": null}), hs(), secret),
            signed(json!({"nbf": now + 600}), hs(), secret),
            signed(json!({"sha256": null}), hs(), secret),
            signed(json!({"sha256": ""}), hs(), secret),
            signed(json!({"sha256": "AAAA"}), hs(), secret),
            honest().body("application/webhook+json", body.replace("room_finished", "room_started")),
            honest().body("application/webhook+json", format!("{body} ")),
        ]);
    } else {
        let secret = stack.variable("OPENVIDU_WEBHOOK_SECRET");
        forged.extend([
            honest().header("authorization", secret),
            honest().header("authorization", &format!("Basic {secret}")),
            honest().token(&secret[1..]),
            honest().token(&format!("{secret}x")),
            honest().token(stack.variable("OPENVIDU_SECRET")),
            honest().by(&meeting.operator),
        ]);
    }
    for request in forged {
        let answer = request.send().await;
        answer.refused(401, "unauthenticated");
        assert!(calls(stack, &answer).await.is_empty());
    }
    assert_eq!(meeting.status().await, "in_progress");
    honest().send().await.expect(200);
    assert_eq!(meeting.status().await, "completed");
}

#[tokio::test]
async fn what_is_no_event_is_refused_and_nothing_is_called() {
    let stack = Stack::running();
    for body in ["", "nonsense", "[]", "7", "{}", "{\"event\":7}"] {
        let answer = stack.room_webhook(body).send().await;
        assert!((200..500).contains(&answer.status) && answer.status != 401, "{body}: {answer:?}");
        assert!(calls(&stack, &answer).await.is_empty(), "{body}");
    }
    stack
        .room_webhook("{}")
        .method(Method::GET)
        .body("application/json", "")
        .send()
        .await
        .refused(405, "method_not_allowed");
}
