//! The steps of `zoom-webhook`.

use http::StatusCode;
use serde::{Serialize, de::IgnoredAny};
use shared::{
    context::Context,
    http::{Error, Request, Response, json},
    providers::zoom::webhook,
    supabase::rpc_as_service,
};

use crate::event::Report;

/// The answer to whatever Zoom reports.
#[derive(Serialize)]
struct Received {
    received: bool,
}

/// The answer to Zoom's question whether this endpoint knows the secret.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Proof {
    plain_token: String,
    encrypted_token: String,
}

/// Takes a report of Zoom's. Zoom repeats one that is not answered with 200 within three seconds after 5, 20 and 60
/// minutes, and keeps no order: what an event still means when it arrives is for the database to say.
///
/// 1. Verify the signature over the bytes as they came: 401.
/// 2. Parse: 400, 422. Zoom's question is answered here, and an event that nothing depends on is taken without a look.
/// 3. Record the event: 503.
/// 4. Answer 200.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    // (1) Verify.
    let secret = context.config().zoom_webhook_secret.as_ref();
    let secret = secret.ok_or_else(|| Error::Internal("ZOOM_WEBHOOK_SECRET is not set".to_owned()))?;
    webhook::verify(secret, &request.headers, &request.body, context.clock().now())?;

    // (2) Parse.
    let own_client_id = context.config().zoom.as_ref().map(|zoom| zoom.client_id.as_str());
    let event = match Report::parse(&request.body, own_client_id)? {
        Report::Question { plain_token } => {
            let encrypted_token = webhook::prove(secret, &plain_token)?;
            return json::respond(StatusCode::OK, &Proof { plain_token, encrypted_token });
        }
        Report::Other => return json::respond(StatusCode::OK, &Received { received: true }),
        Report::Event(event) => event,
    };

    // (3) Record.
    rpc_as_service::<IgnoredAny>(context, "record_zoom_event", &event).await?;

    // (4) Answer.
    json::respond(StatusCode::OK, &Received { received: true })
}

#[cfg(test)]
#[path = "handler_tests.rs"]
mod tests;
