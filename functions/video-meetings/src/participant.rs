//! Who is in a meeting: listing them, leaving it, and being muted there.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    auth::{self, Caller},
    context::Context,
    http::{Error, Request, Response, json, json::required},
    meetings::MeetingId,
    supabase,
};
use uuid::Uuid;

use crate::route;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LeaveBody {
    session_id: Option<Uuid>,
    user_id: Option<Uuid>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MuteBody {
    is_muted: Option<bool>,
    session_id: Option<Uuid>,
    user_id: Option<Uuid>,
}

/// The arguments of `video_meeting_participants`.
#[derive(Serialize)]
struct ListArguments {
    meeting_id: MeetingId,
}

/// The arguments of `leave_video_meeting`.
#[derive(Serialize)]
struct LeaveArguments {
    meeting_id: MeetingId,
    caller: Option<Uuid>,
    session_id: Option<Uuid>,
}

/// The arguments of `mute_video_participant`.
#[derive(Serialize)]
struct MuteArguments {
    meeting_id: MeetingId,
    caller: Option<Uuid>,
    session_id: Option<Uuid>,
    user_id: Option<Uuid>,
    is_muted: bool,
}

/// The user is the token's. 403 when a request says that it is another.
pub(crate) fn refuse_another_user(caller: Option<&Caller>, user_id: Option<Uuid>) -> Result<(), Error> {
    if user_id.is_none() || user_id == caller.map(|caller| caller.id) {
        return Ok(());
    }
    Err(Error::Refused {
        status: StatusCode::FORBIDDEN,
        code: "not_the_caller".into(),
        message: "userId is the caller's own, or left out".into(),
        field: Some("userId".to_owned()),
        retry_after: None,
    })
}

/// `GET /meetings/:meetingId/participants`, for the parties.
///
/// 1. Authenticate: 401.
/// 2. Parse: 404.
/// 3. Let the database authorise: 404.
/// 4. Answer 200 with who is or was there.
pub(crate) async fn list(context: &Context, request: &Request, segment: &str) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, request.headers()).await?;

    // (2) Parse.
    let arguments = ListArguments { meeting_id: route::meeting_id(segment)? };

    // (3) List.
    let participants: Value = supabase::rpc_as(context, &caller, "video_meeting_participants", &arguments).await?;

    // (4) Answer.
    json::respond(StatusCode::OK, &participants)
}

/// `POST /meetings/:meetingId/leave`. A user needs no body. Twice is the same as once.
///
/// 1. Identify: a guest has no token; 401 for a bad one.
/// 2. Parse: 400, 404, 415, 422; 403 when the user is somebody else.
/// 3. Let the database find the participant, a guest by the session id: 404.
/// 4. Answer 200.
pub(crate) async fn leave(context: &Context, request: &Request, segment: &str) -> Result<Response, Error> {
    // (1) Identify.
    let caller = auth::identify(context, request.headers()).await?;

    // (2) Parse.
    let meeting_id = route::meeting_id(segment)?;
    let LeaveBody { session_id, user_id } =
        if request.body().is_empty() { LeaveBody::default() } else { json::read(request)? };
    refuse_another_user(caller.as_ref(), user_id)?;

    // (3) Leave.
    let arguments = LeaveArguments { meeting_id, caller: caller.map(|caller| caller.id), session_id };
    let left: Value = supabase::rpc_for_caller(context, "leave_video_meeting", &arguments).await?;

    // (4) Answer.
    json::respond(StatusCode::OK, &left)
}

/// `POST /meetings/:meetingId/mute`: oneself, or, as the tutor, another user.
///
/// 1. Identify: a guest has no token; 401 for a bad one.
/// 2. Parse: 400, 404, 415, 422.
/// 3. Let the database find the participant, a guest by the session id, and authorise: 403, 404.
/// 4. Answer 200.
pub(crate) async fn mute(context: &Context, request: &Request, segment: &str) -> Result<Response, Error> {
    // (1) Identify.
    let caller = auth::identify(context, request.headers()).await?;

    // (2) Parse.
    let meeting_id = route::meeting_id(segment)?;
    let MuteBody { is_muted, session_id, user_id } = json::read(request)?;
    let is_muted = required(is_muted, "isMuted")?;

    // (3) Mute.
    let caller = caller.map(|caller| caller.id);
    let arguments = MuteArguments { meeting_id, caller, session_id, user_id, is_muted };
    let muted: Value = supabase::rpc_for_caller(context, "mute_video_participant", &arguments).await?;

    // (4) Answer.
    json::respond(StatusCode::OK, &muted)
}
