//! Making a Zoom meeting exactly once.
//!
//! The claim is a row of the outbox, written before anything is asked of Zoom, and it holds the passcode by which the meeting can be
//! found. Whoever holds its lease may act. So, whatever breaks:
//! - one claim asks Zoom to create at most once: a request that takes over an unsettled claim only looks for the meeting;
//! - committing the session and closing the claim are one transaction;
//! - a claim that nobody commits is undone through the outbox, which finds the meeting and deletes it.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    context::Context,
    http::Error,
    providers::zoom::{Grant, Meeting, NewMeeting, ZoomError, ZoomUser},
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
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Commit {
    Created {
        session: Value,
    },
    /// Another request took the claim over; it or the outbox settles it.
    LeaseLost,
    /// The outbox gave the claim up before this meeting was there.
    Undone,
}

/// Why there is no meeting to commit.
struct Failure {
    error: Error,
    /// Whether it is certain that this claim left no meeting at Zoom.
    nothing_created: bool,
}

/// When a claim that cannot be settled yet is worth another try.
const UNSETTLED_RETRY: Duration = Duration::from_secs(30);

/// Makes the meeting, or finds the one that an earlier request left, and commits the session. Answers with its row.
pub(crate) async fn settle(
    context: &Context,
    request: &SessionRequest,
    claim: &Claim,
    grant: Grant,
) -> Result<Value, Error> {
    match obtain_meeting(context, request, claim, grant).await {
        Ok((mut zoom, meeting)) => commit(context, claim, &mut zoom, &meeting).await,
        Err(Failure { error, nothing_created }) => {
            let arguments =
                json!({"claim_id": claim.id, "lease_id": claim.lease_id, "nothing_created": nothing_created});
            // If this is lost too, the lease lapses by itself and the outbox settles the claim.
            let _ = rpc_as_service::<Value>(context, "release_zoom_claim", &arguments).await;
            Err(error)
        }
    }
}

async fn obtain_meeting<'a>(
    context: &'a Context,
    request: &SessionRequest,
    claim: &Claim,
    grant: Grant,
) -> Result<(ZoomUser<'a>, Meeting), Failure> {
    let fail = |error: ZoomError| {
        let nothing_created = !claim.reconcile && !error.leaves_it_open();
        Failure { error: error.into(), nothing_created }
    };
    let mut zoom = ZoomUser::new(context, grant).await.map_err(|error| Failure {
        error: error.into(),
        // Nothing was asked of Zoom's meetings yet.
        nothing_created: !claim.reconcile,
    })?;
    let start = request.scheduled_start;
    if claim.reconcile {
        let found = zoom.find_meeting(start, &claim.passcode).await.map_err(fail)?;
        return found.map(|meeting| (zoom, meeting)).ok_or_else(|| Failure {
            error: Error::refused_for(
                StatusCode::SERVICE_UNAVAILABLE,
                "session_unsettled",
                "Whether Zoom made this meeting is not known yet. Ask again with the same Idempotency-Key.",
                UNSETTLED_RETRY,
            ),
            nothing_created: false,
        });
    }
    let meeting = NewMeeting {
        topic: request.title.as_str(),
        agenda: request.description.as_ref().map(Description::as_str),
        start,
        duration_minutes: request.duration_minutes.minutes(),
        timezone: request.timezone.as_ref().map_or("UTC", Timezone::as_str),
        passcode: &claim.passcode,
    };
    match zoom.create_meeting(&meeting).await {
        Ok(meeting) => Ok((zoom, meeting)),
        // The answer is lost, the meeting perhaps is not.
        Err(error) if error.leaves_it_open() => match zoom.find_meeting(start, &claim.passcode).await {
            Ok(Some(meeting)) => Ok((zoom, meeting)),
            _ => Err(fail(error)),
        },
        Err(error) => Err(fail(error)),
    }
}

async fn commit(context: &Context, claim: &Claim, zoom: &mut ZoomUser<'_>, meeting: &Meeting) -> Result<Value, Error> {
    let arguments = json!({"claim_id": claim.id, "lease_id": claim.lease_id, "meeting": meeting});
    // When this fails the meeting stays: the commit may have been done, and the claim says what to look for.
    match rpc_as_service(context, "commit_zoom_session", &arguments).await? {
        Commit::Created { session } => Ok(session),
        Commit::LeaseLost => Err(Error::Unavailable("another request took over the claim".to_owned())),
        Commit::Undone => {
            zoom.delete_meeting(&meeting.id.to_string()).await?;
            Err(Error::Unavailable("the claim was given up before its meeting was made".to_owned()))
        }
    }
}
