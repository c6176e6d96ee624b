use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use chrono::SecondsFormat;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::crypto::seal::SealKeys;
use shared::providers::zoom::token_seal_context;
use url::Url;
use uuid::Uuid;

use super::super::zoom::consent::{ALL_SCOPES, Consent, Decision};
use super::super::zoom::{Event, Fault, FaultTarget, Operation, Told};
use super::super::{Simulators, now};
use super::Refusal;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Connection {
    user_id: Uuid,
    #[serde(default)]
    access_token_expired: bool,
    scope: Option<String>,
    /// Somebody new, if absent.
    zoom_user_id: Option<String>,
}

/// Makes a grant, and stores the grant as the connect flow does.
pub(super) async fn connect(
    State(simulators): State<Arc<Simulators>>,
    Json(connection): Json<Connection>,
) -> Result<Json<Value>, Refusal> {
    let scope = connection.scope.unwrap_or_else(|| ALL_SCOPES.to_owned());
    let (mut row, answer) = {
        let mut accounts = simulators.zoom.accounts.lock().unwrap();
        let zoom_user_id = connection.zoom_user_id.unwrap_or_else(|| accounts.sign_up());
        let connected = accounts.connect(&zoom_user_id, scope, connection.access_token_expired);
        let (user, tokens) = connected.ok_or_else(|| unknown(&ZoomUser { zoom_user_id }))?;
        let row = json!({
            "user_id": connection.user_id,
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "expires_at": tokens.expires_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            "scope": tokens.scope,
            "zoom_user_id": user.id,
            "zoom_account_id": user.account_id,
            "zoom_account_email": user.email,
            "status": "connected",
            "connected_at": now().to_rfc3339_opts(SecondsFormat::Secs, true),
        });
        (row, user.to_control_json())
    };
    for token in ["access_token", "refresh_token"] {
        row[token] = seal(&simulators, connection.user_id, answer[token].as_str().unwrap()).await?.into();
    }
    store(&simulators, &row).await?;
    Ok(Json(answer))
}

async fn seal(simulators: &Simulators, user_id: Uuid, token: &str) -> Result<String, Refusal> {
    let keys = SealKeys::parse(&simulators.settings.seal_keys).map_err(|error| failed(&error))?;
    keys.seal(&token_seal_context(user_id), token.as_bytes()).await.map_err(|error| failed(&error))
}

async fn store(simulators: &Simulators, row: &Value) -> Result<(), Refusal> {
    let settings = &simulators.settings;
    let response = reqwest::Client::new()
        .post(format!("{}/rest/v1/user_integrations_zoom", settings.supabase_upstream_url))
        .query(&[("on_conflict", "user_id")])
        .header("apikey", &settings.supabase_secret_key)
        .header("prefer", "resolution=merge-duplicates,return=minimal")
        .json(row)
        .send()
        .await
        .map_err(|error| failed(&error))?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let body = response.text().await.unwrap_or_default();
    Err(failed(&format!("storing the grant in user_integrations_zoom: {status} {body}")))
}

/// What a person does on the consent page of `url`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authorization {
    url: String,
    approve: bool,
    /// Somebody new, if absent.
    zoom_user_id: Option<String>,
    /// Everything that the project asks for, if absent.
    scope: Option<String>,
}

/// Answers with the `location` to which the browser would be sent back. A URL that Zoom would refuse is a 400.
pub(super) async fn authorize(
    State(simulators): State<Arc<Simulators>>,
    Json(authorization): Json<Authorization>,
) -> Result<Json<Value>, Refusal> {
    let refused = |reason: String| (StatusCode::BAD_REQUEST, reason);
    let url = Url::parse(&authorization.url).map_err(|error| refused(error.to_string()))?;
    if !url.path().ends_with("/zoom/oauth/authorize") {
        return Err(refused("not the address of the consent page".to_owned()));
    }
    let consent = Consent::parse(&simulators.settings, url.query().unwrap_or_default()).map_err(refused)?;
    let decision = if authorization.approve {
        let scope = authorization.scope.unwrap_or_else(|| ALL_SCOPES.to_owned());
        Decision::Approve { zoom_user_id: authorization.zoom_user_id.as_deref(), scope }
    } else {
        Decision::Deny
    };
    let answered = consent.answer(&mut simulators.zoom.accounts.lock().unwrap(), decision);
    let answered = answered.ok_or_else(|| refused("there is no such Zoom user".to_owned()))?;
    Ok(Json(json!({
        "location": answered.location.as_str(),
        "zoom_user_id": answered.zoom_user_id,
        "code": answered.code,
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenCode {
    code: String,
}

/// The code's five minutes are over.
pub(super) async fn expire_code(
    State(simulators): State<Arc<Simulators>>,
    Json(given): Json<GivenCode>,
) -> Result<Json<Value>, Refusal> {
    if simulators.zoom.accounts.lock().unwrap().expire_code(&given.code) {
        Ok(Json(json!({})))
    } else {
        Err((StatusCode::NOT_FOUND, "there is no such code".to_owned()))
    }
}

/// Something happens at Zoom's side, and the project's webhook is told. Its answer.
pub(super) async fn happen(
    State(simulators): State<Arc<Simulators>>,
    Json(event): Json<Event>,
) -> Result<Json<Told>, Refusal> {
    let settings = &simulators.settings;
    let happened = event.happen(settings, &mut simulators.zoom.accounts.lock().unwrap());
    let (name, payload) = happened.map_err(|reason| (StatusCode::NOT_FOUND, reason))?;
    let told = simulators.zoom.tell(settings, name, payload).await;
    told.map(Json).map_err(|error| failed(&error))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedFault {
    zoom_user_id: String,
    operation: Operation,
    fault: Fault,
    times: u32,
}

pub(super) async fn plan_fault(
    State(simulators): State<Arc<Simulators>>,
    Json(planned): Json<PlannedFault>,
) -> Json<Value> {
    let target = FaultTarget { zoom_user_id: planned.zoom_user_id, operation: planned.operation };
    simulators.zoom.faults.plan(target, planned.fault, planned.times);
    Json(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ZoomUser {
    zoom_user_id: String,
}

pub(super) async fn meetings(
    State(simulators): State<Arc<Simulators>>,
    Query(user): Query<ZoomUser>,
) -> Result<Json<Vec<Value>>, Refusal> {
    let meetings = simulators.zoom.accounts.lock().unwrap().meetings(&user.zoom_user_id);
    meetings.map(Json).ok_or_else(|| unknown(&user))
}

/// The user as the tests see them, with the tokens that are valid now.
pub(super) async fn user(
    State(simulators): State<Arc<Simulators>>,
    Query(user): Query<ZoomUser>,
) -> Result<Json<Value>, Refusal> {
    let accounts = simulators.zoom.accounts.lock().unwrap();
    let found = accounts.user(&user.zoom_user_id);
    found.map(|found| Json(found.to_control_json())).ok_or_else(|| unknown(&user))
}

pub(super) async fn revoke(
    State(simulators): State<Arc<Simulators>>,
    Json(user): Json<ZoomUser>,
) -> Result<Json<Value>, Refusal> {
    if simulators.zoom.accounts.lock().unwrap().revoke(&user.zoom_user_id) {
        Ok(Json(json!({})))
    } else {
        Err(unknown(&user))
    }
}

fn unknown(user: &ZoomUser) -> Refusal {
    let message = format!("{} has no such grant or is no Zoom user of this simulator", user.zoom_user_id);
    (StatusCode::NOT_FOUND, message)
}

fn failed(error: &impl ToString) -> Refusal {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
