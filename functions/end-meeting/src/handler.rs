//! The steps of `end-meeting`.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    auth,
    context::Context,
    http::{Error, Note, Request, Response, json, meeting_id},
    providers::rooms::{self, Rooms},
    supabase::{
        self,
        outbox::{Effect, Progress},
    },
};

/// The answer: the meeting's row, and what became of its room.
#[derive(Serialize)]
struct Answer {
    meeting: Value,
    /// Nothing when there was no room to close.
    #[serde(skip_serializing_if = "Option::is_none")]
    openvidu: Option<Progress>,
}

/// What the database made of the end.
#[derive(Deserialize)]
struct Ended {
    meeting: Value,
    /// What is left to do at OpenVidu.
    effect: Option<Effect>,
    /// Whether the room is still to be closed, by whomever.
    closing: bool,
}

/// Ends a meeting.
///
/// 1. Authenticate: 401.
/// 2. Parse: 400, 415, 422.
/// 3. Let the database authorise, and end the meeting: 403, 404, 409. From now on nobody is let in.
/// 4. Close its room, if it had one. If that fails, the outbox does it later.
/// 5. Answer 200 with the meeting.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Parse.
    let arguments = json!({"meeting_id": meeting_id::of(&request)?});
    let rooms = rooms::rooms(context)?;

    // (3) End.
    let Ended { meeting, effect, closing } = supabase::rpc_as(context, &caller, "end_meeting", &arguments).await?;

    // (4) Close.
    let openvidu = match effect.zip(meeting["session_id"].as_str()) {
        Some((effect, room)) => Some(close(context, &*rooms, room, &effect).await),
        None => closing.then_some(Progress::Pending),
    };

    // (5) Answer.
    json::respond(StatusCode::OK, &Answer { meeting, openvidu })
}

/// The meeting is over whether its room is closed or not, so a failure is for the log.
async fn close(context: &Context, rooms: &dyn Rooms, room: &str, effect: &Effect) -> Progress {
    let failure = rooms.close(room).await.err().map(Error::from);
    if let Some(error) = &failure {
        let cause = error.cause().map(str::to_owned);
        context.note.set(Some(Note { code: "room_not_closed", cause, is_fault: false }));
    }
    effect.settle(context, failure.as_ref()).await
}

#[cfg(test)]
#[path = "handler_tests.rs"]
mod tests;
