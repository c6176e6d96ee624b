//! What the caller sends, as types that cannot hold a bad value.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use shared::{
    http::{Error, Request, json, json::required},
    validation::{Description, DurationMinutes, MaxParticipants, ScheduledTime, Title},
};
use uuid::Uuid;

/// What the caller wants, with what it takes.
#[derive(Debug)]
pub(crate) enum Action {
    /// Plan a session.
    Create(SessionRequest),
    /// Take a seat, or a place on the waitlist.
    Register(Session),
    /// Give it back.
    Unregister(Session),
    /// Enter the room.
    Join(Session),
    /// The session begins.
    Start(Session),
    /// The session is over.
    Complete(Session),
    /// The session does not take place.
    Cancel(Session),
    /// Take somebody's seat away for good.
    Remove(Person),
    /// Take a removal back.
    Readmit(Person),
}

/// A session to be created. Serialised, it is the `request` of the database function, and what an `Idempotency-Key` stands for.
#[derive(Debug, Serialize)]
pub(crate) struct SessionRequest {
    title: Title,
    description: Option<Description>,
    subject: Option<Title>,
    tutor_name: Title,
    scheduled_time: ScheduledTime,
    duration_minutes: Option<DurationMinutes>,
    max_attendees: Option<MaxParticipants>,
}

/// Which session. Serialised, it is the arguments of the database functions that need nothing else.
#[derive(Debug, Serialize)]
pub(crate) struct Session {
    pub(crate) session_id: Uuid,
}

/// Who of which session. Serialised, it is the arguments of the database functions that are about somebody else.
#[derive(Debug, Serialize)]
pub(crate) struct Person {
    session_id: Uuid,
    user_id: Uuid,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Create,
    Register,
    Unregister,
    Join,
    Start,
    Complete,
    Cancel,
    Remove,
    Readmit,
}

/// The body, as far as every action has it.
#[derive(Deserialize)]
struct AnyBody {
    action: Option<Name>,
}

// One body for each kind of action, because serde names no field in an enum that is told apart by one of them.

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    #[serde(rename = "action")]
    _action: IgnoredAny,
    title: Option<Title>,
    description: Option<Description>,
    subject: Option<Title>,
    tutor_name: Option<Title>,
    scheduled_time: Option<ScheduledTime>,
    duration_minutes: Option<DurationMinutes>,
    max_attendees: Option<MaxParticipants>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionBody {
    #[serde(rename = "action")]
    _action: IgnoredAny,
    session_id: Option<Uuid>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonBody {
    #[serde(rename = "action")]
    _action: IgnoredAny,
    session_id: Option<Uuid>,
    user_id: Option<Uuid>,
}

impl Action {
    /// Reads what `request` asks for: 400, 415, 422 naming the field.
    pub(crate) fn read(request: &Request, now: DateTime<Utc>) -> Result<Self, Error> {
        let AnyBody { action } = json::read(request)?;
        Ok(match required(action, "action")? {
            Name::Create => Self::Create(json::read::<CreateBody>(request)?.check(now)?),
            Name::Register => Self::Register(Session::read(request)?),
            Name::Unregister => Self::Unregister(Session::read(request)?),
            Name::Join => Self::Join(Session::read(request)?),
            Name::Start => Self::Start(Session::read(request)?),
            Name::Complete => Self::Complete(Session::read(request)?),
            Name::Cancel => Self::Cancel(Session::read(request)?),
            Name::Remove => Self::Remove(Person::read(request)?),
            Name::Readmit => Self::Readmit(Person::read(request)?),
        })
    }
}

impl CreateBody {
    fn check(self, now: DateTime<Utc>) -> Result<SessionRequest, Error> {
        let scheduled_time = required(self.scheduled_time, "scheduled_time")?;
        Ok(SessionRequest {
            title: required(self.title, "title")?,
            description: self.description.filter(|description| !description.as_str().is_empty()),
            subject: self.subject,
            tutor_name: required(self.tutor_name, "tutor_name")?,
            scheduled_time: scheduled_time
                .ahead_of(now)
                .map_err(|error| Error::invalid("scheduled_time", error.to_string()))?,
            duration_minutes: self.duration_minutes,
            max_attendees: self.max_attendees,
        })
    }
}

impl Session {
    fn read(request: &Request) -> Result<Self, Error> {
        let SessionBody { session_id, .. } = json::read(request)?;
        Ok(Self { session_id: required(session_id, "session_id")? })
    }
}

impl Person {
    fn read(request: &Request) -> Result<Self, Error> {
        let PersonBody { session_id, user_id, .. } = json::read(request)?;
        Ok(Self { session_id: required(session_id, "session_id")?, user_id: required(user_id, "user_id")? })
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
