use serde::{Deserialize, Serialize};

use super::{api::Api, error::ZoomError};
use crate::{crypto::Secret, validation::ScheduledStart};

/// Zoom's number for a scheduled meeting.
const SCHEDULED: u8 = 2;
const PAGE_SIZE: usize = 300;
/// A host with more upcoming meetings than this many pages is not searched to the end.
const MOST_PAGES: usize = 10;

/// A meeting to be scheduled.
pub struct NewMeeting<'a> {
    /// At most 200 characters.
    pub topic: &'a str,
    /// At most 2000 characters.
    pub agenda: Option<&'a str>,
    /// When it starts.
    pub start: ScheduledStart,
    /// How long it takes.
    pub duration_minutes: u32,
    /// The IANA time zone in which Zoom shows it.
    pub timezone: &'a str,
    /// At most 10 characters; by it the meeting is found again.
    pub passcode: &'a str,
}

/// A meeting that exists at Zoom.
#[derive(Deserialize, Serialize)]
pub struct Meeting {
    /// Zoom's meeting id.
    pub id: u64,
    /// The link for participants.
    pub join_url: String,
    /// The host's own link: it signs its bearer in as the host and lasts two hours.
    pub start_url: String,
    /// The passcode, as Zoom has it.
    #[serde(rename(deserialize = "password"), default)]
    pub passcode: String,
}

#[derive(Serialize)]
struct CreateMeeting<'a> {
    topic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    agenda: Option<&'a str>,
    #[serde(rename = "type")]
    kind: u8,
    /// With its `Z` Zoom reads it as UTC, without one in the meeting's time zone.
    start_time: ScheduledStart,
    duration: u32,
    timezone: &'a str,
    password: &'a str,
    settings: Settings,
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
    meetings: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: u64,
    start_time: Option<ScheduledStart>,
}

impl Api<'_> {
    pub(super) async fn create_meeting(&self, token: &Secret, meeting: &NewMeeting<'_>) -> Result<Meeting, ZoomError> {
        let body = CreateMeeting {
            topic: meeting.topic,
            agenda: meeting.agenda,
            kind: SCHEDULED,
            start_time: meeting.start,
            duration: meeting.duration_minutes,
            timezone: meeting.timezone,
            password: meeting.passcode,
            settings: Settings { waiting_room: true, join_before_host: false },
        };
        self.post(token, "/users/me/meetings", &body).await
    }

    /// The meeting that starts at `start` with `passcode`. Listings carry no passcode, so each candidate is read.
    pub(super) async fn find_meeting(
        &self,
        token: &Secret,
        start: ScheduledStart,
        passcode: &str,
    ) -> Result<Option<Meeting>, ZoomError> {
        let mut page_token = String::new();
        for _ in 0..MOST_PAGES {
            let path = format!("/users/me/meetings?type=scheduled&page_size={PAGE_SIZE}&next_page_token={page_token}");
            let page: Page = self.get(token, &path).await?;
            for listed in page.meetings.iter().filter(|listed| listed.start_time == Some(start)) {
                match self.get::<Meeting>(token, &format!("/meetings/{}", listed.id)).await {
                    Ok(meeting) if meeting.passcode == passcode => return Ok(Some(meeting)),
                    Ok(_) | Err(ZoomError::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            if page.next_page_token.is_empty() {
                break;
            }
            page_token = url::form_urlencoded::byte_serialize(page.next_page_token.as_bytes()).collect();
        }
        Ok(None)
    }

    /// A meeting that is not there is deleted.
    pub(super) async fn delete_meeting(&self, token: &Secret, id: &str) -> Result<(), ZoomError> {
        match self.delete(token, &format!("/meetings/{id}")).await {
            Err(ZoomError::NotFound) => Ok(()),
            other => other,
        }
    }
}
