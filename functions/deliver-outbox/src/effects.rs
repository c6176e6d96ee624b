//! The effects that the outbox holds, and how each is carried out.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use shared::{
    context::Context,
    http::Error,
    providers::zoom::{Grant, Mark, ZoomError, ZoomUser},
    validation::ScheduledStart,
};
use uuid::Uuid;

/// A due effect, leased to this delivery.
#[derive(Deserialize)]
pub(crate) struct Effect {
    pub(crate) id: Uuid,
    /// The lease under which it is carried out.
    pub(crate) lease_id: Uuid,
    kind: String,
    payload: Value,
    age_seconds: i64,
    zoom: Grant,
}

/// Why an effect is not done. Each is tried again: a function of a later version may know the kind, the user may connect Zoom again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undone {
    #[error("unknown_kind")]
    UnknownKind,
    #[error("unreadable_payload")]
    UnreadablePayload,
    /// Zoom may list a meeting a moment after it made it.
    #[error("not_found_yet")]
    NotFoundYet,
    #[error("out_of_time")]
    OutOfTime,
    #[error("{}", .0.code())]
    Failed(Error),
}

impl From<ZoomError> for Undone {
    fn from(error: ZoomError) -> Self {
        Self::Failed(error.into())
    }
}

/// Until when the effects of one delivery may be started, and the meetings of claims deleted. A lease lasts 60 seconds; then a request
/// may take a claim over and commit its meeting, which must not be deleted after that. A deletion takes up to 15 seconds.
#[derive(Clone, Copy)]
pub(crate) struct Lease {
    start_until: DateTime<Utc>,
    delete_until: DateTime<Utc>,
}

impl Lease {
    /// For leases that are taken from `now` on.
    pub(crate) fn since(now: DateTime<Utc>) -> Self {
        Self { start_until: now + TimeDelta::seconds(25), delete_until: now + TimeDelta::seconds(40) }
    }
}

/// A Zoom meeting that was asked for but never committed: it has to go, if it is there.
#[derive(Deserialize)]
struct UncommittedMeeting {
    topic: String,
    scheduled_start: ScheduledStart,
    passcode: String,
}

/// A Zoom meeting whose session was cancelled or deleted.
#[derive(Deserialize)]
struct MeetingToDelete {
    meeting_id: String,
}

/// A meeting that is not found is believed to be absent only from this age of its claim on.
const BELIEVED_ABSENT_AFTER_SECONDS: i64 = 180;

/// Carries out one effect, as long as `lease` allows.
pub(crate) async fn perform(context: &Context, effect: Effect, lease: Lease) -> Result<(), Undone> {
    if context.clock().now() > lease.start_until {
        return Err(Undone::OutOfTime);
    }
    let mut zoom = ZoomUser::new(context, effect.zoom).await?;
    match effect.kind.as_str() {
        "zoom.settle_claim" => {
            settle_claim(context, &mut zoom, &effect.payload, effect.age_seconds, lease.delete_until).await
        }
        "zoom.delete_meeting" => delete_meeting(&mut zoom, &effect.payload).await,
        _ => Err(Undone::UnknownKind),
    }
}

/// Nothing here is cut short, because a rotated token has to be saved: the time is looked at between the calls.
async fn settle_claim(
    context: &Context,
    zoom: &mut ZoomUser<'_>,
    payload: &Value,
    age_seconds: i64,
    delete_until: DateTime<Utc>,
) -> Result<(), Undone> {
    let meeting = UncommittedMeeting::deserialize(payload).map_err(|_| Undone::UnreadablePayload)?;
    let mark = Mark { topic: &meeting.topic, start: meeting.scheduled_start, passcode: &meeting.passcode };
    match zoom.find_meeting(mark, delete_until).await? {
        Some(_) if context.clock().now() >= delete_until => Err(Undone::OutOfTime),
        Some(found) => Ok(zoom.delete_meeting(&found.id.to_string()).await?),
        None if age_seconds < BELIEVED_ABSENT_AFTER_SECONDS => Err(Undone::NotFoundYet),
        None => Ok(()),
    }
}

async fn delete_meeting(zoom: &mut ZoomUser<'_>, payload: &Value) -> Result<(), Undone> {
    let meeting = MeetingToDelete::deserialize(payload).map_err(|_| Undone::UnreadablePayload)?;
    Ok(zoom.delete_meeting(&meeting.meeting_id).await?)
}

#[cfg(test)]
#[path = "effects_tests.rs"]
mod tests;
