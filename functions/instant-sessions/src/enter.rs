//! Coming into a session by its link, staying in it, and leaving.

use std::str::FromStr;

use http::StatusCode;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use shared::{
    auth::{Caller, ticket::RoomRole},
    context::Context,
    crypto::random,
    entrance::{Admitted, Entrance, Pass as RoomPass},
    http::{Error, Response, json},
    providers::turn::IceServer,
    supabase,
};

use crate::request::{Join, Pass};

/// What the database says of somebody's part in a session.
#[derive(Deserialize)]
struct Part {
    session: Value,
    participant: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Admitted,
    Waiting,
    /// Also by another window of theirs. Who joins again is back.
    Left,
}

/// The answer.
#[derive(Serialize)]
struct Entered {
    status: Standing,
    session: Value,
    participant: Value,
    /// Only in the answer to the join for which it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    guest_secret: Option<String>,
    /// This and the next only for whoever is in the session: what it takes to meet the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ice_servers: Option<Vec<IceServer>>,
}

/// Lets the caller in, or into the lobby. A guest without a secret gets one, by which they are the same guest again.
pub(crate) async fn join(context: &Context, caller: Option<&Caller>, mut join: Join) -> Result<Response, Error> {
    let entrance = Entrance::of(context)?;
    let mut made = None;
    if caller.is_none() && join.guest_secret.is_none() {
        made = Some(random::guest_secret()?);
        join.guest_secret.clone_from(&made);
    }
    let part = ask(context, caller, "join_instant_session", &join).await?;
    answer(context, &entrance, part, made).await
}

/// Where the caller stands: how who waits learns that they were admitted, and how who stays gets another ticket.
pub(crate) async fn status(context: &Context, caller: Option<&Caller>, pass: &Pass) -> Result<Response, Error> {
    let entrance = Entrance::of(context)?;
    let part = ask(context, caller, "instant_session_status", pass).await?;
    answer(context, &entrance, part, None).await
}

/// Leaves the session, or its lobby.
pub(crate) async fn leave(context: &Context, caller: Option<&Caller>, pass: &Pass) -> Result<Response, Error> {
    let left: Value = ask(context, caller, "leave_instant_session", pass).await?;
    json::respond(StatusCode::OK, &left)
}

/// Asks the database as whoever is calling.
async fn ask<T: DeserializeOwned>(
    context: &Context,
    caller: Option<&Caller>,
    function: &str,
    arguments: &impl Serialize,
) -> Result<T, Error> {
    match caller {
        Some(caller) => supabase::rpc_as(context, caller, function, arguments).await,
        None => supabase::rpc_as_guest(context, function, arguments).await,
    }
}

async fn answer(
    context: &Context,
    entrance: &Entrance,
    part: Part,
    guest_secret: Option<String>,
) -> Result<Response, Error> {
    let Part { session, participant } = part;
    let (status, pass) = if participant["is_active"] != true {
        (Standing::Left, None)
    } else if participant["admitted_at"].is_null() {
        (Standing::Waiting, None)
    } else {
        (Standing::Admitted, Some(entrance.let_in(context, admitted(&session, &participant)?).await?))
    };
    let (ticket, ice_servers) = pass.map(|RoomPass { ticket, ice_servers }| (ticket, ice_servers)).unzip();
    json::respond(StatusCode::OK, &Entered { status, session, participant, guest_secret, ticket, ice_servers })
}

fn admitted(session: &Value, participant: &Value) -> Result<Admitted, Error> {
    Ok(Admitted {
        participant_id: parsed(participant, "id")?,
        room: text(session, "id")?.to_owned(),
        role: if text(participant, "role")? == "host" { RoomRole::Host } else { RoomRole::Participant },
        name: text(participant, "participant_name")?.to_owned(),
        session_end: parsed(session, "expires_at")?,
    })
}

/// What the database says of somebody's part is passed on as it is, and read where it matters: types for all of it would be 4 KB more
/// in the bundle.
fn text<'a>(row: &'a Value, field: &str) -> Result<&'a str, Error> {
    row[field].as_str().ok_or_else(|| unexpected(field))
}

fn parsed<T: FromStr>(row: &Value, field: &str) -> Result<T, Error> {
    text(row, field)?.parse().map_err(|_| unexpected(field))
}

fn unexpected(field: &str) -> Error {
    Error::Internal(format!("an instant session's answer: an unexpected {field}"))
}

#[cfg(test)]
#[path = "enter_tests.rs"]
mod tests;
