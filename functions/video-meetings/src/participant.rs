//! Who is in a meeting: listing them, leaving it, and being muted there.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    auth::{self, Caller},
    context::Context,
    http::{Error, Request, Response, json, json::required},
    supabase,
    validation::GuestSecret,
};
use uuid::Uuid;

use crate::route;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LeaveBody {
    guest_secret: Option<GuestSecret>,
    user_id: Option<Uuid>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MuteBody {
    is_muted: Option<bool>,
    guest_secret: Option<GuestSecret>,
    user_id: Option<Uuid>,
    participant_id: Option<Uuid>,
}

/// The user is the token's. 403 when a request says that it is another.
pub(crate) fn refuse_another_user(caller: Option<&Caller>, user_id: Option<Uuid>) -> Result<(), Error> {
    if user_id.is_none() || user_id == caller.map(|caller| caller.id) {
        return Ok(());
    }
    Err(Error::Refused {
        status: StatusCode::FORBIDDEN,
        code: "not_the_caller".into(),
        message: "userId is the caller's own, or left out".into(),
        field: Some("userId".to_owned()),
        retry_after: None,
    })
}

/// `GET /meetings/:meetingId/participants?after=`, for the parties and admins.
///
/// 1. Authenticate: 401.
/// 2. Parse: 404, 422.
/// 3. Let the database authorise: 404.
/// 4. Answer 200 with who is or was there, a hundred at a time.
pub(crate) async fn list(context: &Context, request: &Request, segment: &str) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Parse.
    let arguments = json!({"meeting_id": route::meeting_id(segment)?, "after": after(&context.query)?});

    // (3) List.
    let participants: Value = supabase::rpc_as(context, &caller, "video_meeting_participants", &arguments).await?;

    // (4) Answer.
    json::respond(StatusCode::OK, &participants)
}

/// Where a page of the list begins. An ID needs no decoding.
fn after(query: &str) -> Result<Option<Uuid>, Error> {
    let after = query.split('&').find_map(|parameter| parameter.strip_prefix("after="));
    let after = after.map(|after| after.parse().map_err(|_| Error::invalid("after", "must be the `next` of a page")));
    after.transpose()
}

/// `POST /meetings/:meetingId/leave`. A user needs no body. Twice is the same as once.
///
/// 1. Identify: a guest has no token; 401 for a bad one.
/// 2. Parse: 400, 404, 415, 422; 403 when the user is somebody else.
/// 3. Let the database find the participant, a guest by their secret: 403, 404.
/// 4. Answer 200.
pub(crate) async fn leave(context: &Context, request: &Request, segment: &str) -> Result<Response, Error> {
    // (1) Identify.
    let caller = auth::identify(context, &request.headers).await?;

    // (2) Parse.
    let meeting_id = route::meeting_id(segment)?;
    let LeaveBody { guest_secret, user_id } =
        if request.body.is_empty() { LeaveBody::default() } else { json::read(request)? };
    refuse_another_user(caller.as_ref(), user_id)?;

    // (3) Leave.
    let arguments = json!({
        "meeting_id": meeting_id,
        "caller": caller.map(|caller| caller.id),
        "guest_secret": guest_secret.as_ref().map(GuestSecret::expose),
    });
    let left: Value = supabase::rpc_for_caller(context, "leave_video_meeting", &arguments).await?;

    // (4) Answer.
    json::respond(StatusCode::OK, &left)
}

/// `POST /meetings/:meetingId/mute`: oneself, or, as the tutor, anybody.
///
/// 1. Identify: a guest has no token; 401 for a bad one.
/// 2. Parse: 400, 404, 415, 422.
/// 3. Let the database find the participant, a guest by their secret, and authorise: 403, 404, 409, 429.
/// 4. Answer 200.
pub(crate) async fn mute(context: &Context, request: &Request, segment: &str) -> Result<Response, Error> {
    // (1) Identify.
    let caller = auth::identify(context, &request.headers).await?;

    // (2) Parse.
    let meeting_id = route::meeting_id(segment)?;
    let MuteBody { is_muted, guest_secret, user_id, participant_id } = json::read(request)?;
    let is_muted = required(is_muted, "isMuted")?;

    // (3) Mute.
    let arguments = json!({
        "meeting_id": meeting_id,
        "caller": caller.map(|caller| caller.id),
        "guest_secret": guest_secret.as_ref().map(GuestSecret::expose),
        "user_id": user_id,
        "participant_id": participant_id,
        "is_muted": is_muted,
    });
    let muted: Value = supabase::rpc_for_caller(context, "mute_video_participant", &arguments).await?;

    // (4) Answer.
    json::respond(StatusCode::OK, &muted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_after_an_id() {
        let id = Uuid::from_u128(7);
        for query in [format!("after={id}"), format!("x=1&after={id}&after=x"), format!("x&after={id}")] {
            assert_eq!(after(&query).unwrap(), Some(id), "{query}");
        }
        for query in ["", "x=1", "before=1", "x=after=7"] {
            assert_eq!(after(query).unwrap(), None, "{query}");
        }
        for query in ["after=", "after=7", "after=%27", "x=1&after=null"] {
            assert!(
                matches!(after(query).unwrap_err(), Error::InvalidField { field, .. } if field == "after"),
                "{query}"
            );
        }
    }
}
