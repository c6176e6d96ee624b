use serde_json::{Value, json};

use super::*;
use crate::testing::{TestClock, Upstream, context};

const NOW: &str = "2026-05-01T12:00:00Z";

fn deployed(at: &Upstream, publishable_key: &str) -> Context {
    let variables = [
        ("SUPABASE_URL", at.url.as_str()),
        ("SUPABASE_PUBLISHABLE_KEY", publishable_key),
        ("SUPABASE_SECRET_KEY", "sb_secret_1"),
    ];
    context(&TestClock::at(NOW), &variables)
}

#[tokio::test]
async fn a_guest_s_call_has_the_publishable_key_and_a_bearer_only_where_that_is_a_jwt() {
    for (key, bearer) in [("sb_publishable_1", None), ("eyJ.anon.key", Some("Bearer eyJ.anon.key"))] {
        let database = Upstream::in_turn(&[(200, json!({"seat": 12}))]);
        let context = deployed(&database, key);
        let answer: Value = rpc_as_guest(&context, "take_seat", &json!({"session": "s"})).await.unwrap();
        assert_eq!(answer, json!({"seat": 12}));
        assert_eq!(database.calls(), ["POST take_seat"]);
        let asked = &database.asked()[0];
        assert_eq!(asked.json(), json!({"session": "s"}));
        assert_eq!(asked.header("apikey"), Some(key));
        assert_eq!(asked.header("authorization"), bearer);
        assert_eq!(asked.header("x-request-id"), Some("r"));
        assert!(!asked.head.contains("sb_secret"), "{asked:?}");
    }
}

#[tokio::test]
async fn a_guest_is_told_the_database_s_refusal() {
    let database = Upstream::in_turn(&[(404, json!({"code": "session_not_found", "message": "No session."}))]);
    let context = deployed(&database, "sb_publishable_1");
    let refused = rpc_as_guest::<Value>(&context, "join", &json!({})).await.unwrap_err();
    assert_eq!((refused.status().as_u16(), refused.code()), (404, "session_not_found"));
    assert_eq!(database.calls(), ["POST join"]);
}

#[tokio::test]
async fn a_caller_is_told_what_is_refused_them_and_not_what_is_refused_the_service() {
    for (status, answer, for_caller) in [
        (403, json!({"code": "not_a_host", "message": "No."}), (403, "not_a_host")),
        (403, json!({"code": "42501", "message": "permission denied"}), (500, "internal")),
        (401, json!({"code": "PGRST301", "message": "no key"}), (500, "internal")),
        (400, json!({"code": "22P02", "message": "no date"}), (500, "internal")),
        (503, Value::Null, (503, "unavailable")),
    ] {
        let database = Upstream::in_turn(&[(status, answer.clone()), (status, answer)]);
        let context = deployed(&database, "sb_publishable_1");
        let refused = rpc_for_caller::<Value>(&context, "create", &json!({})).await.unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), for_caller);

        let refused = rpc_as_service::<Value>(&context, "create", &json!({})).await.unwrap_err();
        let expected = if status == 503 { for_caller } else { (500, "internal") };
        assert_eq!((refused.status().as_u16(), refused.code()), expected);

        assert_eq!(database.calls(), ["POST create", "POST create"]);
        assert!(database.asked().iter().all(|asked| asked.header("apikey") == Some("sb_secret_1")));
    }
}
