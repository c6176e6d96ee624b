//! The simulators of Twilio's Network Traversal Service and of Cloudflare's TURN service. They refuse whatever the real ones
//! might not accept or would understand as a longer life, record every call under its request, and fail on demand. Nothing
//! listens at the servers that they name.
#![expect(clippy::result_large_err, reason = "a refusal is an answer like any other")]

mod cloudflare;
mod twilio;

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use serde_json::Value;

use super::connection::{HangUp, Outcome};
use super::faults::{self, Faults};
use super::recording::{Call, Service};
use super::rooms::RoomFault;
use super::{Settings, Simulators};

/// Larger than anything the project sends.
const BODY_LIMIT: usize = 1 << 16;

/// An answer, or a refusal.
type Answer = http::Response<Bytes>;

/// What goes wrong, by the id of the request that the call is made for.
pub(crate) type TurnFaults = Faults<String, RoomFault>;

/// Answers `/twilio/*`.
pub(crate) async fn serve_twilio(
    State(simulators): State<Arc<Simulators>>,
    Extension(hang_up): Extension<HangUp>,
    request: Request,
) -> Response {
    let exchange =
        async move |parts, body| exchange(&simulators, Service::Twilio, "/twilio", twilio::mint, parts, body).await;
    hang_up.serve(request, BODY_LIMIT, exchange).await
}

/// Answers `/cloudflare/*`.
pub(crate) async fn serve_cloudflare(
    State(simulators): State<Arc<Simulators>>,
    Extension(hang_up): Extension<HangUp>,
    request: Request,
) -> Response {
    let exchange = async move |parts, body| {
        exchange(&simulators, Service::Cloudflare, "/cloudflare", cloudflare::mint, parts, body).await
    };
    hang_up.serve(request, BODY_LIMIT, exchange).await
}

async fn exchange(
    simulators: &Simulators,
    service: Service,
    prefix: &str,
    mint: fn(&Settings, &str, &Parts, &[u8]) -> Result<Answer, Answer>,
    parts: Parts,
    body: Bytes,
) -> Outcome {
    let request_id = parts.headers.get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let call = Call { request_id: request_id.clone(), ..Call::arriving(service, prefix, &parts, &body) };
    let path = call.path.clone();
    let call = simulators.recorder.arrived(call);
    let fault = simulators.turn_faults.take(|target| Some(target) == request_id.as_ref());
    let work = async { mint(&simulators.settings, &path, &parts, &body).unwrap_or_else(|refusal| refusal) };
    faults::exchange(&simulators.recorder, call, fault.map(RoomFault::disturbance), work).await
}

fn has_authorization(parts: &Parts, expected: &str) -> bool {
    let mut sent = parts.headers.get_all(AUTHORIZATION).iter();
    sent.next().is_some_and(|sent| sent.as_bytes() == expected.as_bytes()) && sent.next().is_none()
}

fn json(status: u16, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    http::Response::builder().status(status).header(CONTENT_TYPE, "application/json").body(body.into()).unwrap()
}
