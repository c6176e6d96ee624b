//! The effects that the outbox holds, and how each is carried out.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    context::Context,
    http::Error,
    providers::zoom::{Grant, ZoomError, ZoomUser},
    validation::ScheduledStart,
};
use uuid::Uuid;

/// A due effect, leased to this delivery.
#[derive(Deserialize)]
pub struct Effect {
    /// Its row.
    pub id: Uuid,
    /// The lease under which it is carried out.
    pub lease_id: Uuid,
    kind: String,
    payload: Value,
    age_seconds: f64,
    zoom: Option<Grant>,
}

/// What became of an effect. The errors are codes: an admin reads them.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It is done, now or before.
    Done,
    /// Try again later.
    Retry {
        /// Why.
        error: String,
    },
    /// It can never be done.
    Dead {
        /// Why.
        error: String,
    },
}

/// A Zoom meeting that was asked for but never committed: it has to go, if it is there.
#[derive(Deserialize)]
struct UncommittedMeeting {
    scheduled_start: ScheduledStart,
    passcode: String,
}

/// A Zoom meeting whose session was cancelled or deleted.
#[derive(Deserialize)]
struct MeetingToDelete {
    meeting_id: String,
}

/// Zoom may list a meeting a moment after it made it: one that is not found is believed to be absent only from this age on.
const BELIEVED_ABSENT_AFTER_SECONDS: f64 = 180.0;

/// Carries out one effect.
pub async fn perform(context: &Context, effect: Effect) -> Outcome {
    let done = match effect.kind.as_str() {
        "zoom.settle_claim" => settle_claim(context, effect).await,
        "zoom.delete_meeting" => delete_meeting(context, effect).await,
        unknown => return Outcome::Dead { error: format!("unknown kind {unknown}") },
    };
    done.unwrap_or_else(|error| match error {
        // The tokens are gone: nobody can reach that account any more.
        ZoomError::NotConnected => Outcome::Dead { error: "zoom_not_connected".to_owned() },
        error => Outcome::Retry { error: Error::from(error).code().to_owned() },
    })
}

async fn settle_claim(context: &Context, effect: Effect) -> Result<Outcome, ZoomError> {
    let Ok(meeting) = UncommittedMeeting::deserialize(&effect.payload) else { return Ok(unreadable()) };
    let mut zoom = ZoomUser::new(context, effect.zoom.ok_or(ZoomError::NotConnected)?).await?;
    match zoom.find_meeting(meeting.scheduled_start, &meeting.passcode).await? {
        Some(found) => zoom.delete_meeting(&found.id.to_string()).await.map(|()| Outcome::Done),
        None if effect.age_seconds < BELIEVED_ABSENT_AFTER_SECONDS => {
            Ok(Outcome::Retry { error: "not_found_yet".to_owned() })
        }
        None => Ok(Outcome::Done),
    }
}

async fn delete_meeting(context: &Context, effect: Effect) -> Result<Outcome, ZoomError> {
    let Ok(meeting) = MeetingToDelete::deserialize(&effect.payload) else { return Ok(unreadable()) };
    let mut zoom = ZoomUser::new(context, effect.zoom.ok_or(ZoomError::NotConnected)?).await?;
    zoom.delete_meeting(&meeting.meeting_id).await.map(|()| Outcome::Done)
}

fn unreadable() -> Outcome {
    Outcome::Dead { error: "unreadable_payload".to_owned() }
}
