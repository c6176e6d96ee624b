//! `POST /meetings/:meetingId/remove` and `/readmit`: the tutor puts a guest out for good, or lets them in again.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    auth,
    context::Context,
    http::{Error, Request, Response, json, json::required},
    supabase,
    video_meetings::{MeetingId, MeetingPasscode},
};
use uuid::Uuid;

use crate::{link, route};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    participant_id: Option<Uuid>,
}

/// Removes a guest. Twice is the same as once.
///
/// 1. Authenticate: 401.
/// 2. Parse: 400, 404, 415, 422.
/// 3. Let the database authorise, take the guest out, and give the meeting the passcode that is drawn here: 404, 409.
/// 4. Answer 200 with the meeting, whose passcode and link are new.
pub(crate) async fn remove(context: &Context, request: &Request, segment: &str) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Parse. A deployment without a page for the link has no new one.
    let (meeting_id, participant_id) = parse(request, segment)?;
    let page = context.config().pages.video_meeting_url()?;

    // (3) Remove.
    let passcode = MeetingPasscode::generate()?;
    let arguments = json!({
        "meeting_id": meeting_id,
        "caller": caller.id,
        "participant_id": participant_id,
        "passcode": passcode.expose(),
    });
    let mut meeting: Value = supabase::rpc_for_caller(context, "remove_video_participant", &arguments).await?;

    // (4) Answer.
    link::add(page, &mut meeting)?;
    json::respond(StatusCode::OK, &meeting)
}

/// Takes a removal back. Twice is the same as once.
///
/// 1. Authenticate: 401.
/// 2. Parse: 400, 404, 415, 422.
/// 3. Let the database authorise and take it back: 404, 409.
/// 4. Answer 200.
pub(crate) async fn readmit(context: &Context, request: &Request, segment: &str) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Parse.
    let (meeting_id, participant_id) = parse(request, segment)?;

    // (3) Readmit.
    let arguments = json!({"meeting_id": meeting_id, "caller": caller.id, "participant_id": participant_id});
    let readmitted: Value = supabase::rpc_for_caller(context, "readmit_video_participant", &arguments).await?;

    // (4) Answer.
    json::respond(StatusCode::OK, &readmitted)
}

fn parse(request: &Request, segment: &str) -> Result<(MeetingId, Uuid), Error> {
    let meeting_id = route::meeting_id(segment)?;
    let Body { participant_id } = json::read(request)?;
    Ok((meeting_id, required(participant_id, "participantId")?))
}
