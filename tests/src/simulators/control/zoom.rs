use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use chrono::SecondsFormat;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::crypto::seal::SealKeys;
use shared::providers::zoom::token_seal_context;
use uuid::Uuid;

use super::super::zoom::{Fault, FaultTarget, Operation};
use super::super::{Simulators, now};
use super::Refusal;

/// What the project asks of Zoom, in granular scopes.
const ALL_SCOPES: &str = "meeting:delete:meeting meeting:read:list_meetings meeting:read:meeting \
     meeting:update:meeting meeting:write:meeting user:read:user";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Connection {
    user_id: Uuid,
    #[serde(default)]
    access_token_expired: bool,
    scope: Option<String>,
}

/// Makes a Zoom user with a grant, and stores the grant as the connect flow does.
pub(super) async fn connect(
    State(simulators): State<Arc<Simulators>>,
    Json(connection): Json<Connection>,
) -> Result<Json<Value>, Refusal> {
    let scope = connection.scope.unwrap_or_else(|| ALL_SCOPES.to_owned());
    let (mut row, answer) = {
        let mut accounts = simulators.zoom.accounts.lock().unwrap();
        let (user, tokens) = accounts.connect(scope, connection.access_token_expired);
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
        let answer = json!({
            "zoom_user_id": user.id,
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
        });
        (row, answer)
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
