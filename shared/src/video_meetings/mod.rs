//! Meetings behind an ID and a passcode: what names them, what opens them, the link that carries both, and when they are open.

mod accessibility;
mod id;
mod link;
mod passcode;

use uuid::{Builder, Uuid};

pub use accessibility::{Accessibility, MeetingStatus, accessibility};
pub use id::{MeetingId, NotAMeetingId};
pub use link::{meeting_url, read_meeting_url};
pub use passcode::{MeetingPasscode, NotAPasscode};

use crate::crypto::random::{self, RandomError};

/// A new session's id: a random UUID (RFC 9562, version 4).
pub fn new_session_id() -> Result<Uuid, RandomError> {
    Ok(Builder::from_random_bytes(random::bytes()?).into_uuid())
}

#[cfg(test)]
mod tests;
