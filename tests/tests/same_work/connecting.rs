//! `zoom-oauth-callback`: a connect flow that ends well, and those that do not.

use convene_tests::harness::{Answer, Consent, Landing, Operation, Person, Stack, ZoomFault, ZoomUser};
use serde_json::{Value, json};
use url::Url;

use super::{assert_calls, calls, operations};

const DEFAULT_TARGET: &str = "cotrainr://video/zoom-connected";

/// Someone who pressed Connect, and the consent page.
struct Flow {
    stack: Stack,
    host: Person,
    url: String,
}

impl Flow {
    async fn begin(body: Value) -> Self {
        let stack = Stack::running();
        let host = stack.trainer().await;
        let url = stack.start_zoom_connect(&host, &body).await;
        Self { stack, host, url }
    }

    async fn approve(&self, options: Value) -> (Consent, ZoomUser) {
        let consent = self.stack.approve_zoom(&self.url, options).await;
        let zoom = self.stack.zoom_user(consent.zoom_user_id.as_deref().unwrap()).await;
        (consent, zoom)
    }

    async fn come_back(&self, location: &str) -> Answer {
        let answer = self.stack.callback(location).send().await;
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{answer:?}");
        answer
    }

    async fn row(&self) -> Option<Value> {
        let row = "select * from public.user_integrations_zoom where user_id = $1";
        self.stack.rows(row, &[&self.host.id]).await.pop()
    }

    async fn made(&self, zoom: &ZoomUser) -> Vec<Operation> {
        operations(&self.stack.zoom_calls(zoom).await)
    }

    /// The flow failed for this reason, and left nothing.
    async fn assert_failed(&self, answer: &Answer, reason: &str) {
        assert_eq!(answer.landed(), error(DEFAULT_TARGET, reason), "{answer:?}");
        assert_eq!(self.row().await, None, "{reason}");
        assert_eq!(calls(&self.stack, answer).await, [""; 0], "{reason}");
    }
}

fn connected(target: &str) -> Landing {
    Landing { target: target.to_owned(), status: "connected".to_owned(), reason: None }
}

fn error(target: &str, reason: &str) -> Landing {
    Landing { target: target.to_owned(), status: "error".to_owned(), reason: Some(reason.to_owned()) }
}

fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let mut changed = Url::parse(url).unwrap();
    let pairs: Vec<(String, String)> = changed.query_pairs().into_owned().filter(|(found, _)| found != name).collect();
    changed.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
    changed.into()
}

#[tokio::test]
async fn an_approved_flow_is_stored_sealed() {
    let flow = Flow::begin(json!({})).await;
    let (consent, _) = flow.approve(json!({})).await;
    let answer = flow.come_back(&consent.location).await;
    assert_eq!(answer.landed(), connected(DEFAULT_TARGET));
    let zoom = flow.stack.zoom_user(consent.zoom_user_id.as_deref().unwrap()).await;
    assert_eq!(flow.made(&zoom).await, [Operation::ExchangeCode, Operation::GetUser]);
    assert_calls(&flow.stack, &answer, &["connect_zoom"], &["user_integrations_zoom"; 2]).await;
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
        assert!(sealed.starts_with("v1.local."), "{sealed}");
        assert_eq!(&flow.stack.open_zoom_token(&flow.host, sealed).await, token, "{column}");
    }
}

#[tokio::test]
async fn the_browser_goes_back_to_the_page_it_came_from() {
    let page = format!("{}/settings?tab=zoom", Stack::running().variable("API_URL"));
    let flow = Flow::begin(json!({"return_to": page})).await;
    let (consent, _) = flow.approve(json!({})).await;
    assert_eq!(flow.come_back(&consent.location).await.landed(), connected(&page));
    let denied = flow.stack.deny_zoom(&flow.url).await;
    assert_eq!(flow.come_back(&denied.location).await.landed(), error(&page, "access_denied"));

    // A target that is not allowed any more.
    let mut state = flow.stack.open_zoom_state(&consent.location).await;
    state["return_to"] = json!("https://evil.example/");
    let location = with_parameter(&consent.location, "state", &flow.stack.seal_zoom_state(&state).await);
    assert_eq!(flow.come_back(&location).await.landed(), error(DEFAULT_TARGET, "state_invalid"));
}

#[tokio::test]
async fn a_user_who_denies_is_told_so_and_nobody_is_asked_anything() {
    let flow = Flow::begin(json!({})).await;
    let denied = flow.stack.deny_zoom(&flow.url).await;
    flow.assert_failed(&flow.come_back(&denied.location).await, "access_denied").await;
}

#[tokio::test]
async fn a_state_that_is_missing_not_ours_or_too_old_asks_nobody_anything() {
    let flow = Flow::begin(json!({})).await;
    let (consent, zoom) = flow.approve(json!({})).await;
    let location = consent.location.as_str();
    let callback = flow.stack.variable("ZOOM_REDIRECT_URI");
    let mut state = flow.stack.open_zoom_state(location).await;
    state["expires_at"] = json!("2026-01-01T00:00:00Z");
    let expired = flow.stack.seal_zoom_state(&state).await;
    let no_state = flow.stack.seal_zoom_state(&json!({})).await;
    for (location, reason) in [
        (callback.to_owned(), "state_missing"),
        (format!("{callback}?code={}", consent.code.as_deref().unwrap()), "state_missing"),
        (format!("{callback}?error=access_denied"), "state_missing"),
        (with_parameter(location, "state", "nonsense"), "state_invalid"),
        (with_parameter(location, "state", "v1.local.AAAA"), "state_invalid"),
        (with_parameter(location, "state", &state.to_string()), "state_invalid"),
        (with_parameter(location, "state", &no_state), "state_invalid"),
        (format!("{location}&state={no_state}"), "state_invalid"),
        (with_parameter(location, "state", &expired), "state_expired"),
    ] {
        flow.assert_failed(&flow.come_back(&location).await, reason).await;
    }
    assert_eq!(flow.made(&zoom).await, []);
    assert_eq!(flow.come_back(location).await.landed(), connected(DEFAULT_TARGET), "none of it spent anything");
}

#[tokio::test]
async fn a_code_works_once_and_in_its_own_flow() {
    let (flow, other) = (Flow::begin(json!({})).await, Flow::begin(json!({})).await);
    let ((consent, _), (foreign, _)) = (flow.approve(json!({})).await, other.approve(json!({})).await);
    for code in [foreign.code.as_deref().unwrap(), "unknown", ""] {
        let answer = flow.come_back(&with_parameter(&consent.location, "code", code)).await;
        flow.assert_failed(&answer, "code_refused").await;
    }
    assert_eq!(flow.come_back(&consent.location).await.landed(), connected(DEFAULT_TARGET));
    let row = flow.row().await;
    assert_eq!(flow.come_back(&consent.location).await.landed(), error(DEFAULT_TARGET, "code_refused"));
    assert_eq!(flow.row().await, row);
}

#[tokio::test]
async fn a_missing_scope_is_told_and_the_grant_given_back() {
    let flow = Flow::begin(json!({})).await;
    let (consent, _) = flow.approve(json!({"scope": "meeting:write user:read"})).await;
    flow.assert_failed(&flow.come_back(&consent.location).await, "scope_missing").await;
    let zoom = flow.stack.zoom_user(consent.zoom_user_id.as_deref().unwrap()).await;
    assert_eq!(zoom.access_token, None);
    assert_eq!(flow.made(&zoom).await, [Operation::ExchangeCode, Operation::RevokeToken]);
}

#[tokio::test]
async fn zoom_that_fails_is_said_to_have_failed_and_nothing_is_kept() {
    let raw = |body: &str| ZoomFault::Raw { status: 200, body: body.to_owned() };
    for fault in [ZoomFault::Status { status: 503 }, ZoomFault::Status { status: 429 }, raw("<html>"), raw("{}")] {
        for operation in [Operation::ExchangeCode, Operation::GetUser] {
            let flow = Flow::begin(json!({})).await;
            let (consent, zoom) = flow.approve(json!({})).await;
            flow.stack.zoom_fault(&zoom, operation, fault.clone(), 1).await;
            flow.assert_failed(&flow.come_back(&consent.location).await, "zoom_failed").await;
            if operation == Operation::GetUser {
                assert_eq!(flow.stack.zoom_user(&zoom.id).await.access_token, None, "given back: {fault:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_zoom_account_belongs_to_whoever_connected_last() {
    let (first, second) = (Flow::begin(json!({})).await, Flow::begin(json!({})).await);
    let (consent, zoom) = first.approve(json!({})).await;
    first.come_back(&consent.location).await;
    let (again, _) = second.approve(json!({"zoom_user_id": zoom.id})).await;
    assert_eq!(second.come_back(&again.location).await.landed(), connected(DEFAULT_TARGET));
    assert_eq!(first.row().await.unwrap()["status"], "reconnect_required");
    assert_eq!(second.row().await.unwrap()["status"], "connected");
    let told = "select 1 from public.notifications where user_id = $1 and type = 'zoom_reconnect_required'";
    assert_eq!(first.stack.count(told, &[&first.host.id]).await, 1);
}

#[tokio::test]
async fn nothing_is_stored_for_a_user_who_is_gone() {
    let flow = Flow::begin(json!({})).await;
    let (consent, zoom) = flow.approve(json!({})).await;
    flow.stack.sql("delete from auth.users where id = $1", &[&flow.host.id]).await;
    assert_eq!(flow.come_back(&consent.location).await.landed(), error(DEFAULT_TARGET, "state_invalid"));
    assert_eq!(flow.row().await, None);
    assert_eq!(flow.stack.zoom_user(&zoom.id).await.access_token, None, "given back");
}
