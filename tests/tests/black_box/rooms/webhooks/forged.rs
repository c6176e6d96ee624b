//! What somebody else tells.

use chrono::Utc;
use convene_tests::harness::Stack;
use convene_tests::simulators::rooms::livekit_signature;
use convene_tests::tokens::{claims, hs256};
use http::Method;
use serde_json::json;

use super::{Meeting, has_livekit};
use crate::calls;

#[tokio::test]
async fn a_forged_event_is_refused_and_nothing_is_called() {
    let (meeting, _) = Meeting::under_way().await;
    let stack = &meeting.stack;
    let body = meeting.finished_at(Utc::now()).to_string();
    let honest = || stack.room_webhook(body.clone());
    let mut forged = vec![honest().without("authorization")];
    if has_livekit(stack) {
        let (key, secret) = (stack.variable("LIVEKIT_API_KEY"), stack.variable("LIVEKIT_API_SECRET"));
        let said = claims(&livekit_signature(key, secret, body.as_bytes()));
        let signed = hs256(&json!({"alg": "none"}), &said, secret.as_bytes());
        let (unsigned, _) = signed.rsplit_once('.').unwrap();
        let otherwise = livekit_signature(key, "another secret of more than thirty-two bytes", body.as_bytes());
        forged.extend([
            honest().header("authorization", &otherwise),
            honest().header("authorization", &format!("{unsigned}.")),
            honest().body("application/webhook+json", body.replace("room_finished", "room_started")),
        ]);
    } else {
        forged.push(honest().token(stack.variable("OPENVIDU_SECRET")));
    }
    for request in forged {
        let answer = request.send().await;
        answer.refused(401, "unauthenticated");
        assert!(calls(stack, &answer).await.is_empty());
    }
    meeting.nobody_comes().await;
    assert_eq!(meeting.status().await, "in_progress");
    honest().send().await.expect(200);
    meeting.nobody_comes().await;
    assert_eq!(meeting.status().await, "completed");
}

#[tokio::test]
async fn what_is_no_event_is_refused_and_nothing_is_called() {
    let stack = Stack::running();
    for (body, status) in [("", 400), ("nonsense", 400), ("[]", 422), ("7", 422), ("{}", 422), (r#"{"event":7}"#, 422)]
    {
        let answer = stack.room_webhook(body).send().await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
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
