use std::{rc::Rc, time::Duration};

use futures_util::future::{FutureExt as _, LocalBoxFuture};
use serde_json::json;
use shared::{
    clock::Clock, config::Config, context::Deployment, crypto::seal::SealKeys, providers::zoom::token_seal_context,
};

use super::*;

const SEAL_KEYS: &str = "k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

struct TestClock(DateTime<Utc>);

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed_local()
    }
}

/// A deployment whose Zoom and Supabase nobody answers for.
fn context() -> Context {
    let variables = [
        ("SUPABASE_URL", "http://127.0.0.1:9"),
        ("SUPABASE_ANON_KEY", "a"),
        ("SUPABASE_SECRET_KEY", "s"),
        ("ZOOM_CLIENT_ID", "id"),
        ("ZOOM_CLIENT_SECRET", "secret"),
        ("ZOOM_API_URL", "http://127.0.0.1:9"),
        ("SEAL_KEYS", SEAL_KEYS),
    ];
    let config =
        Config::read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
            .unwrap();
    let clock = TestClock("2026-05-01T09:00:00Z".parse().unwrap());
    Context::new(Rc::new(Deployment::new(config, Rc::new(clock))), "r".to_owned())
}

fn deletion() -> Effect {
    let host = Uuid::from_u128(7);
    let keys = SealKeys::parse(SEAL_KEYS).unwrap();
    // The native cipher never waits.
    let token = keys.seal(&token_seal_context(host), b"token").now_or_never().unwrap().unwrap();
    serde_json::from_value(json!({
        "id": host, "lease_id": host, "kind": "zoom.delete_meeting", "payload": {"meeting_id": "1"}, "age_seconds": 0,
        "zoom": {
            "user_id": host, "status": "connected", "access_token": token, "refresh_token": token,
            "refresh_lease": null, "refresh_busy": false,
        },
    }))
    .unwrap()
}

/// What becomes of an effect that is reached so many seconds after its delivery began.
async fn reached_after(seconds: i64) -> String {
    let context = context();
    let lease = Lease::since(context.clock().now() - TimeDelta::seconds(seconds));
    perform(&context, deletion(), lease).await.unwrap_err().to_string()
}

#[tokio::test]
async fn an_effect_is_not_started_late_in_its_lease() {
    assert_eq!(reached_after(24).await, "provider_failed", "it asked Zoom");
    assert_eq!(reached_after(26).await, "out_of_time");
}

#[tokio::test]
async fn a_claim_is_not_searched_for_when_its_lease_is_about_to_end() {
    let context = context();
    let begun = context.clock().now() - TimeDelta::seconds(41);
    let lease = Lease { start_until: context.clock().now(), ..Lease::since(begun) };
    let payload = json!({"topic": "Knee", "scheduled_start": "2026-06-01T09:00:00Z", "passcode": "p"});
    let claim = Effect { kind: "zoom.settle_claim".to_owned(), payload, ..deletion() };
    let undone = perform(&context, claim, lease).await.unwrap_err();
    assert_eq!(undone.to_string(), "provider_timed_out", "Zoom was not asked, which would have failed");
}

fn of_kind(kind: &str, payload: serde_json::Value) -> Effect {
    Effect { kind: kind.to_owned(), payload, ..deletion() }
}

#[tokio::test]
async fn ending_and_changing_a_meeting_are_asked_of_zoom() {
    let context = context();
    let lease = Lease::since(context.clock().now());
    let meeting = json!({
        "meeting_id": "1", "topic": "Knee", "scheduled_start": "2026-06-01T09:00:00+00:00", "duration_minutes": 50,
        "timezone": "UTC",
    });
    for effect in [
        of_kind("zoom.end_meeting", json!({"meeting_id": "1"})),
        of_kind("zoom.sync_meeting", json!({"session_id": Uuid::from_u128(8), "meeting": meeting})),
    ] {
        let undone = perform(&context, effect, lease).await.unwrap_err();
        assert_eq!(undone.to_string(), "provider_failed", "Zoom was asked, and is not there");
    }
}

#[tokio::test]
async fn a_session_that_has_no_meeting_any_more_needs_nothing_of_zoom() {
    let context = context();
    let lease = Lease::since(context.clock().now());
    let gone = of_kind("zoom.sync_meeting", json!({"session_id": Uuid::from_u128(8), "meeting": null}));
    assert!(perform(&context, gone, lease).await.is_ok());
}

#[tokio::test]
async fn what_this_version_does_not_understand_is_left_for_another() {
    let context = context();
    let lease = Lease::since(context.clock().now());
    let unknown = of_kind("zoom.invented", json!({}));
    assert!(matches!(perform(&context, unknown, lease).await, Err(Undone::UnknownKind)));
    for kind in ["zoom.settle_claim", "zoom.delete_meeting", "zoom.end_meeting", "zoom.sync_meeting"] {
        let unreadable = of_kind(kind, json!({"meeting": {"meeting_id": 1}}));
        assert!(matches!(perform(&context, unreadable, lease).await, Err(Undone::UnreadablePayload)), "{kind}");
    }
}
