//! Making a session.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    auth::Caller,
    context::Context,
    http::{Error, Response, json},
    supabase,
};

use crate::request::NewSession;

/// The arguments of the database function.
#[derive(Serialize)]
struct Arguments<'a> {
    request: &'a NewSession,
    idempotency_key: Option<&'a str>,
}

/// What the database makes of the request.
#[derive(Deserialize)]
struct Made {
    session: Value,
}

/// The answer: the session's row, and the link to share.
#[derive(Serialize)]
struct Created {
    session: Value,
    share_link: String,
}

/// Makes a session. The same `Idempotency-Key` finds the one that an earlier request made, and its link.
pub(crate) async fn create(
    context: &Context,
    caller: &Caller,
    session: &NewSession,
    idempotency_key: Option<&str>,
) -> Result<Response, Error> {
    // Without a page for its link, no session is made.
    let page = context.config().pages.instant_session_url()?;
    let arguments = Arguments { request: session, idempotency_key };
    let Made { session } = supabase::rpc_as(context, caller, "create_instant_session", &arguments).await?;
    let token = session["session_token"].as_str();
    let token = token.ok_or_else(|| Error::Internal("create_instant_session: a session without a token".to_owned()))?;
    // The token is the link's fragment: browsers send that to no server, and so it stands in no log and no `Referer`.
    let share_link = format!("{page}#{token}");
    json::respond(StatusCode::CREATED, &Created { session, share_link })
}
