//! The steps of `start-meeting`.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    auth,
    context::Context,
    http::{Error, Request, Response, json, meeting_id},
    providers::rooms,
    supabase,
};

/// What the database makes of the start, and the answer: the meeting's row.
#[derive(Deserialize, Serialize)]
struct Started {
    meeting: Value,
}

/// The room that may be opened.
#[derive(Deserialize)]
struct Room {
    session_id: String,
}

/// Starts a meeting. Nobody hears of it before its room is open.
///
/// 1. Authenticate: 401.
/// 2. Parse: 400, 415, 422.
/// 3. Let the database authorise, and name the room: 403, 404, 409.
/// 4. Open the room, which may be open already: 502, 504.
/// 5. Let the meeting begin, which it may have done already: 409.
/// 6. Answer 200 with the meeting.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Parse.
    let arguments = json!({"meeting_id": meeting_id::of(&request)?});
    let rooms = rooms::rooms(context)?;

    // (3) Authorise.
    let room: Room = supabase::rpc_as(context, &caller, "open_meeting_room", &arguments).await?;

    // (4) Open.
    rooms.open(&room.session_id).await?;

    // (5) Begin.
    let started: Started = supabase::rpc_as(context, &caller, "start_meeting", &arguments).await?;

    // (6) Answer.
    json::respond(StatusCode::OK, &started)
}
