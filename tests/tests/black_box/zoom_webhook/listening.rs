//! Who is listened to, and what is made of nonsense.

use super::*;

fn validation() -> String {
    json!({"payload": {"plainToken": "xys8n8PGS7mAU0m5-YJjRA"}, "event_ts": 1_720_705_455_858_i64, "event": "endpoint.url_validation"})
        .to_string()
}

async fn assert_refused(stack: &Stack, request: Request, what: &str) {
    let answer = request.send().await;
    assert_eq!(answer.status, 401, "{what}: {answer:?}");
    answer.refused(401, "unauthenticated");
    assert!(calls(stack, &answer).await.is_empty(), "{what}");
}

#[tokio::test]
async fn the_url_is_validated_without_a_database() {
    let stack = Stack::running();
    let answer = stack.webhook(validation()).send().await;
    let body = answer.expect(200);
    assert_eq!(body["plainToken"], "xys8n8PGS7mAU0m5-YJjRA");
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    let encrypted =
        convene_tests::tokens::hmac_sha256_hex(stack.variable("ZOOM_WEBHOOK_SECRET"), b"xys8n8PGS7mAU0m5-YJjRA");
    assert_eq!(body["encryptedToken"], json!(encrypted));
    assert!(calls(&stack, &answer).await.is_empty());
}

#[tokio::test]
async fn only_zoom_is_listened_to() {
    let meeting = Meeting::due().await;
    let stack = &meeting.stack;
    let body = meeting.event("meeting.started", &json!({})).to_string();
    let now = Utc::now().timestamp();
    let secret = stack.variable("ZOOM_WEBHOOK_SECRET");
    let good = signature(secret, &now.to_string(), body.as_bytes());
    let signed = |signature: &str| {
        let request = stack.unsigned_webhook(body.clone()).header("x-zm-request-timestamp", &now.to_string());
        request.header("x-zm-signature", signature)
    };
    let hex = good.strip_prefix("v0=").unwrap();
    for (request, what) in [
        (stack.unsigned_webhook(body.clone()), "no headers"),
        (signed(&good).without("x-zm-signature"), "no signature"),
        (signed(&good).without("x-zm-request-timestamp"), "no timestamp"),
        (signed(""), "an empty signature"),
        (signed("v0="), "an empty hash"),
        (signed(hex), "no version"),
        (signed(&format!("v1={hex}")), "another version"),
        (signed(&good[..good.len() - 2]), "a short one"),
        (signed(&format!("{good}00")), "a long one"),
        (signed(&format!("{good} ")).header("x-zm-signature", &format!("v0=zz{}", &hex[2..])), "no hex"),
        (signed(&signature("another secret", &now.to_string(), body.as_bytes())), "another secret"),
        (signed(&signature("", &now.to_string(), body.as_bytes())), "no secret"),
        (signed(&signature(secret, &(now + 1).to_string(), body.as_bytes())), "another timestamp"),
        (signed(&signature(secret, &now.to_string(), format!("{body} ").as_bytes())), "another body"),
        (stack.webhook(body.clone()).body("application/json", format!("{body}\n")), "one byte more"),
        (stack.webhook(validation()).header("x-zm-signature", "v0=00"), "a validation of a stranger"),
    ] {
        assert_refused(stack, request, what).await;
    }
    assert_eq!(meeting.status().await, "scheduled");
}

#[tokio::test]
async fn what_is_old_or_of_the_future_is_not_listened_to() {
    let meeting = Meeting::due().await;
    let body = meeting.event("meeting.started", &json!({})).to_string();
    let now = Utc::now().timestamp();
    for timestamp in [
        (now - 600).to_string(),
        (now + 600).to_string(),
        (now * 1000).to_string(),
        "1720705455".to_owned(),
        "0".to_owned(),
        "-1".to_owned(),
        String::new(),
        "now".to_owned(),
        format!("{now}.5"),
        format!("+{now}"),
        "9223372036854775807".to_owned(),
        "-9223372036854775808".to_owned(),
        "99999999999999999999999".to_owned(),
    ] {
        assert_refused(&meeting.stack, meeting.stack.webhook_at(&timestamp, body.clone()), &timestamp).await;
    }
    assert_eq!(meeting.status().await, "scheduled");
    for seconds in [-240, 240] {
        let answer = meeting.stack.webhook_at(&(now + seconds).to_string(), body.clone()).send().await;
        answer.expect(200);
    }
    assert_eq!(meeting.status().await, "live");
}

#[tokio::test]
async fn an_unknown_event_is_received_and_nothing_is_asked() {
    let stack = Stack::running();
    for event in ["recording.completed", "meeting.sharing_started", "user.created", "x", ""] {
        let body = json!({"event": event, "event_ts": 1, "payload": {"object": {"id": 5}}});
        let answer = stack.webhook(body.to_string()).send().await;
        answer.expect(200);
        assert!(calls(&stack, &answer).await.is_empty(), "{event}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_nothing_is_asked() {
    let meeting = Meeting::due().await;
    let now = Utc::now().timestamp_millis();
    let started = |object: Value| {
        json!({"event": "meeting.started", "event_ts": now, "payload": {"account_id": "a", "object": object}})
            .to_string()
    };
    let joined = |participant: Value| {
        let object = json!({"id": meeting.id, "participant": participant});
        json!({"event": "meeting.participant_joined", "event_ts": now, "payload": {"object": object}}).to_string()
    };
    for body in [
        String::new(),
        "{".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "5".to_owned(),
        "{}".to_owned(),
        json!({"event": 5}).to_string(),
        json!({"event": "meeting.started"}).to_string(),
        json!({"event": "meeting.started", "event_ts": now}).to_string(),
        json!({"event": "meeting.started", "payload": {"object": {"id": meeting.id}}}).to_string(),
        json!({"event": "meeting.started", "event_ts": "soon", "payload": {"object": {"id": meeting.id}}}).to_string(),
        json!({"event": "meeting.started", "event_ts": i64::MAX, "payload": {"object": {"id": meeting.id}}})
            .to_string(),
        json!({"event": "endpoint.url_validation", "payload": {}}).to_string(),
        json!({"event": "app_deauthorized", "event_ts": now, "payload": {}}).to_string(),
        started(json!({})),
        started(json!({"id": null})),
        started(json!({"id": ["x"]})),
        started(json!({"id": 1.5})),
        started(json!(null)),
        joined(json!(null)),
        joined(json!({})),
        joined(json!({"user_name": "Ada", "join_time": "yesterday", "user_id": "1"})),
        "[".repeat(30_000),
        format!("{{\"event\":\"meeting.started\",\"x\":{}1{}}}", "[".repeat(20_000), "]".repeat(20_000)),
    ] {
        let shown: String = body.chars().take(120).collect();
        let answer = meeting.stack.webhook(body).send().await;
        assert!((400..500).contains(&answer.status) && answer.status != 401, "{shown}: {answer:?}");
        assert!(calls(&meeting.stack, &answer).await.is_empty(), "{shown}");
    }
    let not_text = meeting.stack.webhook(vec![0xff, 0xfe, 0x00]).send().await;
    assert!((400..500).contains(&not_text.status), "{not_text:?}");
    assert_eq!(meeting.status().await, "scheduled");
}

#[tokio::test]
async fn a_huge_body_is_413_whoever_signed_it() {
    let stack = Stack::running();
    let body = json!({"event": "meeting.started", "x": "y".repeat(200_000)}).to_string();
    for request in [stack.webhook(body.clone()), stack.unsigned_webhook(body)] {
        let answer = request.send().await;
        answer.refused(413, "too_large");
        assert!(calls(&stack, &answer).await.is_empty());
    }
}

#[tokio::test]
async fn strange_texts_stay_texts() {
    let meeting = Meeting::due().await;
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    for (name, key) in
        [("'; drop table x; --", "k1"), ("a\u{0}b", "k2"), ("\u{202e}\u{1f600}", "k3"), (&"n".repeat(5_000), "k4")]
    {
        let object = json!({"participant": {"participant_uuid": key, "user_name": name, "join_time": now}});
        let body = meeting.event("meeting.participant_joined", &object).to_string();
        let answer = meeting.stack.webhook(body).send().await;
        assert!(answer.status < 500, "{key}: {answer:?}");
    }
    assert!(meeting.attendance().await.len() >= 3);
}

#[tokio::test]
async fn a_database_that_is_away_makes_zoom_ask_again() {
    let meeting = Meeting::due().await;
    let request = meeting.stack.webhook(meeting.event("meeting.started", &json!({})).to_string());
    meeting.stack.supabase_fault(request.request_id(), "record_zoom_event", SupabaseFault::DropRequest, 1).await;
    request.clone().send().await.refused(503, "unavailable");
    assert_eq!(meeting.status().await, "scheduled");
    request.send().await.expect(200);
    assert_eq!(meeting.status().await, "live");
}

#[tokio::test]
async fn only_a_post_is_a_webhook() {
    let stack = Stack::running();
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = stack.webhook(validation()).method(method).send().await;
        answer.refused(405, "method_not_allowed");
    }
}
