//! The steps of `virtual-sessions`.

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::{Value, json};
use shared::{
    auth::{self, Caller, ticket::RoomRole},
    context::Context,
    http::{Error, Request, Response, idempotency, json},
    providers::jitsi::{JitsiRoom, JitsiServer, JitsiToken},
    supabase,
};
use uuid::Uuid;

use crate::request::{Action, Session, SessionRequest};

/// The arguments of the database function that makes a session.
#[derive(Serialize)]
struct Creation<'a> {
    /// Whose it is. The service asks, because where rooms are is this deployment's choice and not the creator's.
    creator: Uuid,
    request: &'a SessionRequest,
    #[serde(flatten)]
    place: &'a Place,
    idempotency_key: Option<&'a str>,
}

/// Where this deployment has new rooms.
#[derive(Serialize)]
struct Place {
    room_base_url: String,
    /// Whether its server lets in by tokens.
    room_is_guarded: bool,
}

/// The arguments of the database function that gives a session a room where this deployment has them.
#[derive(Serialize)]
struct Move<'a> {
    session_id: Uuid,
    /// The room that it has.
    meeting_room_id: &'a JitsiRoom,
    #[serde(flatten)]
    place: &'a Place,
}

/// What the database says to somebody who may enter.
#[derive(Deserialize)]
struct Admission {
    meeting_room_id: JitsiRoom,
    meeting_url: String,
    /// Whether the room was made to be entered by tokens.
    is_guarded: bool,
    role: RoomRole,
    ends_at: DateTime<Utc>,
    /// The caller's.
    name: Option<String>,
}

/// The answer to somebody who enters.
#[derive(Serialize)]
struct Entry {
    meeting_url: String,
    meeting_room_id: JitsiRoom,
    role: RoomRole,
    ends_at: DateTime<Utc>,
    /// Where the room lets in by tokens. It is in the URL too; apps that embed Jitsi need it by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// Serves one action on a group session.
///
/// 1. Authenticate: 401.
/// 2. Parse: 400, 415, 422.
/// 3. Let the database authorise the action, and carry it out: 403, 404, 409, 422, 429. To create, the same `Idempotency-Key`
///    finds what an earlier request made. To join a room that lets in by tokens, sign one; one for which there are none any more is
///    left for another first.
/// 4. Answer 201 with what was created, else 200.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    // (1) Authenticate.
    let caller = auth::authenticate(context, &request.headers).await?;

    // (2) Parse.
    let idempotency_key = idempotency::key(&request.headers)?;
    let action = Action::read(&request, context.clock().now())?;

    // (3) Carry it out, and (4) answer.
    match action {
        Action::Create(session) => {
            json::respond(StatusCode::CREATED, &create(context, &caller, &session, idempotency_key.as_deref()).await?)
        }
        Action::Join(session) => json::respond(StatusCode::OK, &join(context, &caller, &session).await?),
        Action::Register(session) => ask(context, &caller, "register_for_virtual_session", &session).await,
        Action::Unregister(session) => ask(context, &caller, "unregister_from_virtual_session", &session).await,
        Action::Remove(person) => ask(context, &caller, "remove_from_virtual_session", &person).await,
        Action::Readmit(person) => ask(context, &caller, "readmit_to_virtual_session", &person).await,
        Action::Start(session) => change(context, &caller, &session, "start").await,
        Action::Complete(session) => change(context, &caller, &session, "complete").await,
        Action::Cancel(session) => change(context, &caller, &session, "cancel").await,
    }
}

/// What the database answers is the answer.
async fn ask(
    context: &Context,
    caller: &Caller,
    function: &str,
    arguments: &impl Serialize,
) -> Result<Response, Error> {
    let answer: Value = supabase::rpc_as(context, caller, function, arguments).await?;
    json::respond(StatusCode::OK, &answer)
}

async fn change(context: &Context, caller: &Caller, session: &Session, action: &str) -> Result<Response, Error> {
    let arguments = json!({"session_id": session.session_id, "action": action});
    ask(context, caller, "change_virtual_session", &arguments).await
}

async fn create(
    context: &Context,
    caller: &Caller,
    request: &SessionRequest,
    idempotency_key: Option<&str>,
) -> Result<Value, Error> {
    let place = Place::of(context.config().jitsi_server()?.as_ref(), &context.config().jitsi_domain);
    let arguments = Creation { creator: caller.id, request, place: &place, idempotency_key };
    supabase::rpc_for_caller(context, "create_virtual_session", &arguments).await
}

async fn join(context: &Context, caller: &Caller, session: &Session) -> Result<Entry, Error> {
    let server = context.config().jitsi_server()?;
    let server = server.as_ref();
    let mut admission = admit(context, caller, session).await?;
    if admission.is_guarded && admission.guard(server).is_none() {
        // The configuration has changed since: nobody gets in there any more, or everyone who was ever removed.
        let place = Place::of(server, &context.config().jitsi_domain);
        let arguments =
            Move { session_id: session.session_id, meeting_room_id: &admission.meeting_room_id, place: &place };
        let _: IgnoredAny = supabase::rpc_for_caller(context, "move_guarded_virtual_room", &arguments).await?;
        // Asked again, because the caller may have lost the seat meanwhile.
        admission = admit(context, caller, session).await?;
    }
    enter(context, caller, admission, server).await
}

async fn admit(context: &Context, caller: &Caller, session: &Session) -> Result<Admission, Error> {
    supabase::rpc_as(context, caller, "join_virtual_session", session).await
}

async fn enter(
    context: &Context,
    caller: &Caller,
    admission: Admission,
    server: Option<&JitsiServer>,
) -> Result<Entry, Error> {
    let guard = admission.guard(server);
    let Admission { meeting_room_id, meeting_url, role, ends_at, name, .. } = admission;
    let mut entry = Entry { meeting_url, meeting_room_id, role, ends_at, token: None };
    if let Some(server) = guard {
        let token = JitsiToken {
            room: entry.meeting_room_id.clone(),
            user_id: caller.id.to_string(),
            user_name: name.unwrap_or_default(),
            is_moderator: role == RoomRole::Host,
        };
        let token = server.sign(&token, context.clock().now()).await?;
        entry.meeting_url = server.join_url(&entry.meeting_room_id, &token);
        entry.token = Some(token);
    }
    Ok(entry)
}

impl Place {
    fn of(server: Option<&JitsiServer>, domain: &str) -> Self {
        let room_base_url = server.map_or_else(|| format!("https://{domain}/"), JitsiServer::base_url);
        Self { room_base_url, room_is_guarded: server.is_some() }
    }
}

impl Admission {
    /// `server`, where it is the one with this room. A session may be older than the configuration, or made by the app itself: then its
    /// room is elsewhere.
    fn guard<'a>(&self, server: Option<&'a JitsiServer>) -> Option<&'a JitsiServer> {
        server.filter(|server| server.room_url(&self.meeting_room_id) == self.meeting_url)
    }
}

#[cfg(test)]
#[path = "handler_tests.rs"]
mod tests;
