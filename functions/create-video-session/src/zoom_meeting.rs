//! Making a Zoom meeting exactly once.
//!
//! The claim is a row of the outbox, written before anything is asked of Zoom, and it holds the passcode by which the meeting can be
//! found. Whoever holds its lease may act. So, whatever breaks:
//! - one claim lets Zoom make at most one meeting: a request that takes over an unsettled claim only looks for it;
//! - committing the session and closing the claim are one transaction;
//! - a claim that nobody commits is undone through the outbox, which finds the meeting and deletes it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};
use shared::{
    context::Context,
    http::Error,
    providers::zoom::{Grant, Mark, Meeting, NewMeeting, ZoomError, ZoomUser},
    supabase::rpc_as_service,
    validation::{Description, Timezone},
};
use uuid::Uuid;

use crate::request::SessionRequest;

/// The right to make one meeting, for as long as the lease lasts.
#[derive(Deserialize)]
pub(crate) struct Claim {
    id: Uuid,
    lease_id: Uuid,
    passcode: String,
    /// An earlier request may have made the meeting: look for it, and never create another.
    reconcile: bool,
}

#[derive(Deserialize)]
struct Commit {
    /// Without one the claim is another's by now, or was given up; then the database has the meeting deleted.
    session: Option<Value>,
}

/// Why there is no meeting to commit.
struct Failure {
    error: Error,
    /// Whether it is certain that this claim left no meeting at Zoom.
    nothing_created: bool,
}

/// When a claim that cannot be settled yet is worth another try.
const UNSETTLED_RETRY: Duration = Duration::from_secs(30);
/// The caller waits meanwhile.
const LONGEST_SEARCH: TimeDelta = TimeDelta::seconds(20);

/// Makes the meeting, or finds the one that an earlier request left, and commits the session. Answers with its row.
pub(crate) async fn settle(
    context: &Context,
    request: &SessionRequest,
    claim: &Claim,
    grant: Grant,
) -> Result<Value, Error> {
    match obtain_meeting(context, request, claim, grant).await {
        Ok(meeting) => commit(context, claim, &meeting).await,
        Err(Failure { error, nothing_created }) => {
            let arguments =
                json!({"claim_id": claim.id, "lease_id": claim.lease_id, "nothing_created": nothing_created});
            // If this is lost too, the lease lapses by itself and the outbox settles the claim.
            let _ = rpc_as_service::<IgnoredAny>(context, "release_zoom_claim", &arguments).await;
            Err(error)
        }
    }
}

async fn obtain_meeting(
    context: &Context,
    request: &SessionRequest,
    claim: &Claim,
    grant: Grant,
) -> Result<Meeting, Failure> {
    let fail = |error: ZoomError| {
        let nothing_created = !claim.reconcile && !error.leaves_it_open();
        Failure { error: error.into(), nothing_created }
    };
    let mut zoom = ZoomUser::new(context, grant).await.map_err(|error| Failure {
        error: error.into(),
        // Nothing was asked of Zoom's meetings yet.
        nothing_created: !claim.reconcile,
    })?;
    let mark = Mark { topic: request.title.as_str(), start: request.scheduled_start, passcode: &claim.passcode };
    if claim.reconcile {
        let found = zoom.find_meeting(mark, search_until(context)).await.map_err(fail)?;
        return found.ok_or_else(|| Failure { error: unsettled(), nothing_created: false });
    }
    let meeting = NewMeeting {
        mark,
        agenda: request.description.as_ref().map(Description::as_str),
        duration_minutes: request.duration_minutes.minutes(),
        timezone: request.timezone.as_ref().map_or("UTC", Timezone::as_str),
    };
    match zoom.create_meeting(&meeting).await {
        // The answer is lost, the meeting perhaps is not.
        Err(error) if error.leaves_it_open() => match zoom.find_meeting(mark, search_until(context)).await {
            Ok(Some(meeting)) => Ok(meeting),
            _ => Err(fail(error)),
        },
        other => other.map_err(fail),
    }
}

async fn commit(context: &Context, claim: &Claim, meeting: &Meeting) -> Result<Value, Error> {
    let arguments = json!({
        "claim_id": claim.id,
        "lease_id": claim.lease_id,
        "meeting": {
            "id": meeting.id,
            "join_url": meeting.join_url,
            "start_url": meeting.start_url,
            "passcode": claim.passcode,
            "zoom_user_id": meeting.host_id,
        },
    });
    // When this fails the meeting stays: the commit may have been done, and the claim says what to look for.
    let committed: Commit = rpc_as_service(context, "commit_zoom_session", &arguments).await?;
    committed.session.ok_or_else(unsettled)
}

fn search_until(context: &Context) -> DateTime<Utc> {
    context.clock().now() + LONGEST_SEARCH
}

fn unsettled() -> Error {
    Error::refused_for(
        StatusCode::SERVICE_UNAVAILABLE,
        "session_unsettled",
        "Whether Zoom made this meeting is not known yet. Ask again with the same Idempotency-Key.",
        UNSETTLED_RETRY,
    )
}
