use serde::{Deserialize, Serialize};

use crate::crypto::random::{self, RandomError};

/// A meeting's ID: `MID-` and 16 of `A` to `Z` and `0` to `9`, as `video_meetings.meeting_id` has it. 82 random bits, but no secret:
/// what opens the meeting is its passcode.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Hash, Serialize)]
#[serde(try_from = "String")]
pub struct MeetingId(String);

/// Not the form of a meeting's ID.
#[derive(Debug, thiserror::Error)]
#[error("must be MID- and 16 capital letters and digits")]
pub struct NotAMeetingId;

const PREFIX: &str = "MID-";
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LENGTH: usize = 16;

impl MeetingId {
    /// A new ID.
    pub fn generate() -> Result<Self, RandomError> {
        Ok(Self(format!("{PREFIX}{}", random::text(ALPHABET, LENGTH)?)))
    }

    /// The ID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for MeetingId {
    type Error = NotAMeetingId;

    fn try_from(id: String) -> Result<Self, NotAMeetingId> {
        let is_id = id
            .strip_prefix(PREFIX)
            .is_some_and(|rest| rest.len() == LENGTH && rest.bytes().all(|byte| ALPHABET.contains(&byte)));
        if is_id { Ok(Self(id)) } else { Err(NotAMeetingId) }
    }
}
