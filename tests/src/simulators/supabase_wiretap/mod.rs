//! A wiretap between the functions and the local Supabase. It forwards every request as it is and records it,
//! can break a call on demand, and adds what hosted Supabase has and the local one lacks: a JWKS with
//! asymmetric keys. A token signed with one of these is passed on with the same claims under the local secret.

mod forward;
mod hosted_keys;

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Simulators;
use super::connection::{HangUp, Outcome};
use super::faults::{self, Disturbance, Faults};
use super::recording::{Call, Service};

pub use hosted_keys::Algorithm;
pub(crate) use hosted_keys::HostedKeys;

const JWKS_PATH: &str = "/auth/v1/.well-known/jwks.json";
/// More than a function may ever send to its database.
const BODY_LIMIT: usize = 16 << 20;

/// What the wiretap knows.
pub(crate) struct Wiretap {
    pub(crate) keys: HostedKeys,
    pub(crate) faults: Faults<FaultTarget, Fault>,
    client: reqwest::Client,
}

/// What goes wrong with a call to Supabase.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The connection breaks before Supabase has seen the request.
    DropRequest,
    /// Supabase does the work, and the connection breaks before the answer.
    DropAnswer,
    /// Supabase does the work at once, and the answer comes late.
    Delay {
        /// By how much, in milliseconds.
        ms: u64,
    },
    /// An answer with this status in place of Supabase's, and nothing done.
    Status {
        /// The HTTP status.
        status: u16,
    },
}

/// Which calls a fault is for.
pub(crate) struct FaultTarget {
    pub(crate) request_id: String,
    pub(crate) path_contains: String,
}

impl Fault {
    fn disturbance(self) -> Disturbance {
        match self {
            Self::DropRequest => Disturbance::DropRequest,
            Self::DropAnswer => Disturbance::DropAnswer,
            Self::Delay { ms } => Disturbance::Late(Duration::from_millis(ms)),
            Self::Status { status } => Disturbance::Instead(failure(status, "planned by a test")),
        }
    }
}

impl Wiretap {
    pub(crate) fn new() -> Self {
        Self { keys: HostedKeys::generate(), faults: Faults::default(), client: forward::client() }
    }
}

/// Answers `/supabase/*`.
pub(crate) async fn serve(
    State(simulators): State<Arc<Simulators>>,
    Extension(hang_up): Extension<HangUp>,
    request: Request,
) -> Response {
    hang_up.serve(request, BODY_LIMIT, async move |parts, body| exchange(&simulators, parts, body).await).await
}

async fn exchange(simulators: &Simulators, parts: Parts, body: Bytes) -> Outcome {
    let wiretap = &simulators.wiretap;
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let target = target.strip_prefix("/supabase").unwrap_or(target).to_owned();
    let request_id = parts.headers.get("x-request-id").and_then(|id| id.to_str().ok());
    let request_id = request_id.map(str::to_owned);
    let fault = wiretap.faults.take(|fault| {
        Some(fault.request_id.as_str()) == request_id.as_deref() && target.contains(&fault.path_contains)
    });
    let call = Call { request_id, ..Call::arriving(Service::Supabase, "/supabase", &parts, &body) };
    let call = simulators.recorder.arrived(call);
    let disturbance = fault.map(Fault::disturbance);
    faults::exchange(&simulators.recorder, call, disturbance, reach(simulators, parts, &target, body)).await
}

async fn reach(simulators: &Simulators, parts: Parts, target: &str, body: Bytes) -> http::Response<Bytes> {
    if parts.uri.path().ends_with(JWKS_PATH) {
        return json_answer(200, &simulators.wiretap.keys.jwks());
    }
    forward::forward(simulators, parts, target, body).await
}

fn failure(status: u16, message: &str) -> http::Response<Bytes> {
    json_answer(status, &json!({"code": "SIMULATED", "message": message, "details": null, "hint": null}))
}

fn json_answer(status: u16, body: &serde_json::Value) -> http::Response<Bytes> {
    http::Response::builder()
        .status(status)
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(body.to_string().into())
        .unwrap()
}
