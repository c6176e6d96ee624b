//! What the caller sends, as types that cannot hold a bad value.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::{
    http::{Error, json::required},
    validation::{DurationMinutes, ScheduledTime, Timezone},
};
use uuid::Uuid;

/// The body, as JSON has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    session_id: Option<Uuid>,
    action: Option<Action>,
    scheduled_start: Option<ScheduledTime>,
    duration_minutes: Option<DurationMinutes>,
    timezone: Option<Timezone>,
}

/// What the host wants.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// Another time, length or time zone.
    Reschedule,
    /// The session does not take place.
    Cancel,
    /// The session is over.
    End,
    /// The session begins.
    Start,
}

/// One change of one session. Serialised, it is the arguments of the database function.
#[derive(Debug, Serialize)]
pub(crate) struct ChangeRequest {
    /// Which session.
    pub(crate) session_id: Uuid,
    /// What becomes of it.
    pub(crate) action: Action,
    /// What a reschedule changes; nothing for any other action.
    pub(crate) changes: Changes,
}

/// The values that change.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Changes {
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_start: Option<ScheduledTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_minutes: Option<DurationMinutes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<Timezone>,
}

impl ChangeRequest {
    /// Checks the fields against each other and against the present: 422 naming the field.
    pub(crate) fn parse(body: Body, now: DateTime<Utc>) -> Result<Self, Error> {
        let Body { session_id, action, scheduled_start, duration_minutes, timezone } = body;
        let session_id = required(session_id, "session_id")?;
        let action = required(action, "action")?;
        let changes = Changes { scheduled_start, duration_minutes, timezone };
        match (action, changes.first_field()) {
            (Action::Reschedule, None) => {
                let reason = "is required, or duration_minutes, or timezone";
                return Err(Error::invalid("scheduled_start", reason));
            }
            (Action::Cancel | Action::End | Action::Start, Some(field)) => {
                return Err(Error::invalid(field, "can only be given with the action reschedule"));
            }
            _ => {}
        }
        if let Some(start) = scheduled_start {
            start.ahead_of(now).map_err(|error| Error::invalid("scheduled_start", error.to_string()))?;
        }
        Ok(Self { session_id, action, changes })
    }
}

impl Changes {
    /// The name of the first field that is given.
    fn first_field(&self) -> Option<&'static str> {
        [
            ("scheduled_start", self.scheduled_start.is_some()),
            ("duration_minutes", self.duration_minutes.is_some()),
            ("timezone", self.timezone.is_some()),
        ]
        .into_iter()
        .find_map(|(field, is_given)| is_given.then_some(field))
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
