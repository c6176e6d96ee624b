//! The steps of `send-session-invite`.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    auth,
    context::Context,
    http::{Error, Request, Response, json},
    supabase,
};

use crate::request::InviteRequest;

/// The answer, as the database gives it: for each client the conversation with the link, and whether it was there before.
#[derive(Deserialize, Serialize)]
struct Invited {
    invitations: Value,
}

/// Invites clients to a session.
///
/// 1. Authenticate: 401.
/// 2. Parse: 400, 415, 422.
/// 3. Let the database authorise and, in one transaction, write messages, participants and notifications: 403, 404, 409, 422, 429.
/// 4. Answer 200 with what became of each invitation.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Parse.
    let invite: InviteRequest = json::read(&request)?;
    json::required(invite.session_id, "session_id")?;

    // (3) Invite.
    let invited: Invited = supabase::rpc_as(context, &caller, "send_session_invite", &invite).await?;

    // (4) Answer.
    json::respond(StatusCode::OK, &invited)
}
