//! The steps of `instant-sessions`.

use shared::{
    auth,
    context::Context,
    http::{Error, Request, Response, idempotency, json},
};

use crate::{
    create::create,
    decide::decide,
    enter::{join, leave, status},
    request::{Action, Body},
};

/// Does one thing to an instant session, or for somebody in it.
///
/// 1. Identify the caller, who may be a guest: 401.
/// 2. Parse: 400, 415, 422.
/// 3. Let the database authorise and do it: 403, 404, 409, 422, 429. What is for signed-in users alone is 401 for guests,
///    of whom the database does not hear.
/// 4. Who is in the session gets a ticket for its room, and the servers by which browsers reach each other. The TURN service
///    failing costs them the relays and nothing else.
/// 5. Answer 201 with a new session and its link, otherwise 200.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    // (1) Identify.
    let caller = auth::identify(context, &request.headers).await?;

    // (2) Parse.
    let idempotency_key = idempotency::key(&request.headers)?;
    let action = Action::parse(json::read::<Body>(&request)?)?;

    // (3), (4), (5)
    match (action, caller) {
        (Action::Join(request), caller) => join(context, caller.as_ref(), request).await,
        (Action::Status(pass), caller) => status(context, caller.as_ref(), &pass).await,
        (Action::Leave(pass), caller) => leave(context, caller.as_ref(), &pass).await,
        (Action::Create(session), Some(caller)) => create(context, &caller, &session, idempotency_key.as_deref()).await,
        (Action::Decide(decision), Some(caller)) => decide(context, &caller, &decision).await,
        (Action::Create(_) | Action::Decide(_), None) => Err(Error::Unauthenticated("a guest")),
    }
}
