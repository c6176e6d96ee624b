use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How long before its start a meeting can be entered.
const AHEAD: TimeDelta = TimeDelta::minutes(15);

/// A meeting's status, as in `video_meetings.status`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MeetingStatus {
    /// Nobody has been there yet.
    Pending,
    /// It is going on.
    Active,
    /// It took place, or nobody came.
    Completed,
    /// It was called off.
    Cancelled,
}

/// Whether a meeting can be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accessibility {
    /// Now.
    Accessible,
    /// Later.
    TooEarly {
        /// From then on.
        opens_at: DateTime<Utc>,
    },
    /// No more: its end has passed, or somebody ended it.
    Over,
    /// Never.
    Cancelled,
}

/// Whether a meeting from `start` to `end` can be entered `now`: from 15 minutes before its start until its end, unless it was ended or
/// called off: as `private.require_open_video_meeting`, which decides, says of a join.
#[must_use]
pub fn accessibility(
    now: DateTime<Utc>,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    status: MeetingStatus,
) -> Accessibility {
    // A difference can leave the range of times.
    let opens_at = start.checked_sub_signed(AHEAD).unwrap_or(start);
    match status {
        MeetingStatus::Cancelled => Accessibility::Cancelled,
        MeetingStatus::Completed => Accessibility::Over,
        MeetingStatus::Pending | MeetingStatus::Active if now >= end => Accessibility::Over,
        MeetingStatus::Pending | MeetingStatus::Active if now < opens_at => Accessibility::TooEarly { opens_at },
        MeetingStatus::Pending | MeetingStatus::Active => Accessibility::Accessible,
    }
}
