//! Connecting Zoom: the way there and back, every way to fail, and what an attacker might try with either end.

mod failing;

use convene_tests::harness::{Answer, Consent, Landing, Operation, Person, Stack, SupabaseFault, ZoomFault, ZoomUser};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{calls, create, is_hidden_by_runtime, operations, session};

const DEFAULT_TARGET: &str = "cotrainr://video/zoom-connected";
const GRANULAR_SCOPES: &str = "meeting:write:meeting meeting:update:meeting meeting:delete:meeting meeting:read:meeting \
    meeting:read:list_meetings meeting:update:status user:read:user";
const CLASSIC_SCOPES: &str = "meeting:write meeting:read user:read";

/// Someone who pressed Connect.
struct Flow {
    stack: Stack,
    host: Person,
    url: String,
}

impl Flow {
    async fn begin() -> Self {
        Self::begin_with(json!({})).await
    }

    async fn begin_with(body: Value) -> Self {
        let stack = Stack::running();
        let host = stack.trainer().await;
        let url = stack.start_zoom_connect(&host, &body).await;
        Self { stack, host, url }
    }

    async fn approve(&self) -> Consent {
        self.stack.approve_zoom(&self.url, json!({})).await
    }

    async fn come_back(&self, location: &str) -> Answer {
        let answer = self.stack.callback(location).send().await;
        assert_no_secret(&answer, location);
        answer
    }

    /// Approves, has the calls go wrong, and comes back.
    async fn come_back_with(&self, faults: Vec<(Operation, ZoomFault)>) -> (Answer, ZoomUser) {
        let consent = self.approve().await;
        let zoom = self.stack.zoom_user(consent.zoom_user_id.as_deref().unwrap()).await;
        for (operation, fault) in faults {
            self.stack.zoom_fault(&zoom, operation, fault, 1).await;
        }
        (self.come_back(&consent.location).await, zoom)
    }

    async fn made(&self, zoom: &ZoomUser) -> Vec<Operation> {
        operations(&self.stack.zoom_calls(zoom).await)
    }

    async fn row(&self) -> Option<Value> {
        row_of(&self.stack, &self.host).await
    }

    /// The flow failed for this reason, and left nothing.
    async fn assert_failed(&self, answer: &Answer, reason: &str) {
        assert_eq!(answer.landed(), error(DEFAULT_TARGET, reason), "{answer:?}");
        assert_eq!(self.row().await, None, "{reason}");
    }
}

fn error(target: &str, reason: &str) -> Landing {
    Landing { target: target.to_owned(), status: "error".to_owned(), reason: Some(reason.to_owned()) }
}

fn connected(target: &str) -> Landing {
    Landing { target: target.to_owned(), status: "connected".to_owned(), reason: None }
}

fn parameter(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url).unwrap();
    url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let mut changed = url::Url::parse(url).unwrap();
    let kept: Vec<(String, String)> =
        changed.query_pairs().filter(|(found, _)| found != name).map(|(n, v)| (n.into(), v.into())).collect();
    changed.query_pairs_mut().clear().extend_pairs(kept).append_pair(name, value);
    changed.into()
}

fn assert_no_secret(answer: &Answer, callback: &str) {
    let said = format!("{:?} {}", answer.headers, answer.text);
    for name in ["code", "state"] {
        if let Some(secret) = parameter(callback, name).filter(|value| value.len() > 8) {
            assert!(!said.contains(&secret), "{name}: {said}");
        }
    }
}

async fn row_of(stack: &Stack, person: &Person) -> Option<Value> {
    let row = "select * from public.user_integrations_zoom where user_id = $1";
    stack.rows(row, &[&person.id]).await.pop()
}

async fn reconnect_notices(stack: &Stack, person: &Person) -> usize {
    let told = "select 1 from public.notifications where user_id = $1 and type = 'zoom_reconnect_required'";
    stack.count(told, &[&person.id]).await
}

#[tokio::test]
async fn a_trainer_connects_and_their_sessions_are_meetings() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let start = stack.function("zoom-oauth-start").by(&host).json(&json!({})).send().await;
    let url = start.expect(200)["url"].as_str().unwrap().to_owned();
    assert!(calls(&stack, &start).await.is_empty(), "the state is sealed, not stored");
    let authorize = format!("{}/authorize?", stack.variable("ZOOM_OAUTH_URL"));
    assert!(url.starts_with(&authorize), "{url}");
    let flow = Flow { stack, host, url };

    let consent = flow.approve().await;
    let answer = flow.come_back(&consent.location).await;
    assert_eq!(answer.landed(), connected(DEFAULT_TARGET));
    let zoom = flow.stack.zoom_user(consent.zoom_user_id.as_deref().unwrap()).await;
    assert_eq!(flow.made(&zoom).await, [Operation::ExchangeCode, Operation::GetUser]);
    assert_eq!(calls(&flow.stack, &answer).await, ["connect_zoom"]);

    let row = flow.row().await.unwrap();
    for (column, value) in [
        ("status", "connected"),
        ("zoom_user_id", &zoom.id),
        ("zoom_account_id", &zoom.account_id),
        ("zoom_account_email", &zoom.email),
    ] {
        assert_eq!(row[column], value, "{column}");
    }
    for (column, token) in [("access_token", &zoom.access_token), ("refresh_token", &zoom.refresh_token)] {
        let sealed = row[column].as_str().unwrap();
        assert!(sealed.starts_with("v1.local."), "the key's id is in the envelope: {sealed}");
        assert_eq!(&flow.stack.open_zoom_token(&flow.host, sealed).await, token, "{column}");
    }
    create(&flow.stack, &flow.host, &session(&json!({}))).await.expect(201);
    assert_eq!(flow.stack.zoom_meetings(&zoom).await.len(), 1);
}

#[tokio::test]
async fn either_family_of_scopes_is_enough() {
    for scope in [CLASSIC_SCOPES, GRANULAR_SCOPES] {
        let flow = Flow::begin().await;
        let consent = flow.stack.approve_zoom(&flow.url, json!({"scope": scope})).await;
        assert_eq!(flow.come_back(&consent.location).await.landed(), connected(DEFAULT_TARGET), "{scope}");
    }
}

#[tokio::test]
async fn each_connect_has_its_own_state_and_challenge() {
    let flow = Flow::begin().await;
    let again = flow.stack.start_zoom_connect(&flow.host, &json!({})).await;
    for name in ["state", "code_challenge"] {
        assert_ne!(parameter(&flow.url, name), parameter(&again, name), "{name}");
    }
    let state = flow.stack.open_zoom_state(&flow.url).await;
    assert_eq!(state["user_id"], json!(flow.host.id));
    let verifier = state["verifier"].as_str().unwrap();
    assert!(!flow.url.contains(verifier) && !flow.url.contains(&flow.host.id.to_string()), "{}", flow.url);
}

#[tokio::test]
async fn nobody_connects_without_signing_in() {
    let stack = Stack::running();
    let answer = stack.function("zoom-oauth-start").json(&json!({})).send().await;
    answer.refused(401, "unauthenticated");
    assert!(calls(&stack, &answer).await.is_empty());
}

#[tokio::test]
async fn the_app_may_ask_to_return_to_its_own_addresses() {
    let origin = Stack::running().variable("API_URL").to_owned();
    for target in [
        DEFAULT_TARGET.to_owned(),
        format!("{origin}/settings"),
        format!("{origin}/settings?tab=video&name=a%26b#zoom"),
    ] {
        let flow = Flow::begin_with(json!({"return_to": target})).await;
        let denied = flow.stack.deny_zoom(&flow.url).await;
        assert_eq!(flow.come_back(&denied.location).await.landed(), error(&target, "access_denied"));
        let approved = flow.approve().await;
        assert_eq!(flow.come_back(&approved.location).await.landed(), connected(&target));
    }
}

#[tokio::test]
async fn what_the_return_target_says_of_the_outcome_is_replaced() {
    let target = format!("{}/done", Stack::running().variable("API_URL"));
    let flow = Flow::begin_with(json!({"return_to": format!("{target}?status=connected&reason=none")})).await;
    let denied = flow.stack.deny_zoom(&flow.url).await;
    assert_eq!(flow.come_back(&denied.location).await.landed(), error(&target, "access_denied"));
}

#[tokio::test]
async fn nobody_is_sent_elsewhere() {
    let stack = Stack::running();
    let host = stack.trainer().await;
    let origin = stack.variable("API_URL").to_owned();
    let (_, authority) = origin.split_once("//").unwrap();
    for target in [
        json!("https://evil.example/"),
        json!("http://evil.example/"),
        json!("//evil.example/"),
        json!("/settings"),
        json!(""),
        json!("javascript:alert(1)"),
        json!("data:text/html,x"),
        json!("http://127.0.0.1:1/"),
        json!(format!("https://{authority}/")),
        json!(format!("{origin}@evil.example/")),
        json!(format!("{origin}.evil.example/")),
        json!(format!("{origin}\\@evil.example/")),
        json!(format!("http://user@{authority}/")),
        json!(format!("http://user:secret@{authority}/")),
        json!("cotrainr://evil/zoom-connected"),
        json!("cotrainr://video/zoom-connected/../other"),
        json!("cotrainr://video/zoom-connected.evil"),
        json!("cotrainr://video/zoom-connected?next=https://evil.example"),
        json!("cotrainr://video@evil/zoom-connected"),
        json!("evil://video/zoom-connected"),
        json!(format!("{origin}/{}", "a".repeat(10_000))),
        json!(5),
        json!([DEFAULT_TARGET]),
    ] {
        let request = stack.function("zoom-oauth-start").by(&host).json(&json!({"return_to": target}));
        let answer = request.send().await;
        assert_eq!(answer.refused(422, "invalid_field")["field"], "return_to", "{target}");
        assert!(calls(&stack, &answer).await.is_empty());
    }
    let unknown = stack.function("zoom-oauth-start").by(&host).json(&json!({"redirect_uri": origin})).send().await;
    unknown.refused(422, "invalid_field");
}

#[tokio::test]
async fn a_replayed_callback_changes_nothing() {
    let flow = Flow::begin().await;
    let consent = flow.approve().await;
    assert_eq!(flow.come_back(&consent.location).await.landed(), connected(DEFAULT_TARGET));
    let row = flow.row().await.unwrap();
    let replayed = flow.come_back(&consent.location).await;
    assert_eq!(replayed.landed(), error(DEFAULT_TARGET, "code_refused"));
    assert_eq!(flow.row().await.unwrap(), row);

    // The same state with a new code, of somebody else: nothing is swapped, and what was granted is given back.
    let other = flow.approve().await;
    let answer = flow.come_back(&other.location).await;
    assert_eq!(answer.landed(), error(DEFAULT_TARGET, "state_used"));
    assert_eq!(flow.row().await.unwrap(), row);
    let zoom = flow.stack.zoom_user(other.zoom_user_id.as_deref().unwrap()).await;
    assert_eq!(zoom.access_token, None, "revoked");
    create(&flow.stack, &flow.host, &session(&json!({}))).await.expect(201);
}

#[tokio::test]
async fn a_grant_whose_storing_was_not_answered_ends_in_connecting_again() {
    let flow = Flow::begin().await;
    let consent = flow.approve().await;
    let request = flow.stack.callback(&consent.location);
    flow.stack.supabase_fault(request.request_id(), "connect_zoom", SupabaseFault::DropAnswer, 1).await;
    assert_eq!(request.send().await.landed(), error(DEFAULT_TARGET, "unavailable"));
    // It was stored, and given back because nobody could know: it is dead, and found to be.
    create(&flow.stack, &flow.host, &session(&json!({}))).await.refused(409, "zoom_reconnect_required");
    let url = flow.stack.start_zoom_connect(&flow.host, &json!({})).await;
    let again = flow.stack.approve_zoom(&url, json!({})).await;
    assert_eq!(flow.come_back(&again.location).await.landed(), connected(DEFAULT_TARGET));
    create(&flow.stack, &flow.host, &session(&json!({}))).await.expect(201);
}

#[tokio::test]
async fn two_callbacks_at_once_connect_once() {
    let flow = Flow::begin().await;
    let (first, second) = (flow.approve().await, flow.approve().await);
    let (one, other) = futures_util::join!(flow.come_back(&first.location), flow.come_back(&second.location));
    let mut landings = [one.landed(), other.landed()];
    landings.sort_by_key(|landing| landing.status.clone());
    assert_eq!(landings, [connected(DEFAULT_TARGET), error(DEFAULT_TARGET, "state_used")]);
    create(&flow.stack, &flow.host, &session(&json!({}))).await.expect(201);
}

#[tokio::test]
async fn a_zoom_user_belongs_to_whoever_connected_last() {
    let flow = Flow::begin().await;
    let first = flow.approve().await;
    flow.come_back(&first.location).await;
    let zoom_user_id = first.zoom_user_id.unwrap();

    let other = Flow::begin().await;
    let again = other.stack.approve_zoom(&other.url, json!({"zoom_user_id": zoom_user_id})).await;
    assert_eq!(other.come_back(&again.location).await.landed(), connected(DEFAULT_TARGET));
    assert_eq!(flow.row().await.unwrap()["status"], "reconnect_required");
    assert_eq!(reconnect_notices(&flow.stack, &flow.host).await, 1);
    create(&flow.stack, &flow.host, &session(&json!({}))).await.refused(409, "zoom_reconnect_required");
    create(&other.stack, &other.host, &session(&json!({}))).await.expect(201);
}

#[tokio::test]
async fn connecting_again_mends_a_connection() {
    let flow = Flow::begin().await;
    let first = flow.approve().await;
    flow.come_back(&first.location).await;
    let zoom = flow.stack.zoom_user(first.zoom_user_id.as_deref().unwrap()).await;
    flow.stack.revoke_zoom(&zoom).await;
    create(&flow.stack, &flow.host, &session(&json!({}))).await.refused(409, "zoom_reconnect_required");

    let url = flow.stack.start_zoom_connect(&flow.host, &json!({})).await;
    let again = flow.stack.approve_zoom(&url, json!({"zoom_user_id": zoom.id})).await;
    assert_eq!(flow.come_back(&again.location).await.landed(), connected(DEFAULT_TARGET));
    create(&flow.stack, &flow.host, &session(&json!({}))).await.expect(201);
    assert_eq!(reconnect_notices(&flow.stack, &flow.host).await, 1);
}

#[tokio::test]
async fn a_sealed_token_is_worth_nothing_in_another_row() {
    let stack = Stack::running();
    let (victim, thief) = (stack.trainer().await, stack.trainer().await);
    let zoom = stack.connect_zoom(&victim).await;
    stack.connect_zoom(&thief).await;
    let stolen = "update public.user_integrations_zoom t
        set access_token = v.access_token, refresh_token = v.refresh_token
        from public.user_integrations_zoom v where t.user_id = $1 and v.user_id = $2";
    stack.sql(stolen, &[&thief.id, &victim.id]).await;
    create(&stack, &thief, &session(&json!({}))).await.refused(500, "internal");
    assert!(stack.zoom_calls(&zoom).await.is_empty());
    let sealed = row_of(&stack, &victim).await.unwrap()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(stack.open_zoom_token(&victim, &sealed).await, zoom.access_token);
    assert_eq!(stack.open_zoom_token(&thief, &sealed).await, None);
}
