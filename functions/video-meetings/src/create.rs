//! `POST /meetings`: the tutor of a booking makes its meeting.

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    auth,
    context::Context,
    http::{Error, Request, Response, idempotency, json, json::required},
    meetings::{MeetingId, MeetingPasscode, meeting_url},
    supabase,
    validation::ScheduledStart,
};
use uuid::Uuid;

/// A meeting takes no longer.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// The body, as JSON has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    booking_id: Option<Uuid>,
    tutor_id: Option<Uuid>,
    student_id: Option<Uuid>,
    scheduled_start: Option<ScheduledStart>,
    scheduled_end: Option<ScheduledStart>,
}

/// A meeting to be made. Serialised, it is the `request` of the database function, and what an `Idempotency-Key` stands for.
#[derive(Debug, Serialize)]
struct MeetingRequest {
    booking_id: Uuid,
    tutor_id: Uuid,
    student_id: Uuid,
    scheduled_start: ScheduledStart,
    scheduled_end: ScheduledStart,
}

/// The arguments of the database function.
#[derive(Serialize)]
struct Arguments<'a> {
    request: &'a MeetingRequest,
    generated: Generated<'a>,
    idempotency_key: Option<&'a str>,
}

/// What a new meeting gets.
#[derive(Serialize)]
struct Generated<'a> {
    meeting_id: &'a MeetingId,
    passcode: &'a str,
}

/// Creates a meeting.
///
/// 1. Authenticate: 401.
/// 2. Parse: 400, 415, 422; 403 when the tutor is somebody else.
/// 3. Let the database authorise, and create the meeting with the ID and passcode that are drawn here: 403, 404, 409, 422, 429. The
///    same `Idempotency-Key` finds what an earlier request made.
/// 4. Answer 201 with the meeting and its link.
pub(crate) async fn handle(context: &Context, request: &Request) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, request.headers()).await?;

    // (2) Parse. A deployment without a page for the link makes no meeting.
    let idempotency_key = idempotency::key(request.headers())?;
    let meeting_request = MeetingRequest::parse(&json::read(request)?, caller.id, context.clock().now())?;
    let page = context.config().pages.video_meeting_url()?;

    // (3) Create.
    let (meeting_id, passcode) = (MeetingId::generate()?, MeetingPasscode::generate()?);
    let generated = Generated { meeting_id: &meeting_id, passcode: passcode.expose() };
    let arguments = Arguments { request: &meeting_request, generated, idempotency_key };
    let mut meeting: Value = supabase::rpc_as(context, &caller, "create_video_meeting", &arguments).await?;

    // (4) Answer.
    meeting["url"] = link(page, &meeting)?.into();
    json::respond(StatusCode::CREATED, &meeting)
}

/// The link to the meeting that the database has, which an earlier request may have made.
fn link(page: &str, meeting: &Value) -> Result<String, Error> {
    let text = |field: &str| meeting[field].as_str().unwrap_or_default().to_owned();
    match (text("meetingId").try_into(), text("passcode").try_into()) {
        (Ok(meeting_id), Ok(passcode)) => Ok(meeting_url(page, &meeting_id, &passcode)),
        _ => Err(Error::Internal("create_video_meeting: an incomplete answer".to_owned())),
    }
}

impl MeetingRequest {
    /// Checks the fields against the caller, the present and each other: 403 for a tutor who is not the caller, else 422.
    fn parse(body: &Body, caller: Uuid, now: DateTime<Utc>) -> Result<Self, Error> {
        let request = Self {
            booking_id: required(body.booking_id, "bookingId")?,
            tutor_id: required(body.tutor_id, "tutorId")?,
            student_id: required(body.student_id, "studentId")?,
            scheduled_start: required(body.scheduled_start, "scheduledStart")?,
            scheduled_end: required(body.scheduled_end, "scheduledEnd")?,
        };
        let (start, end) = (request.scheduled_start.utc(), request.scheduled_end.utc());
        if request.tutor_id != caller {
            return Err(Error::Refused {
                status: StatusCode::FORBIDDEN,
                code: "not_the_tutor".into(),
                message: "Only the tutor of a booking makes its meeting".into(),
                field: Some("tutorId".to_owned()),
                retry_after: None,
            });
        }
        if request.student_id == request.tutor_id {
            return Err(Error::invalid("studentId", "must be somebody else than the tutor"));
        }
        if end <= start || end - start > LONGEST {
            return Err(Error::invalid("scheduledEnd", "must be after scheduledStart, by 24 hours at most"));
        }
        if end <= now {
            return Err(Error::invalid("scheduledEnd", "must not be in the past"));
        }
        request.scheduled_end.ahead_of(now).map_err(|error| Error::invalid("scheduledEnd", error.to_string()))?;
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TUTOR: Uuid = Uuid::from_u128(1);

    /// The request of the database function, or what is refused.
    fn parse(changes: &Value) -> Result<Value, String> {
        let mut body = json!({
            "bookingId": Uuid::from_u128(3), "tutorId": TUTOR, "studentId": Uuid::from_u128(2),
            "scheduledStart": "2026-05-01T11:00:00+02:00", "scheduledEnd": "2026-05-01T10:00:00Z",
        });
        for (field, value) in changes.as_object().unwrap() {
            body[field] = value.clone();
        }
        let now = "2026-05-01T08:00:00Z".parse().unwrap();
        match MeetingRequest::parse(&serde_json::from_value(body).unwrap(), TUTOR, now) {
            Ok(request) => Ok(serde_json::to_value(request).unwrap()),
            Err(Error::InvalidField { field, .. }) => Err(field.into_owned()),
            Err(other) => Err(other.code().to_owned()),
        }
    }

    #[test]
    fn a_request_is_in_utc_whatever_it_was_written_in() {
        let expected = json!({
            "booking_id": Uuid::from_u128(3), "tutor_id": TUTOR, "student_id": Uuid::from_u128(2),
            "scheduled_start": "2026-05-01T09:00:00Z", "scheduled_end": "2026-05-01T10:00:00Z",
        });
        assert_eq!(parse(&json!({})).unwrap(), expected);
    }

    #[test]
    fn a_link_is_to_the_meeting_that_was_answered() {
        let meeting = json!({"meetingId": "MID-0123456789ABCDEF", "passcode": "012345"});
        let url = link("https://app.example/meeting", &meeting).unwrap();
        assert_eq!(url, "https://app.example/meeting#meetingId=MID-0123456789ABCDEF&passcode=012345");
        for other in [json!(null), json!({}), json!({"meetingId": "MID-0123456789ABCDEF", "passcode": 12345})] {
            assert!(matches!(link("https://app.example/meeting", &other), Err(Error::Internal(_))), "{other}");
        }
    }

    #[test]
    fn a_meeting_that_has_begun_may_still_be_made() {
        assert!(
            parse(&json!({"scheduledStart": "2026-05-01T07:00:00Z", "scheduledEnd": "2026-05-01T08:00:01Z"})).is_ok()
        );
    }

    #[test]
    fn what_is_missing_or_cannot_be_is_named() {
        for (changes, refused) in [
            (json!({"bookingId": null}), "bookingId"),
            (json!({"tutorId": null}), "tutorId"),
            (json!({"studentId": null}), "studentId"),
            (json!({"scheduledStart": null}), "scheduledStart"),
            (json!({"scheduledEnd": null}), "scheduledEnd"),
            (json!({"tutorId": Uuid::from_u128(9)}), "not_the_tutor"),
            (json!({"studentId": TUTOR}), "studentId"),
            (json!({"scheduledEnd": "2026-05-01T09:00:00Z"}), "scheduledEnd"),
            (json!({"scheduledEnd": "2026-05-02T09:00:01Z"}), "scheduledEnd"),
            (json!({"scheduledStart": "2026-05-01T07:00:00Z", "scheduledEnd": "2026-05-01T08:00:00Z"}), "scheduledEnd"),
            (json!({"scheduledStart": "2029-05-01T09:00:00Z", "scheduledEnd": "2029-05-01T10:00:00Z"}), "scheduledEnd"),
        ] {
            assert_eq!(parse(&changes).unwrap_err(), refused, "{changes}");
        }
    }
}
