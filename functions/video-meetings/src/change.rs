//! `POST /meetings/:meetingId/end` and `/cancel`: what the tutor does with the meeting as a whole.

use http::StatusCode;
use serde_json::{Value, json};
use shared::{
    auth,
    context::Context,
    http::{Error, Request, Response, json},
    supabase,
};

use crate::route;

/// Ends or cancels a meeting. There is nothing to be said in a body. Twice is the same as once.
///
/// 1. Authenticate: 401.
/// 2. Parse: 404.
/// 3. Let the database authorise and change it: 404, 409.
/// 4. Answer 200 with the meeting.
pub(crate) async fn handle(
    context: &Context,
    request: &Request,
    segment: &str,
    action: &str,
) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Parse.
    let arguments = json!({"meeting_id": route::meeting_id(segment)?, "action": action});

    // (3) Change.
    let meeting: Value = supabase::rpc_as(context, &caller, "change_video_meeting", &arguments).await?;

    // (4) Answer.
    json::respond(StatusCode::OK, &meeting)
}
