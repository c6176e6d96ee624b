//! The steps of `zoom-oauth-start`.

use http::StatusCode;
use serde::Serialize;
use shared::{
    auth,
    context::Context,
    http::{Error, Request, Response, json},
    providers::zoom::ZoomApp,
};

use crate::request;

/// The answer: where to send the user's browser.
#[derive(Serialize)]
struct Started {
    url: String,
}

/// Begins to connect the caller's Zoom account. Nothing is written and nobody is called: all that the callback needs travels sealed
/// in the URL's `state`.
///
/// 1. Authenticate: 401.
/// 2. Parse: 400, 415, 422 for a return target that is not allowed.
/// 3. Seal the flow into the URL at which Zoom asks the user.
/// 4. Answer 200 with that URL, which works for ten minutes.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Parse.
    let return_to = request::return_to(&request, &context.config().return_targets()?)?;

    // (3) Seal.
    let url = ZoomApp::new(context)?.begin(caller.id, &return_to).await?;

    // (4) Answer.
    json::respond(StatusCode::OK, &Started { url })
}
