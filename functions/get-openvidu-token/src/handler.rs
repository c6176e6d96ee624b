//! The steps of `get-openvidu-token`.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    auth,
    context::Context,
    http::{Error, Request, Response, json, meeting_id},
    providers::rooms::{self, Admission, Person, Role},
    supabase,
};

/// The answer: the room, and the way into it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Admitted {
    session_id: String,
    #[serde(flatten)]
    admission: Admission,
}

/// What the database says of the caller's part in the meeting.
#[derive(Deserialize)]
struct Join {
    session_id: String,
    role: Role,
    name: Option<String>,
}

/// Gets a token for the room of a meeting. It is made anew for each join, and kept nowhere.
///
/// 1. Authenticate: 401.
/// 2. Parse: 400, 415, 422.
/// 3. Let the database authorise and note the join, which starts the meeting when it is its operator's: 403, 404, 409, 429.
/// 4. Have the room's server admit the caller, or make the token here: 502, 504.
/// 5. Answer 200 with the token.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Parse. A deployment without rooms starts no meeting.
    let meeting_id = meeting_id::of(&request)?;
    let clients_wait = context.config().rooms.clients_wait()?;
    let rooms = rooms::rooms(context)?;

    // (3) Join.
    let arguments = json!({"meeting_id": meeting_id, "clients_wait": clients_wait});
    let Join { session_id, role, name } = supabase::rpc_as(context, &caller, "join_meeting", &arguments).await?;

    // (4) Admit.
    let person = Person { user_id: caller.id, role, name };
    let admission = rooms.admit(&session_id, &person).await?;

    // (5) Answer.
    json::respond(StatusCode::OK, &Admitted { session_id, admission })
}
