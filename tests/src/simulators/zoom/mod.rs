//! The Zoom simulator: consent, OAuth tokens that rotate, meetings, and webhooks. It refuses whatever Zoom might not accept,
//! keeps state as Zoom does, records every call, and fails on demand.
#![expect(clippy::result_large_err, reason = "a refusal is an answer like any other")]

mod accounts;
mod answers;
mod api;
pub(crate) mod consent;
mod events;
mod fault;
mod meetings;
mod oauth;
mod operation;
mod validation;

use std::sync::{Arc, Mutex};

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::Simulators;
use super::connection::{HangUp, Outcome};
use super::faults::{self, Faults};
use super::recording::{Call, Service};

use accounts::Accounts;
pub use events::signature;
pub(crate) use events::{Event, Told};
pub use fault::Fault;
pub(crate) use fault::FaultTarget;
pub use operation::Operation;

/// Larger than anything Zoom would accept.
const BODY_LIMIT: usize = 1 << 20;

/// Zoom's side of the world.
#[derive(Default)]
pub(crate) struct Zoom {
    pub(crate) accounts: Mutex<Accounts>,
    pub(crate) faults: Faults<FaultTarget, Fault>,
    webhooks: reqwest::Client,
}

/// A request as the simulator reads it.
struct ZoomRequest {
    operation: Option<Operation>,
    parts: Parts,
    body: Bytes,
}

/// Answers `/zoom/*`.
pub(crate) async fn serve(
    State(simulators): State<Arc<Simulators>>,
    Extension(hang_up): Extension<HangUp>,
    request: Request,
) -> Response {
    hang_up.serve(request, BODY_LIMIT, async move |parts, body| exchange(&simulators, parts, body).await).await
}

async fn exchange(simulators: &Simulators, parts: Parts, body: Bytes) -> Outcome {
    let request = ZoomRequest { operation: Operation::of(&parts.method, path(&parts), &body), parts, body };
    let zoom = &simulators.zoom;
    let user_id = request.token().and_then(|token| zoom.accounts.lock().unwrap().owner(&token));
    let call = simulators.recorder.arrived(request.as_call(user_id.clone()));
    let fault = zoom.faults.take(|target| target.concerns(user_id.as_deref(), request.operation));
    let disturbance =
        fault.map(|fault| fault.disturbance(&mut zoom.accounts.lock().unwrap(), request.token().as_deref()));
    faults::exchange(&simulators.recorder, call, disturbance, async { request.perform(simulators) }).await
}

impl ZoomRequest {
    fn perform(&self, simulators: &Simulators) -> http::Response<Bytes> {
        let accounts = &mut simulators.zoom.accounts.lock().unwrap();
        let result = match self.operation {
            None => return answers::error(404, 2300, "This API endpoint is not recognized."),
            Some(Operation::ExchangeCode | Operation::RefreshToken) => {
                oauth::token(&simulators.settings, accounts, &self.parts, &self.body)
            }
            Some(Operation::RevokeToken) => oauth::revoke(&simulators.settings, accounts, &self.parts, &self.body),
            Some(operation) => api::perform(accounts, operation, &self.parts, &self.body),
        };
        result.unwrap_or_else(|refusal| refusal)
    }

    /// Whichever token tells who is calling: the bearer, or the one in an OAuth form.
    fn token(&self) -> Option<String> {
        match self.operation {
            Some(Operation::ExchangeCode) => oauth::field(&self.body, "code"),
            Some(Operation::RefreshToken) => oauth::field(&self.body, "refresh_token"),
            Some(Operation::RevokeToken) => oauth::field(&self.body, "token"),
            _ => bearer(&self.parts).map(str::to_owned),
        }
    }

    fn as_call(&self, zoom_user_id: Option<String>) -> Call {
        Call {
            operation: self.operation,
            zoom_user_id,
            ..Call::arriving(Service::Zoom, "/zoom", &self.parts, &self.body)
        }
    }
}

/// The path as Zoom would see it.
fn path(parts: &Parts) -> &str {
    let path = parts.uri.path();
    path.strip_prefix("/zoom").unwrap_or(path)
}

fn bearer(parts: &Parts) -> Option<&str> {
    parts.headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
