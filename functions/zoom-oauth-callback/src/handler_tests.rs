use std::rc::Rc;

use chrono::TimeDelta;
use shared::{
    http::Note,
    testing::{self, TestClock, Upstream},
};
use url::Url;
use uuid::Uuid;

use super::*;

const USER: Uuid = Uuid::from_u128(7);
const APP: &str = "cotrainr://video/zoom-connected";
const PAGE: &str = "https://app.example/x?a=1#top";
const TOKEN: (&str, &str) = ("POST /oauth/token", GRANTED);
const GRANTED: &str = r#"200 {"access_token":"new-access","refresh_token":"new-refresh","expires_in":3599,
     "token_type":"bearer","scope":"meeting:write meeting:read user:read"}"#;
const ME: (&str, &str) = ("GET /v2/users/me", r#"200 {"id":"zoom-user","account_id":"a","email":"x@example.com"}"#);
const STORED: (&str, &str) = ("POST connect_zoom", r#"200 {"outcome":"connected"}"#);
const REVOKED: (&str, &str) = ("POST /oauth/revoke", r#"200 {"status":"success"}"#);

/// Zoom and Supabase in one: answers each call as its script says, with a status and a body.
struct World {
    context: Context,
    clock: Rc<TestClock>,
    upstream: Upstream,
}

impl World {
    fn new(script: &[(&'static str, &'static str)]) -> Self {
        let script = script.to_vec();
        let upstream = Upstream::start(move |asked| {
            let answer = script.iter().find(|(call, _)| asked.call == *call);
            let (status, body) = answer.map_or(("404", ""), |(_, answer)| answer.split_at(3));
            (status.parse().unwrap(), body.to_owned())
        });
        let (zoom_api, zoom_oauth) = (format!("{}/v2", upstream.url), format!("{}/oauth", upstream.url));
        let variables = [
            ("SUPABASE_URL", upstream.url.as_str()),
            ("ZOOM_CLIENT_ID", "id"),
            ("ZOOM_CLIENT_SECRET", "secret"),
            ("ZOOM_API_URL", &zoom_api),
            ("ZOOM_OAUTH_URL", &zoom_oauth),
            ("SEAL_KEYS", "k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            ("RETURN_TARGETS", "cotrainr://video/zoom-connected,https://app.example"),
        ];
        let clock = TestClock::at("2026-05-01T09:00:00Z");
        let context = testing::context(&clock, &variables);
        Self { context, clock, upstream }
    }

    /// The state of a flow that begins now and ends at `target`.
    async fn begin(&self, target: &str) -> String {
        let target = self.context.config().return_targets().unwrap().find(target).unwrap();
        let url = ZoomApp::new(&self.context).unwrap().begin(USER, &target).await.unwrap();
        let url = Url::parse(&url).unwrap();
        let (_, state) = url.query_pairs().find(|(name, _)| name == "state").unwrap();
        state.into_owned()
    }

    /// The callback's location and what the log says of it.
    async fn call(&mut self, query: &str) -> (String, Option<Note>) {
        query.clone_into(&mut self.context.query);
        let response = handle(&self.context, testing::request(&[], "")).await.unwrap();
        assert_eq!(response.status(), StatusCode::FOUND);
        assert!(response.body().is_empty());
        assert_eq!(response.headers()[REFERRER_POLICY], "no-referrer");
        let location = response.headers()[LOCATION].to_str().unwrap().to_owned();
        (location, self.context.note.take())
    }
}

#[tokio::test]
async fn an_approved_flow_is_stored_sealed_with_two_calls_to_zoom_and_one_to_the_database() {
    let mut world = World::new(&[TOKEN, ME, STORED]);
    let state = world.begin(PAGE).await;
    let (location, note) = world.call(&format!("code=the%20code&state={state}")).await;
    assert_eq!((location.as_str(), note), ("https://app.example/x?a=1&status=connected#top", None));
    assert_eq!(world.upstream.calls(), [TOKEN.0, ME.0, STORED.0]);
    assert_eq!(world.context.caller_id.get(), Some(USER));

    let asked = world.upstream.asked();
    assert_eq!(asked[0].header("authorization"), Some("Basic aWQ6c2VjcmV0"));
    let verifier = ZoomApp::new(&world.context).unwrap().resume(&state).await.unwrap().verifier;
    let base = &world.context.config().supabase_url;
    let callback = form(&format!("{base}/functions/v1/zoom-oauth-callback"));
    let expected =
        format!("grant_type=authorization_code&code=the+code&redirect_uri={callback}&code_verifier={verifier}");
    assert_eq!(asked[0].body, expected);
    assert_eq!(asked[1].header("authorization"), Some("Bearer new-access"));
    let stored = &asked[2].body;
    assert!(!stored.contains("new-access") && !stored.contains("new-refresh"), "{stored}");
    for argument in [r#""zoom_user_id":"zoom-user""#, r#""expires_at":"2026-05-01T09:59:59Z""#, &USER.to_string()] {
        assert!(stored.contains(argument), "{argument}: {stored}");
    }
}

fn form(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

#[tokio::test]
async fn what_comes_without_a_valid_state_goes_to_the_default_target_and_calls_nobody() {
    let mut world = World::new(&[TOKEN, ME, STORED]);
    let state = world.begin(PAGE).await;
    for (query, reason) in [
        (String::new(), "state_missing"),
        ("code=c".to_owned(), "state_missing"),
        ("error=access_denied".to_owned(), "state_missing"),
        ("code=c&state=x".to_owned(), "state_invalid"),
        (format!("code=c&state={}", &state[..state.len() - 3]), "state_invalid"),
        (format!("code=c&state={state}&state={state}"), "state_invalid"),
    ] {
        let (location, note) = world.call(&query).await;
        assert_eq!(location, format!("{APP}?status=error&reason={reason}"));
        assert_eq!(note, Some(Note { code: reason, cause: None, is_fault: false }));
    }
    assert_eq!(world.upstream.calls(), [""; 0]);
    assert_eq!(world.context.caller_id.get(), None);
}

#[tokio::test]
async fn a_refusal_or_a_late_return_goes_back_where_the_flow_began_and_calls_nobody() {
    let mut world = World::new(&[TOKEN, ME, STORED]);
    let state = world.begin(PAGE).await;
    let target = |reason: &str| format!("https://app.example/x?a=1&status=error&reason={reason}#top");
    for (query, reason) in
        [("error=access_denied&code=c", "access_denied"), ("error=server_error", "zoom_failed"), ("", "code_refused")]
    {
        assert_eq!(world.call(&format!("{query}&state={state}")).await.0, target(reason));
    }
    world.clock.advance(TimeDelta::minutes(10));
    assert_eq!(world.call(&format!("code=c&state={state}")).await.0, target("state_expired"));
    assert_eq!(world.upstream.calls(), [""; 0]);
}

#[tokio::test]
async fn every_failure_on_the_way_has_its_reason_and_gives_back_what_was_granted() {
    let token = |answer| [(TOKEN.0, answer), ME, STORED, REVOKED];
    let me = |answer| [TOKEN, (ME.0, answer), STORED, REVOKED];
    let stored = |answer| [TOKEN, ME, (STORED.0, answer), REVOKED];
    let little = r#"200 {"access_token":"a","refresh_token":"r","expires_in":3599,"scope":"meeting:write user:read"}"#;
    for (script, reason, calls) in [
        (token(r#"400 {"reason":"Invalid code","error":"invalid_grant"}"#), "code_refused", &[TOKEN.0][..]),
        (token(r#"400 {"reason":"Invalid authorization code","error":"invalid_request"}"#), "code_refused", &[TOKEN.0]),
        (token(r#"401 {"reason":"x","error":"invalid_client"}"#), "zoom_failed", &[TOKEN.0]),
        (token("429 <error/>"), "zoom_failed", &[TOKEN.0]),
        (token("500 "), "zoom_failed", &[TOKEN.0]),
        (token("200 {}"), "zoom_failed", &[TOKEN.0]),
        (token(little), "scope_missing", &[TOKEN.0, REVOKED.0]),
        (me(r#"400 {"code":4711}"#), "scope_missing", &[TOKEN.0, ME.0, REVOKED.0]),
        (me(r#"401 {"code":124}"#), "zoom_failed", &[TOKEN.0, ME.0, REVOKED.0]),
        (me("503 "), "zoom_failed", &[TOKEN.0, ME.0, REVOKED.0]),
        (me("200 {}"), "zoom_failed", &[TOKEN.0, ME.0, REVOKED.0]),
        (stored(r#"200 {"outcome":"state_used"}"#), "state_used", &[TOKEN.0, ME.0, STORED.0, REVOKED.0]),
        (stored(r#"200 {"outcome":"user_gone"}"#), "state_invalid", &[TOKEN.0, ME.0, STORED.0, REVOKED.0]),
        (stored("503 "), "unavailable", &[TOKEN.0, ME.0, STORED.0, REVOKED.0]),
        (stored(r#"404 {"code":"PGRST202"}"#), "internal", &[TOKEN.0, ME.0, STORED.0, REVOKED.0]),
        (stored("200 {}"), "internal", &[TOKEN.0, ME.0, STORED.0, REVOKED.0]),
    ] {
        let mut world = World::new(&script);
        let state = world.begin(APP).await;
        let (location, note) = world.call(&format!("code=secret-code&state={state}")).await;
        assert_eq!(location, format!("{APP}?status=error&reason={reason}"));
        assert_eq!(world.upstream.calls(), calls, "{reason}");
        let note = format!("{:?}", note.unwrap());
        for secret in ["secret-code", "new-access", "new-refresh", &state] {
            assert!(!note.contains(secret), "{note}");
        }
    }
}

#[tokio::test]
async fn a_grant_that_cannot_be_given_back_changes_nothing_for_the_browser() {
    let mut world = World::new(&[TOKEN, ME, ("POST connect_zoom", "503 "), ("POST /oauth/revoke", "500 ")]);
    let state = world.begin(APP).await;
    let (location, _) = world.call(&format!("code=c&state={state}")).await;
    assert_eq!(location, format!("{APP}?status=error&reason=unavailable"));
}
