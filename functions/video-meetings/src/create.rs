//! `POST /meetings`: the tutor of a booking makes its meeting.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    auth,
    context::Context,
    http::{Error, Request, Response, idempotency, json, json::required},
    supabase,
    validation::ScheduledTime,
    video_meetings::{MeetingId, MeetingPasscode},
};
use uuid::Uuid;

use crate::link;

/// The body, as JSON has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    booking_id: Option<Uuid>,
    tutor_id: Option<Uuid>,
    student_id: Option<Uuid>,
    scheduled_start: Option<ScheduledTime>,
    scheduled_end: Option<ScheduledTime>,
}

/// A meeting to be made. Serialised, it is the `request` of the database function, and what an `Idempotency-Key` stands for.
#[derive(Debug, Serialize)]
struct MeetingRequest {
    booking_id: Uuid,
    tutor_id: Uuid,
    student_id: Uuid,
    scheduled_start: ScheduledTime,
    scheduled_end: ScheduledTime,
}

/// The arguments of the database function.
#[derive(Serialize)]
struct Arguments<'a> {
    caller: Uuid,
    request: &'a MeetingRequest,
    meeting_id: &'a MeetingId,
    passcode: &'a str,
    idempotency_key: Option<&'a str>,
}

/// Creates a meeting.
///
/// 1. Authenticate: 401.
/// 2. Parse: 400, 415, 422.
/// 3. Let the database authorise, and create the meeting with the ID and passcode that are drawn here: 403, 404, 409, 422, 429. The
///    same `Idempotency-Key` finds what an earlier request made, also when it is over.
/// 4. Answer 201 with the meeting and its link.
pub(crate) async fn handle(context: &Context, request: &Request) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Parse. A deployment without a page for the link makes no meeting.
    let idempotency_key = idempotency::key(&request.headers)?;
    let meeting_request = MeetingRequest::parse(&json::read(request)?)?;
    let page = context.config().pages.video_meeting_url()?;

    // (3) Create.
    let (meeting_id, passcode) = (MeetingId::generate()?, MeetingPasscode::generate()?);
    let arguments = Arguments {
        caller: caller.id,
        request: &meeting_request,
        meeting_id: &meeting_id,
        passcode: passcode.expose(),
        idempotency_key: idempotency_key.as_deref(),
    };
    let mut meeting: Value = supabase::rpc_for_caller(context, "create_video_meeting", &arguments).await?;

    // (4) Answer.
    link::add(page, &mut meeting)?;
    json::respond(StatusCode::CREATED, &meeting)
}

impl MeetingRequest {
    /// All fields are required. The database knows who may make which meeting for when.
    fn parse(body: &Body) -> Result<Self, Error> {
        Ok(Self {
            booking_id: required(body.booking_id, "bookingId")?,
            tutor_id: required(body.tutor_id, "tutorId")?,
            student_id: required(body.student_id, "studentId")?,
            scheduled_start: required(body.scheduled_start, "scheduledStart")?,
            scheduled_end: required(body.scheduled_end, "scheduledEnd")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The request of the database function, or the field that is refused.
    fn parse(changes: &Value) -> Result<Value, String> {
        let mut body = json!({
            "bookingId": Uuid::from_u128(3), "tutorId": Uuid::from_u128(1), "studentId": Uuid::from_u128(2),
            "scheduledStart": "2026-05-01T11:00:00+02:00", "scheduledEnd": "2026-05-01T10:00:00Z",
        });
        for (field, value) in changes.as_object().unwrap() {
            body[field] = value.clone();
        }
        match MeetingRequest::parse(&serde_json::from_value(body).unwrap()) {
            Ok(request) => Ok(serde_json::to_value(request).unwrap()),
            Err(Error::InvalidField { field, .. }) => Err(field.into_owned()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_request_is_in_utc_whatever_it_was_written_in() {
        let expected = json!({
            "booking_id": Uuid::from_u128(3), "tutor_id": Uuid::from_u128(1), "student_id": Uuid::from_u128(2),
            "scheduled_start": "2026-05-01T09:00:00Z", "scheduled_end": "2026-05-01T10:00:00Z",
        });
        assert_eq!(parse(&json!({})).unwrap(), expected);
    }

    #[test]
    fn what_is_missing_is_named() {
        for field in ["bookingId", "tutorId", "studentId", "scheduledStart", "scheduledEnd"] {
            assert_eq!(parse(&json!({field: null})).unwrap_err(), field);
        }
    }
}
