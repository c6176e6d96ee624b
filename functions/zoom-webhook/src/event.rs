//! What Zoom reports, as types that cannot hold a bad value.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    http::{Error, json},
    validation::lenient::{Text, Whole, moment, present},
};

/// A report, sorted by what has to be done about it.
#[derive(Debug)]
pub(crate) enum Report {
    /// `endpoint.url_validation`: whether this endpoint knows the secret.
    Question {
        /// What has to be signed.
        plain_token: String,
    },
    /// Something that sessions or connections depend on.
    Event(Record),
    /// Any other event, and what concerns another app.
    Other,
}

/// An event to be recorded. Serialised, it is the arguments of the database function.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    event: &'static str,
    /// When it happened, to the millisecond.
    event_at: DateTime<Utc>,
    object: Value,
}

#[derive(Deserialize)]
struct Named {
    event: String,
}

#[derive(Deserialize)]
struct Body<P> {
    payload: P,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    plain_token: String,
}

#[derive(Deserialize)]
struct About<O> {
    object: O,
}

#[derive(Deserialize)]
struct Meeting {
    id: Whole,
    uuid: Option<String>,
}

/// What a meeting was changed to. Which of these values a session can have, the database knows.
#[derive(Deserialize)]
struct Plan {
    start_time: Option<String>,
    duration: Option<i32>,
    timezone: Option<String>,
    topic: Option<String>,
}

#[derive(Deserialize)]
struct Attendance {
    participant: Participant,
}

#[derive(Deserialize)]
struct Participant {
    /// Empty for people without an account, in some versions.
    #[serde(rename = "participant_uuid")]
    uuid: Option<String>,
    /// Who it is within this meeting.
    user_id: Option<Text>,
    user_name: Option<String>,
    join_time: Option<String>,
    leave_time: Option<String>,
}

#[derive(Deserialize)]
struct Removal {
    #[serde(rename = "user_id")]
    user: String,
    #[serde(rename = "account_id")]
    account: Option<String>,
    /// The app.
    #[serde(rename = "client_id")]
    client: Option<String>,
}

/// When it happened stands in one of these places.
#[derive(Deserialize)]
struct Times {
    event_ts: Option<Whole>,
    payload: PayloadTimes,
}

#[derive(Deserialize)]
struct PayloadTimes {
    event_ts: Option<Whole>,
    deauthorization_time: Option<String>,
}

impl Report {
    /// Reads a body that Zoom signed: 400 when it is not JSON, 422 naming what is missing or unreadable in an event
    /// that matters. `own_client_id` names the app of this deployment, if it is known.
    pub(crate) fn parse(body: &[u8], own_client_id: Option<&str>) -> Result<Self, Error> {
        let Named { event } = json::parse(body)?;
        let read = |event, about: fn(&[u8], DateTime<Utc>) -> Result<Value, Error>| {
            let event_at = event_at(body)?;
            Ok(Self::Event(Record { event, event_at, object: about(body, event_at)? }))
        };
        match event.as_str() {
            "endpoint.url_validation" => {
                let Body { payload: Question { plain_token } } = json::parse(body)?;
                Ok(Self::Question { plain_token })
            }
            "meeting.started" => read("started", meeting),
            "meeting.ended" => read("ended", meeting),
            "meeting.deleted" => read("deleted", meeting),
            "meeting.updated" => read("updated", changed_meeting),
            "meeting.participant_joined" => read("participant_joined", joined),
            "meeting.participant_left" => read("participant_left", left),
            "app_deauthorized" => {
                let Body { payload: removed } = json::parse::<Body<Removal>>(body)?;
                let is_own = |removed| own_client_id.is_none_or(|own| own == removed);
                if removed.client.as_deref().is_none_or(is_own) {
                    read("deauthorized", removal)
                } else {
                    Ok(Self::Other)
                }
            }
            _ => Ok(Self::Other),
        }
    }
}

/// When it happened, to the millisecond. The removal of an app may say so in words alone.
fn event_at(body: &[u8]) -> Result<DateTime<Utc>, Error> {
    let Times { event_ts, payload } = json::parse(body)?;
    let at = match event_ts.or(payload.event_ts) {
        Some(Whole(at)) => moment(at),
        None => time(payload.deauthorization_time, "payload.deauthorization_time")?,
    };
    at.ok_or_else(|| Error::invalid("event_ts", "must be a number of milliseconds since 1970"))
}

fn meeting(body: &[u8], _: DateTime<Utc>) -> Result<Value, Error> {
    let Body { payload: About { object: Meeting { id, uuid } } } = json::parse(body)?;
    Ok(json!({"meeting_id": id.0.to_string(), "meeting_uuid": present(uuid)}))
}

fn changed_meeting(body: &[u8], event_at: DateTime<Utc>) -> Result<Value, Error> {
    let Body { payload: About::<Plan> { object: plan } } = json::parse(body)?;
    let mut object = meeting(body, event_at)?;
    object["start_time"] = json!(time(plan.start_time, "payload.object.start_time")?);
    object["duration"] = json!(plan.duration);
    object["timezone"] = json!(present(plan.timezone));
    object["topic"] = json!(present(plan.topic));
    Ok(object)
}

fn joined(body: &[u8], event_at: DateTime<Utc>) -> Result<Value, Error> {
    attendance(body, event_at, |participant| (participant.join_time.take(), "payload.object.participant.join_time"))
}

fn left(body: &[u8], event_at: DateTime<Utc>) -> Result<Value, Error> {
    attendance(body, event_at, |participant| (participant.leave_time.take(), "payload.object.participant.leave_time"))
}

fn attendance(
    body: &[u8],
    event_at: DateTime<Utc>,
    when: fn(&mut Participant) -> (Option<String>, &'static str),
) -> Result<Value, Error> {
    let Body { payload: About { object: Attendance { mut participant } } } = json::parse(body)?;
    let (at, field) = when(&mut participant);
    let at = time(at, field)?.unwrap_or(event_at);
    let key = present(participant.uuid).or_else(|| match participant.user_id? {
        Text::Number(id) => Some(id.to_string()),
        Text::Text(id) => present(Some(id)),
    });
    let key = json::required(key, "payload.object.participant.user_id")?;
    let mut object = meeting(body, event_at)?;
    object["participant"] = json!({"key": key, "name": present(participant.user_name), "at": at});
    Ok(object)
}

fn removal(body: &[u8], _: DateTime<Utc>) -> Result<Value, Error> {
    let Body { payload: Removal { user, account, .. } } = json::parse(body)?;
    let user = present(Some(user)).ok_or_else(|| Error::invalid("payload.user_id", "must be the id of a Zoom user"))?;
    Ok(json!({"zoom_user_id": user, "zoom_account_id": present(account)}))
}

fn time(text: Option<String>, field: &'static str) -> Result<Option<DateTime<Utc>>, Error> {
    let Some(text) = present(text) else { return Ok(None) };
    match DateTime::parse_from_rfc3339(&text) {
        Ok(time) => Ok(Some(time.to_utc())),
        Err(_) => Err(Error::invalid(field, "must be a time with an offset (RFC 3339)")),
    }
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
