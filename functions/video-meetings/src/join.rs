//! `POST /meetings/:meetingId/join`: the way into the room.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::{
    auth::{self, ticket::RoomRole},
    context::Context,
    entrance::{Admitted, Entrance, Pass},
    http::{Error, Request, Response, json, json::required},
    providers::turn::IceServer,
    supabase,
    validation::{GuestSecret, ScheduledTime},
    video_meetings::{MeetingId, MeetingPasscode},
};
use uuid::Uuid;

use crate::{address, participant::refuse_another_user, route};

/// The body, as JSON has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    user_type: Option<UserType>,
    session_id: Option<Uuid>,
    passcode: Option<MeetingPasscode>,
    guest_secret: Option<GuestSecret>,
    user_id: Option<Uuid>,
}

/// As what somebody comes. The database knows whether they may.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum UserType {
    Tutor,
    Student,
    Guest,
}

/// The arguments of the database function.
#[derive(Serialize)]
struct Arguments<'a> {
    meeting_id: &'a MeetingId,
    caller: Option<Uuid>,
    address: Option<String>,
    passcode: Option<&'a str>,
    user_type: UserType,
    session_id: Option<Uuid>,
    guest_secret: Option<&'a str>,
}

/// What the database says of who got in.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seated {
    participant_id: Uuid,
    session_id: String,
    user_type: UserType,
    name: Option<String>,
    scheduled_end: ScheduledTime,
}

/// The answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Joined<'a> {
    /// Names this stay. Only the parties read it, in `video_participants`.
    session_id: String,
    participant_id: Uuid,
    /// By which a guest leaves, mutes themself and comes back. Only in the answer to the join for which it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    guest_secret: Option<&'a str>,
    /// Its app's own name.
    #[serde(rename = "turn_servers")]
    turn_servers: Vec<IceServer>,
    ticket: String,
}

/// Joins a meeting.
///
/// 1. Identify: a guest has no token; 401 for a bad one.
/// 2. Parse: 400, 404, 415, 422; 403 when the user is somebody else.
/// 3. Let the database find out whose the meeting is and who was in it, or try the passcode, and seat the caller: 403, 404, 409,
///    429. The tutor's join starts the meeting. A guest without an account and a secret gets one, by which they are the same again.
/// 4. Make a ticket, and have the TURN service make credentials; without it there is STUN alone.
/// 5. Answer 200.
pub(crate) async fn handle(context: &Context, request: &Request, segment: &str) -> Result<Response, Error> {
    // (1) Identify.
    let caller = auth::identify(context, &request.headers).await?;

    // (2) Parse. A deployment without rooms seats nobody.
    let meeting_id = route::meeting_id(segment)?;
    let Body { user_type, session_id, passcode, guest_secret, user_id } = json::read(request)?;
    let user_type = required(user_type, "userType")?;
    refuse_another_user(caller.as_ref(), user_id)?;
    let entrance = Entrance::of(context)?;

    // (3) Join.
    let made = if caller.is_none() && guest_secret.is_none() { Some(GuestSecret::generate()?) } else { None };
    let arguments = Arguments {
        meeting_id: &meeting_id,
        caller: caller.map(|caller| caller.id),
        address: address::client(&context.config().client_address_header, &request.headers),
        passcode: passcode.as_ref().map(MeetingPasscode::expose),
        user_type,
        session_id,
        guest_secret: guest_secret.as_ref().or(made.as_ref()).map(GuestSecret::expose),
    };
    let seated: Seated = supabase::rpc_for_caller(context, "join_video_meeting", &arguments).await?;

    // (4) Let them in.
    let admitted = Admitted {
        participant_id: seated.participant_id,
        room: meeting_id.as_str().to_owned(),
        role: seated.user_type.role(),
        name: seated.name.unwrap_or_else(|| seated.user_type.title().to_owned()),
        session_end: seated.scheduled_end.utc(),
    };
    let Pass { ticket, ice_servers } = entrance.let_in(context, admitted).await?;

    // (5) Answer.
    let Seated { session_id, participant_id, .. } = seated;
    let guest_secret = made.as_ref().map(GuestSecret::expose);
    json::respond(
        StatusCode::OK,
        &Joined { session_id, participant_id, guest_secret, turn_servers: ice_servers, ticket },
    )
}

impl UserType {
    fn role(self) -> RoomRole {
        match self {
            Self::Tutor => RoomRole::Host,
            Self::Student | Self::Guest => RoomRole::Participant,
        }
    }

    /// What somebody without a name is called.
    fn title(self) -> &'static str {
        match self {
            Self::Tutor => "Tutor",
            Self::Student => "Student",
            Self::Guest => "Guest",
        }
    }
}

#[cfg(test)]
#[path = "join_tests.rs"]
mod tests;
