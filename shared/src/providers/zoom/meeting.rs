use chrono::{DateTime, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    api::Api,
    error::{ENDED, IN_PROGRESS, ZoomError},
};
use crate::{
    crypto::Secret,
    providers::Provider,
    validation::{JoinUrl, ScheduledTime, leads_to_zoom},
};

/// Zoom's number for a scheduled meeting.
const SCHEDULED: u8 = 2;
const PAGE_SIZE: usize = 300;
/// Far more meetings than a host has: whoever has more is not searched to the end, and nothing can be said of them.
const MOST_PAGES: usize = 10;

/// By what a meeting is found again: all three were recorded before Zoom was asked.
#[derive(Clone, Copy)]
pub struct Mark<'a> {
    /// At most 200 characters.
    pub topic: &'a str,
    /// When it starts.
    pub start: ScheduledTime,
    /// At most 10 characters.
    pub passcode: &'a str,
}

/// A meeting to be scheduled.
pub struct NewMeeting<'a> {
    /// Its topic, start and passcode.
    pub mark: Mark<'a>,
    /// At most 2000 characters.
    pub agenda: Option<&'a str>,
    /// How long it takes.
    pub duration_minutes: u32,
    /// The IANA time zone in which Zoom shows it.
    pub timezone: &'a str,
}

/// What a meeting that exists has to be like: what its session says.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct MeetingPlan {
    /// Zoom's meeting id.
    pub meeting_id: String,
    /// At most 200 characters.
    pub topic: String,
    /// When it starts.
    pub scheduled_start: ScheduledTime,
    /// How long it takes.
    pub duration_minutes: u32,
    /// The IANA time zone in which Zoom shows it.
    pub timezone: String,
}

/// A meeting that exists at Zoom.
#[derive(Deserialize)]
pub struct Meeting {
    /// Zoom's meeting id.
    pub id: u64,
    /// The link for participants.
    pub join_url: String,
    /// The host's own link: it signs its bearer in as the host and lasts two hours.
    pub start_url: String,
    /// Zoom's id of the user whose meeting it is; usually told.
    pub host_id: Option<String>,
    #[serde(default)]
    password: String,
}

#[derive(Deserialize)]
struct StartLink {
    start_url: String,
}

#[derive(Serialize)]
struct CreateMeeting<'a> {
    topic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    agenda: Option<&'a str>,
    #[serde(rename = "type")]
    kind: u8,
    /// With its `Z` Zoom reads it as UTC, without one in the meeting's time zone.
    start_time: ScheduledTime,
    duration: u32,
    timezone: &'a str,
    password: &'a str,
    settings: Settings,
}

#[derive(Serialize)]
struct UpdateMeeting<'a> {
    topic: &'a str,
    start_time: ScheduledTime,
    duration: u32,
    timezone: &'a str,
}

#[derive(Serialize)]
struct ChangeStatus {
    action: &'static str,
}

/// Nobody talks before the host lets them in.
#[derive(Serialize)]
struct Settings {
    waiting_room: bool,
    join_before_host: bool,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    next_page_token: String,
    meetings: Vec<Value>,
}

#[derive(Deserialize)]
struct Listed {
    id: u64,
    topic: String,
    start_time: ScheduledTime,
}

impl Api<'_> {
    pub(super) async fn create_meeting(&self, token: &Secret, meeting: &NewMeeting<'_>) -> Result<Meeting, ZoomError> {
        let body = CreateMeeting {
            topic: meeting.mark.topic,
            agenda: meeting.agenda,
            kind: SCHEDULED,
            start_time: meeting.mark.start,
            duration: meeting.duration_minutes,
            timezone: meeting.timezone,
            password: meeting.mark.passcode,
            settings: Settings { waiting_room: true, join_before_host: false },
        };
        checked(self.post(token, "/users/me/meetings", &body).await?)
    }

    /// The meeting with this mark. Listings carry no passcode, so each candidate is read; nothing more is asked after `until`.
    pub(super) async fn find_meeting(
        &self,
        token: &Secret,
        mark: Mark<'_>,
        until: DateTime<Utc>,
    ) -> Result<Option<Meeting>, ZoomError> {
        let in_time = || {
            if self.context.clock().now() < until {
                return Ok(());
            }
            Err(ZoomError::Unanswered { cause: "Zoom: the search took too long".to_owned(), timed_out: true })
        };
        let mut page_token = String::new();
        for _ in 0..MOST_PAGES {
            let path = format!("/users/me/meetings?type=scheduled&page_size={PAGE_SIZE}&next_page_token={page_token}");
            in_time()?;
            let page: Page = self.get(token, &path).await?;
            for id in page.meetings.iter().filter_map(|listed| candidate(listed, mark)) {
                in_time()?;
                match self.get::<Meeting>(token, &format!("/meetings/{id}")).await {
                    Ok(meeting) if meeting.password == mark.passcode => return checked(meeting).map(Some),
                    Ok(_) | Err(ZoomError::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            if page.next_page_token.is_empty() {
                return Ok(None);
            }
            page_token = url::form_urlencoded::byte_serialize(page.next_page_token.as_bytes()).collect();
        }
        Err(unusable("more meetings than are searched"))
    }

    pub(super) async fn start_url(&self, token: &Secret, id: &str) -> Result<String, ZoomError> {
        let StartLink { start_url } = self.get(token, &path(id)).await?;
        if leads_to_zoom(&start_url) { Ok(start_url) } else { Err(unusable("a start link that is none")) }
    }

    /// Each call counts against the 100 creates and updates that a host has in a day: only for a real change.
    pub(super) async fn update_meeting(&self, token: &Secret, plan: &MeetingPlan) -> Result<(), ZoomError> {
        let body = UpdateMeeting {
            topic: &plan.topic,
            start_time: plan.scheduled_start,
            duration: plan.duration_minutes,
            timezone: &plan.timezone,
        };
        self.patch(token, &path(&plan.meeting_id), &body).await
    }

    /// Zoom does not find a meeting that is not running: that is ended.
    pub(super) async fn end_meeting(&self, token: &Secret, id: &str) -> Result<(), ZoomError> {
        match self.put(token, &format!("{}/status", path(id)), &ChangeStatus { action: "end" }).await {
            Err(ZoomError::NotFound) => Ok(()),
            other => other,
        }
    }

    /// A meeting that is over or not there is deleted. Zoom deletes none while people are in it, so such a one is
    /// ended first.
    pub(super) async fn delete_meeting(&self, token: &Secret, id: &str) -> Result<(), ZoomError> {
        match self.delete_quiet_meeting(token, id).await {
            Err(ZoomError::Refused { code: IN_PROGRESS, .. }) => {
                self.end_meeting(token, id).await?;
                self.delete_quiet_meeting(token, id).await
            }
            other => other,
        }
    }

    async fn delete_quiet_meeting(&self, token: &Secret, id: &str) -> Result<(), ZoomError> {
        match self.delete(token, &path(id)).await {
            Err(ZoomError::NotFound | ZoomError::Refused { code: ENDED, .. }) => Ok(()),
            other => other,
        }
    }
}

/// Ids come from the database, where only Zoom's own are kept. Encoded all the same, so that none leads elsewhere.
fn path(id: &str) -> String {
    format!("/meetings/{}", utf8_percent_encode(id, NON_ALPHANUMERIC))
}

/// The id of a listed meeting that may be the one. Meetings of other kinds have no start, and are passed over.
fn candidate(listed: &Value, mark: Mark<'_>) -> Option<u64> {
    let Listed { id, topic, start_time } = Listed::deserialize(listed).ok()?;
    let apart = start_time.utc().signed_duration_since(mark.start.utc());
    (topic == mark.topic && apart.num_seconds().abs() < 60).then_some(id)
}

/// A link that is not Zoom's own is shown to nobody.
fn checked(meeting: Meeting) -> Result<Meeting, ZoomError> {
    match JoinUrl::parse(&meeting.join_url, "") {
        Ok(link) if link.provider() == Provider::Zoom && leads_to_zoom(&meeting.start_url) => Ok(meeting),
        _ => Err(unusable("links that are not its own")),
    }
}

fn unusable(what: &str) -> ZoomError {
    ZoomError::Unanswered { cause: format!("Zoom: {what}"), timed_out: false }
}

#[cfg(test)]
#[path = "meeting_tests.rs"]
mod tests;
