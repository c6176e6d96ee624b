//! The steps of `zoom-oauth-callback`.

use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{LOCATION, REFERRER_POLICY},
};
use serde::Deserialize;
use serde_json::json;
use shared::{
    context::Context,
    http::{Error, Request, Response},
    providers::zoom::{self, ConnectState, NewGrant, ZoomApp},
    supabase::rpc_as_service,
    validation::{ReturnTarget, ReturnTargets},
};

use crate::{failure::Failure, query::Query};

/// What the database made of a grant.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// It is stored, and the flow is over.
    Connected,
    /// The flow was over already.
    StateUsed,
    /// The user was deleted meanwhile.
    UserGone,
}

#[derive(Deserialize)]
struct Stored {
    outcome: Outcome,
}

/// Finishes a connect flow. A browser asks, so whatever happens the answer is 302 to a return target: with `status=connected`, or
/// with `status=error` and a `reason`.
///
/// 1. Read the query and open the state: who, and where to go back to. Without a valid one it is the default target:
///    `state_missing`, `state_invalid`.
/// 2. Refuse a flow that began too long ago: `state_expired`.
/// 3. Hear what the user said at Zoom: `access_denied`.
/// 4. Exchange the code, which works once and only with this flow's verifier: `code_refused`.
/// 5. Check what was granted: `scope_missing`.
/// 6. Ask Zoom whose grant it is: `zoom_failed`.
/// 7. Seal the tokens and store them, ending the flow in the same transaction: `state_used`, `unavailable`.
/// 8. Give back a grant that was not stored.
/// 9. Lead the browser on.
pub(crate) async fn handle(context: &Context, _: Request) -> Result<Response, Error> {
    let query = Query::parse(&context.query);
    let targets = context.config().return_targets()?;
    let (target, outcome) = match open(context, &targets, &query).await {
        Ok((app, flow, target)) => (target, finish(context, &app, &flow, &query).await),
        Err(failure) => (targets.default_target().clone(), Err(failure)),
    };
    redirect(context, &target, outcome)
}

/// The flow that the browser comes back with. Its target is looked up again: it may not be allowed any more.
async fn open<'a>(
    context: &'a Context,
    targets: &ReturnTargets,
    query: &Query,
) -> Result<(ZoomApp<'a>, ConnectState, ReturnTarget), Failure> {
    // (1) Read and open.
    let state = query.state()?;
    let app = ZoomApp::new(context)?;
    let flow = app.resume(state).await.map_err(|_| Failure::StateInvalid)?;
    let target = targets.find(&flow.return_to).ok_or(Failure::StateInvalid)?;
    context.caller_id.set(Some(flow.user_id));
    Ok((app, flow, target))
}

async fn finish(context: &Context, app: &ZoomApp<'_>, flow: &ConnectState, query: &Query) -> Result<(), Failure> {
    // (2) Refuse an old flow.
    if flow.is_expired(context.clock().now()) {
        return Err(Failure::StateExpired);
    }

    // (3) Hear the user.
    let code = query.code()?;

    // (4) Exchange.
    let grant = app.exchange(code, flow).await?;

    // (5) to (7) Check and store.
    let stored = store(context, app, flow, &grant).await;

    // (8) Give back.
    if stored.is_err() {
        // Best effort: nothing holds its tokens any more, and connecting again replaces it.
        let _ = app.revoke(&grant).await;
    }
    stored
}

async fn store(context: &Context, app: &ZoomApp<'_>, flow: &ConnectState, grant: &NewGrant) -> Result<(), Failure> {
    // (5) Check.
    if !zoom::allow_everything(grant.scope()) {
        return Err(Failure::ScopeMissing);
    }

    // (6) Ask whose it is.
    let account = app.account(grant).await?;

    // (7) Seal and store.
    let tokens = app.seal(grant, flow.user_id).await?;
    let arguments = json!({
        "user_id": flow.user_id,
        "state_nonce": flow.nonce,
        "state_expires_at": flow.expires_at,
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "expires_at": tokens.expires_at,
        "scope": tokens.scope,
        "zoom_user_id": account.id,
        "zoom_account_id": account.account_id,
        "zoom_account_email": account.email,
    });
    match rpc_as_service::<Stored>(context, "connect_zoom", &arguments).await?.outcome {
        Outcome::Connected => Ok(()),
        Outcome::StateUsed => Err(Failure::StateUsed),
        Outcome::UserGone => Err(Failure::StateInvalid),
    }
}

/// (9) The way on, which carries no secret, and does not tell where it came from: the callback's URL has the code in it.
fn redirect(context: &Context, target: &ReturnTarget, outcome: Result<(), Failure>) -> Result<Response, Error> {
    let location = match &outcome {
        Ok(()) => target.with_outcome("connected", None),
        Err(failure) => target.with_outcome("error", Some(failure.reason())),
    };
    let location =
        HeaderValue::try_from(location).map_err(|_| Error::Internal("a return target is no header".to_owned()))?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(LOCATION, location);
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Err(failure) = outcome {
        context.note.set(Some(failure.note()));
    }
    Ok(response)
}

#[cfg(test)]
#[path = "handler_tests.rs"]
mod tests;
