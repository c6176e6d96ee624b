//! The steps of `update-video-session`.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    auth,
    context::Context,
    http::{Error, Request, Response, json},
    providers::zoom::{Grant, MeetingPlan},
    supabase::{
        self,
        outbox::{Effect, Progress},
    },
};

use crate::{
    request::{Action, Body, ChangeRequest},
    zoom_change::{self, Started},
};

/// The answer: the session's row, and what became of its meeting.
#[derive(Serialize)]
struct Changed {
    session: Value,
    /// Signs its bearer in as the host: for the caller, who is the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zoom: Option<Progress>,
}

/// What the database made of the request.
#[derive(Deserialize)]
struct Begun {
    outcome: Outcome,
    session: Value,
    meeting_id: Option<String>,
    /// What the meeting has to be like after a reschedule.
    meeting: Option<MeetingPlan>,
    effect: Option<Effect>,
    zoom: Option<Grant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// Nothing is to be done at Zoom.
    Done,
    /// Zoom has a part in it.
    Zoom,
}

/// Changes a session.
///
/// 1. Authenticate: 401.
/// 2. Parse: 400, 415, 422.
/// 3. Let the database authorise and begin: 404, 409, 422. What needs nothing of Zoom is done with that. A cancelled
///    or ended session is written already, and its meeting is left to this request and, if that fails, to the outbox.
/// 4. Zoom sessions only: change the meeting, and commit what depends on Zoom's answer: 409, 429, 502, 503, 504.
/// 5. Answer 200 with the session.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Parse.
    let change = ChangeRequest::parse(json::read::<Body>(&request)?, context.clock().now())?;

    // (3) Begin.
    let begun: Begun = supabase::rpc_as(context, &caller, "begin_session_change", &change).await?;

    // (4) Change the meeting.
    let changed = match begun.outcome {
        Outcome::Done => Changed { session: begun.session, start_url: None, zoom: None },
        Outcome::Zoom => change_meeting(context, &change, begun).await?,
    };

    // (5) Answer.
    json::respond(StatusCode::OK, &changed)
}

async fn change_meeting(context: &Context, change: &ChangeRequest, begun: Begun) -> Result<Changed, Error> {
    match (change.action, begun) {
        (
            Action::Cancel | Action::End,
            Begun { session, meeting_id: Some(meeting_id), effect: Some(effect), zoom: Some(grant), .. },
        ) => {
            let at_zoom = zoom_change::close(context, change.action, &meeting_id, &effect, grant).await;
            Ok(Changed { session, start_url: None, zoom: Some(at_zoom) })
        }
        (Action::Reschedule, Begun { meeting: Some(plan), effect: Some(effect), zoom: Some(grant), .. }) => {
            let session = zoom_change::reschedule(context, &change.changes, &plan, &effect, grant).await?;
            Ok(Changed { session, start_url: None, zoom: Some(Progress::Done) })
        }
        (Action::Start, Begun { meeting_id: Some(meeting_id), zoom: Some(grant), .. }) => {
            let Started { session, start_url } =
                zoom_change::start(context, change.session_id, &meeting_id, grant).await?;
            Ok(Changed { session, start_url: Some(start_url), zoom: None })
        }
        _ => Err(Error::Internal("begin_session_change: an incomplete answer".to_owned())),
    }
}
