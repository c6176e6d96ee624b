//! The effects that the outbox holds, and how each is carried out.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    context::Context,
    http::Error,
    providers::{
        rooms::{self, Recording, RoomsError},
        zoom::{Grant, Mark, MeetingPlan, ZoomError, ZoomUser},
    },
    validation::ScheduledTime,
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
    /// The host's grant, for what is done at Zoom.
    zoom: Option<Grant>,
}

/// What became of an effect.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It is done, or there is nothing to do.
    Done {
        /// Where the recording is that was looked for, if it is anywhere.
        #[serde(skip_serializing_if = "Option::is_none")]
        recording_url: Option<String>,
    },
    /// The meeting of a session that is to come is not at Zoom any more.
    Gone,
    /// It has to be tried again.
    Retry {
        /// Why: a code, for an admin.
        error: String,
        /// Seconds until it is worth another try, where that is known.
        retry_after: Option<u64>,
    },
}

impl Outcome {
    /// Without anything to store.
    const DONE: Self = Self::Done { recording_url: None };
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
    /// A recording is told of before it can be had.
    #[error("not_ready_yet")]
    NotReadyYet,
    #[error("out_of_time")]
    OutOfTime,
    /// Others took the time of this delivery.
    #[error("not_started")]
    NotStarted,
    #[error("{}", .0.code())]
    Failed(Error),
}

impl From<Undone> for Outcome {
    fn from(undone: Undone) -> Self {
        // How long Zoom takes no more: a try before that is none. Nor is what was not tried.
        let retry_after = match &undone {
            Undone::NotStarted => Some(0),
            Undone::Failed(Error::Refused { retry_after, .. }) => retry_after.map(|wait| wait.as_secs()),
            _ => None,
        };
        Self::Retry { error: undone.to_string(), retry_after }
    }
}

impl From<ZoomError> for Undone {
    fn from(error: ZoomError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<RoomsError> for Undone {
    fn from(error: RoomsError) -> Self {
        match error {
            // Asked of another server than this deployment has now.
            RoomsError::NotOffered => Self::UnknownKind,
            error => Self::Failed(error.into()),
        }
    }
}

/// Until when the effects of one delivery may be started, and the meetings of claims deleted. A lease lasts 60 seconds; then a request
/// may take a claim over and commit its meeting, which must not be deleted after that. Deleting one that nobody is in takes up
/// to 15 seconds.
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
    scheduled_start: ScheduledTime,
    passcode: String,
}

/// A Zoom meeting whose session is over, cancelled or deleted.
#[derive(Deserialize)]
struct ClosedMeeting {
    meeting_id: String,
}

/// A Zoom meeting that may be other than its session says.
#[derive(Deserialize)]
struct MeetingToSync {
    /// What the session says now; nothing when it is no longer there, or no longer to come.
    meeting: Option<MeetingPlan>,
}

/// The room of a meeting that is over.
#[derive(Deserialize)]
struct ClosedRoom {
    room: String,
}

/// A recording of which only the id is known.
#[derive(Deserialize)]
struct UnknownRecording {
    recording_id: String,
}

/// What has to be done.
enum Task {
    Zoom(ZoomTask),
    CloseRoom(ClosedRoom),
    FetchRecording(UnknownRecording),
}

/// What has to be done as a user at Zoom.
enum ZoomTask {
    SettleClaim(UncommittedMeeting),
    Delete(ClosedMeeting),
    End(ClosedMeeting),
    Sync(MeetingPlan),
}

impl Task {
    /// None when nothing is left to be done.
    fn parse(kind: &str, payload: &Value) -> Result<Option<Self>, Undone> {
        Ok(Some(match kind {
            "zoom.settle_claim" => Self::Zoom(ZoomTask::SettleClaim(read(payload)?)),
            "zoom.delete_meeting" => Self::Zoom(ZoomTask::Delete(read(payload)?)),
            "zoom.end_meeting" => Self::Zoom(ZoomTask::End(read(payload)?)),
            "zoom.sync_meeting" => match read::<MeetingToSync>(payload)?.meeting {
                Some(plan) => Self::Zoom(ZoomTask::Sync(plan)),
                None => return Ok(None),
            },
            "openvidu.close_room" => Self::CloseRoom(read(payload)?),
            "openvidu.fetch_recording" => Self::FetchRecording(read(payload)?),
            _ => return Err(Undone::UnknownKind),
        }))
    }
}

fn read<'a, T: Deserialize<'a>>(payload: &'a Value) -> Result<T, Undone> {
    T::deserialize(payload).map_err(|_| Undone::UnreadablePayload)
}

/// A meeting that is not found is believed to be absent only from this age of its claim on.
const BELIEVED_ABSENT_AFTER_SECONDS: i64 = 180;

/// Carries out one effect, as long as `lease` allows.
pub(crate) async fn perform(context: &Context, effect: Effect, lease: Lease) -> Result<Outcome, Undone> {
    if context.clock().now() > lease.start_until {
        return Err(Undone::NotStarted);
    }
    // Before Zoom: for what needs nothing of it, the user need not be connected any more.
    match Task::parse(&effect.kind, &effect.payload)? {
        None => Ok(Outcome::DONE),
        Some(Task::Zoom(task)) => {
            let grant = effect.zoom.ok_or(Undone::UnreadablePayload)?;
            at_zoom(context, task, grant, effect.age_seconds, lease.delete_until).await
        }
        Some(Task::CloseRoom(ClosedRoom { room })) => {
            rooms::rooms(context).map_err(Undone::Failed)?.close(&room).await?;
            Ok(Outcome::DONE)
        }
        Some(Task::FetchRecording(UnknownRecording { recording_id })) => {
            match rooms::rooms(context).map_err(Undone::Failed)?.recording(&recording_id).await? {
                Recording::Ready(url) => Ok(Outcome::Done { recording_url: Some(url) }),
                Recording::NotYet => Err(Undone::NotReadyYet),
                Recording::Nowhere => Ok(Outcome::DONE),
            }
        }
    }
}

async fn at_zoom(
    context: &Context,
    task: ZoomTask,
    grant: Grant,
    age_seconds: i64,
    delete_until: DateTime<Utc>,
) -> Result<Outcome, Undone> {
    let mut zoom = ZoomUser::new(context, grant).await?;
    match task {
        ZoomTask::SettleClaim(meeting) => {
            settle_claim(context, &mut zoom, &meeting, age_seconds, delete_until).await?;
        }
        ZoomTask::Delete(meeting) => zoom.delete_meeting(&meeting.meeting_id).await?,
        ZoomTask::End(meeting) => zoom.end_meeting(&meeting.meeting_id).await?,
        ZoomTask::Sync(plan) => match zoom.update_meeting(&plan).await {
            Err(ZoomError::NotFound) => return Ok(Outcome::Gone),
            other => other?,
        },
    }
    Ok(Outcome::DONE)
}

/// Nothing here is cut short, because a rotated token has to be saved: the time is looked at between the calls.
async fn settle_claim(
    context: &Context,
    zoom: &mut ZoomUser<'_>,
    meeting: &UncommittedMeeting,
    age_seconds: i64,
    delete_until: DateTime<Utc>,
) -> Result<(), Undone> {
    let mark = Mark { topic: &meeting.topic, start: meeting.scheduled_start, passcode: &meeting.passcode };
    match zoom.find_meeting(mark, delete_until).await? {
        Some(_) if context.clock().now() >= delete_until => Err(Undone::OutOfTime),
        Some(found) => Ok(zoom.delete_meeting(&found.id.to_string()).await?),
        None if age_seconds < BELIEVED_ABSENT_AFTER_SECONDS => Err(Undone::NotFoundYet),
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "effects_tests.rs"]
mod tests;
