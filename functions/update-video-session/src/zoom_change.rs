//! The part of a change that is Zoom's. The session and its meeting never stay apart silently:
//! - closing a session is written before Zoom is asked, with an effect in the outbox: what fails here is done there;
//! - a move is written after Zoom made it, and the effect that was written before makes the meeting agree with the
//!   row, whichever of the two was not reached;
//! - starting only reads at Zoom.

use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};
use shared::{
    context::Context,
    http::Error,
    providers::zoom::{Grant, MeetingPlan, ZoomError, ZoomUser},
    supabase::{
        outbox::{Effect, Progress},
        rpc_as_service,
    },
};
use uuid::Uuid;

use crate::request::{Action, Changes};

/// A session that its host may open now.
pub(crate) struct Started {
    pub(crate) session: Value,
    pub(crate) start_url: String,
}

#[derive(Deserialize)]
struct Committed {
    session: Option<Value>,
}

/// From then on, about, the outbox has a move that was left open: a lease lasts 60 seconds.
const UNSETTLED_RETRY: Duration = Duration::from_mins(1);

/// Deletes or ends the meeting of a session that the database has closed. Whatever goes wrong, the outbox does it
/// later.
pub(crate) async fn close(
    context: &Context,
    action: Action,
    meeting_id: &str,
    effect: &Effect,
    grant: Grant,
) -> Progress {
    let closed = async {
        let mut zoom = ZoomUser::new(context, grant).await?;
        match action {
            Action::End => zoom.end_meeting(meeting_id).await,
            _ => zoom.delete_meeting(meeting_id).await,
        }
    };
    let failure = closed.await.err().map(Error::from);
    effect.settle(context, failure.as_ref()).await
}

/// Moves the meeting and then the session. Answers with the session's row.
pub(crate) async fn reschedule(
    context: &Context,
    changes: &Changes,
    plan: &MeetingPlan,
    effect: &Effect,
    grant: Grant,
) -> Result<Value, Error> {
    let mut zoom = match ZoomUser::new(context, grant).await {
        Ok(zoom) => zoom,
        // Nothing was asked of the meeting yet, whatever it was.
        Err(error) => return Err(abandon(context, effect, error).await),
    };
    match zoom.update_meeting(plan).await {
        Ok(()) => commit(context, changes, effect).await,
        // The answer is lost, the move perhaps not: the outbox moves the meeting to where the session still is.
        Err(error) if error.leaves_it_open() => {
            let error = Error::from(error);
            effect.settle(context, Some(&error)).await;
            Err(error)
        }
        Err(error) => Err(abandon(context, effect, error).await),
    }
}

/// Gets a fresh start link, and only then lets the session begin.
pub(crate) async fn start(
    context: &Context,
    session_id: Uuid,
    meeting_id: &str,
    grant: Grant,
) -> Result<Started, Error> {
    let mut zoom = ZoomUser::new(context, grant).await?;
    let start_url = zoom.start_url(meeting_id).await.map_err(told)?;
    let arguments = json!({"session_id": session_id, "start_url": start_url});
    let committed: Committed = rpc_as_service(context, "commit_zoom_start", &arguments).await?;
    let session = committed.session.ok_or_else(|| {
        Error::refused(StatusCode::CONFLICT, "invalid_transition", "The session was closed in the meantime.")
    })?;
    Ok(Started { session, start_url })
}

async fn commit(context: &Context, changes: &Changes, effect: &Effect) -> Result<Value, Error> {
    let arguments = json!({"effect_id": effect.id, "lease_id": effect.lease_id, "changes": changes});
    // When this fails, the move may have been written all the same; the outbox finds out.
    match rpc_as_service::<Committed>(context, "commit_zoom_reschedule", &arguments).await {
        Ok(Committed { session: Some(session) }) => Ok(session),
        Ok(Committed { session: None }) | Err(Error::Unavailable(_)) => Err(Error::refused_for(
            StatusCode::SERVICE_UNAVAILABLE,
            "session_unsettled",
            "Whether the session was moved is not known yet. Look at it in a minute.",
            UNSETTLED_RETRY,
        )),
        Err(error) => Err(error),
    }
}

/// Zoom did nothing, so the session stays as it is, and the caller hears why.
async fn abandon(context: &Context, effect: &Effect, error: ZoomError) -> Error {
    let arguments = json!({"effect_id": effect.id, "lease_id": effect.lease_id});
    // If this is lost, the lease lapses by itself and the outbox carries the effect out, which does no harm.
    let _ = rpc_as_service::<IgnoredAny>(context, "abandon_session_change", &arguments).await;
    told(error)
}

/// A meeting that Zoom does not find is one that somebody deleted there.
fn told(error: ZoomError) -> Error {
    match error {
        ZoomError::NotFound => Error::refused(
            StatusCode::CONFLICT,
            "zoom_meeting_gone",
            "The meeting of this session was deleted at Zoom: cancel the session, and create another.",
        ),
        error => error.into(),
    }
}

#[cfg(test)]
#[path = "zoom_change_tests.rs"]
mod tests;
