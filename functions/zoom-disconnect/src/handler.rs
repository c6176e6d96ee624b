//! The steps of `zoom-disconnect`.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    auth,
    context::Context,
    http::{Error, Note, Request, Response, json},
    providers::zoom::{ZoomApp, ZoomError},
    supabase::rpc_as_service,
};
use uuid::Uuid;

/// The answer, however often it is asked for.
#[derive(Serialize)]
struct Disconnected {
    status: &'static str,
}

/// What was stored until now: the sealed access token, if anything.
#[derive(Deserialize)]
struct Deleted {
    access_token: Option<String>,
}

/// Ends the caller's connection to Zoom.
///
/// 1. Authenticate: 401.
/// 2. Delete the tokens here. From now on nothing is done at Zoom for this user.
/// 3. Revoke the grant at Zoom, if there was one. That it fails is for the log: the caller is disconnected all the same.
/// 4. Answer 200.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Delete.
    let arguments = json!({"user_id": caller.id});
    let deleted: Deleted = rpc_as_service(context, "disconnect_zoom", &arguments).await?;

    // (3) Revoke.
    if let Some(access_token) = deleted.access_token
        && let Err(error) = revoke(context, caller.id, &access_token).await
    {
        let note = Note { code: "zoom_not_revoked", cause: Some(error.to_string()), is_fault: false };
        context.note.set(Some(note));
    }

    // (4) Answer.
    json::respond(StatusCode::OK, &Disconnected { status: "disconnected" })
}

async fn revoke(context: &Context, user_id: Uuid, access_token: &str) -> Result<(), ZoomError> {
    ZoomApp::new(context)?.revoke_sealed(user_id, access_token).await
}
