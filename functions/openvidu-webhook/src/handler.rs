//! The steps of `openvidu-webhook`.

use http::StatusCode;
use serde::{Serialize, de::IgnoredAny};
use shared::{
    config::{ConfigError, RoomServer},
    context::Context,
    http::{Error, Request, Response, json},
    providers::{livekit, openvidu},
    supabase::rpc_as_service,
};

use crate::event::{self, Record};

/// The answer to whatever is reported.
#[derive(Serialize)]
struct Received {
    received: bool,
}

/// Takes a report of the server that has the rooms. Reports come late, twice, out of order or not at all: what an event still
/// means when it arrives is for the database to say.
///
/// 1. Verify who reports, by OpenVidu's secret or by LiveKit's signature over the bytes as they came: 401.
/// 2. Parse: 400, 422. An event that nothing depends on is taken without a look.
/// 3. Record the event: 503.
/// 4. Answer 200.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    // (1) and (2) Verify and parse.
    if let Some(record) = read(context, &request)? {
        // (3) Record.
        rpc_as_service::<IgnoredAny>(context, "record_openvidu_event", &record).await?;
    }

    // (4) Answer.
    json::respond(StatusCode::OK, &Received { received: true })
}

fn read(context: &Context, request: &Request) -> Result<Option<Record>, Error> {
    let (headers, body) = (&request.headers, &request.body);
    match context.config().rooms.server()? {
        RoomServer::OpenVidu(config) => {
            let secret = config.webhook_secret.ok_or(ConfigError::Missing("OPENVIDU_WEBHOOK_SECRET"))?;
            openvidu::verify_report(&secret, headers)?;
            event::openvidu::parse(body)
        }
        RoomServer::LiveKit(config) => {
            livekit::verify_report(&config, headers, body, context.clock().now())?;
            event::livekit::parse(body)
        }
    }
}

#[cfg(test)]
#[path = "handler_tests.rs"]
mod tests;
