use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Simulators;
use super::super::rooms::RoomFault;

/// What the next calls that a request causes meet with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedFault {
    request_id: String,
    fault: RoomFault,
    times: u32,
}

pub(super) async fn plan_fault(
    State(simulators): State<Arc<Simulators>>,
    Json(planned): Json<PlannedFault>,
) -> Json<Value> {
    simulators.turn_faults.plan(planned.request_id, planned.fault, planned.times);
    Json(json!({}))
}
