//! The steps of `create-meeting`.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    auth,
    context::Context,
    http::{Error, Request, Response, idempotency, json},
    supabase,
};

use crate::request::{Body, MeetingRequest};

/// What the database makes of the request, and the answer: the meeting's row.
#[derive(Deserialize, Serialize)]
struct Created {
    meeting: Value,
}

/// The arguments of the database function.
#[derive(Serialize)]
struct Arguments<'a> {
    #[serde(flatten)]
    request: &'a MeetingRequest,
    idempotency_key: Option<&'a str>,
}

/// Creates a meeting.
///
/// 1. Authenticate: 401.
/// 2. Parse: 400, 415, 422.
/// 3. Let the database authorise, create the meeting and tell the other side: 404, 409, 422, 429. The same
///    `Idempotency-Key` finds what an earlier request made.
/// 4. Answer 201 with the meeting.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Parse.
    let idempotency_key = idempotency::key(&request.headers)?;
    let meeting_request = MeetingRequest::parse(json::read::<Body>(&request)?, context.clock().now())?;

    // (3) Create.
    let arguments = Arguments { request: &meeting_request, idempotency_key: idempotency_key.as_deref() };
    let created: Created = supabase::rpc_as(context, &caller, "create_meeting", &arguments).await?;

    // (4) Answer.
    json::respond(StatusCode::CREATED, &created)
}
