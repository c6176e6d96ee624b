//! `GET /meetings/:meetingId`: the meeting, for its parties and admins, or for whoever has its passcode.

use http::StatusCode;
use serde_json::{Value, json};
use shared::{
    auth,
    context::Context,
    http::{Error, Headers, Request, Response, json},
    supabase,
    video_meetings::MeetingPasscode,
};

use crate::{address, route};

/// A passcode in the URL would stand in every log on the way.
const PASSCODE_HEADER: &str = "x-meeting-passcode";

/// Reads a meeting.
///
/// 1. Identify: a guest has no token; 401 for a bad one.
/// 2. Parse: 404, 422.
/// 3. Let the database find out whose the meeting is, or try the passcode: 404, 429.
/// 4. Answer 200 with the meeting. Whoever came by the passcode learns when it is, and nothing else.
pub(crate) async fn handle(context: &Context, request: &Request, segment: &str) -> Result<Response, Error> {
    // (1) Identify.
    let caller = auth::identify(context, &request.headers).await?;

    // (2) Parse.
    let meeting_id = route::meeting_id(segment)?;
    let passcode = passcode(&request.headers)?;

    // (3) Find.
    let arguments = json!({
        "meeting_id": meeting_id,
        "caller": caller.map(|caller| caller.id),
        "address": address::client(&context.config().client_address_header, &request.headers),
        "passcode": passcode.as_ref().map(MeetingPasscode::expose),
    });
    let meeting: Value = supabase::rpc_for_caller(context, "read_video_meeting", &arguments).await?;

    // (4) Answer.
    json::respond(StatusCode::OK, &meeting)
}

fn passcode(headers: &Headers) -> Result<Option<MeetingPasscode>, Error> {
    let passcode = headers.get(PASSCODE_HEADER).map(MeetingPasscode::try_from).transpose();
    passcode.map_err(|error| Error::invalid(PASSCODE_HEADER, error.to_string()))
}
