//! What tests ask of the simulators themselves: consent, connected Zoom users, what happens at Zoom's side and in rooms,
//! faults, recorded calls, tokens.

mod rooms;
mod turn;
mod zoom;

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Simulators;
use super::recording::{Call, CallFilter};
use super::supabase_wiretap::{Algorithm, Fault, FaultTarget};

/// A refusal tells the author of the test what is wrong.
type Refusal = (StatusCode, String);

pub(crate) fn router() -> Router<Arc<Simulators>> {
    Router::new()
        .route("/zoom/connect", post(zoom::connect))
        .route("/zoom/authorize", post(zoom::authorize))
        .route("/zoom/expire-code", post(zoom::expire_code))
        .route("/zoom/events", post(zoom::happen))
        .route("/zoom/faults", post(zoom::plan_fault))
        .route("/zoom/meetings", get(zoom::meetings))
        .route("/zoom/user", get(zoom::user))
        .route("/zoom/revoke", post(zoom::revoke))
        .route("/rooms", get(rooms::room))
        .route("/rooms/events", get(rooms::told))
        .route("/rooms/faults", post(rooms::plan_fault))
        .route("/rooms/finish", post(rooms::finish))
        .route("/rooms/join", post(rooms::join))
        .route("/rooms/leave", post(rooms::leave))
        .route("/rooms/record", post(rooms::record))
        .route("/turn/faults", post(turn::plan_fault))
        .route("/supabase/faults", post(plan_supabase_fault))
        .route("/calls", get(calls))
        .route("/tokens", post(sign_token))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedSupabaseFault {
    request_id: String,
    path_contains: String,
    fault: Fault,
    times: u32,
}

async fn plan_supabase_fault(
    State(simulators): State<Arc<Simulators>>,
    Json(planned): Json<PlannedSupabaseFault>,
) -> Json<Value> {
    let target = FaultTarget { request_id: planned.request_id, path_contains: planned.path_contains };
    simulators.wiretap.faults.plan(target, planned.fault, planned.times);
    Json(json!({}))
}

async fn calls(State(simulators): State<Arc<Simulators>>, Query(filter): Query<CallFilter>) -> Json<Vec<Call>> {
    Json(simulators.recorder.find(&filter))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedToken {
    algorithm: Algorithm,
    claims: Value,
    kid: Option<String>,
}

async fn sign_token(State(simulators): State<Arc<Simulators>>, Json(wanted): Json<WantedToken>) -> Json<Value> {
    let keys = &simulators.wiretap.keys;
    let token = keys.sign(wanted.algorithm, &wanted.claims, wanted.kid);
    Json(json!({"token": token}))
}
