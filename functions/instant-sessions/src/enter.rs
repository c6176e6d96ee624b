//! Coming into a session by its link, staying in it, and leaving.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use shared::{
    auth::{
        Caller,
        ticket::{RoomRole, RoomTicket},
    },
    context::Context,
    crypto::{Secret, random},
    http::{Error, Response, json},
    providers::turn::{IceServer, IceServers},
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
    /// Only for whoever is in the session.
    #[serde(flatten)]
    admission: Option<Admission>,
}

/// What it takes to meet the others.
#[derive(Serialize)]
struct Admission {
    ticket: String,
    ice_servers: Vec<IceServer>,
}

/// What admissions are made with.
struct Door {
    ticket_secret: Secret,
    ice_servers: IceServers,
}

/// Lets the caller in, or into the lobby. A guest without a secret gets one, by which they are the same guest again.
pub(crate) async fn join(context: &Context, caller: Option<&Caller>, mut join: Join) -> Result<Response, Error> {
    let door = Door::of(context)?;
    let mut made = None;
    if caller.is_none() && join.guest_secret.is_none() {
        made = Some(random::guest_secret()?);
        join.guest_secret.clone_from(&made);
    }
    let part = ask(context, caller, "join_instant_session", &join).await?;
    door.answer(context, part, made).await
}

/// Where the caller stands: how who waits learns that they were admitted, and how who stays gets another ticket.
pub(crate) async fn status(context: &Context, caller: Option<&Caller>, pass: &Pass) -> Result<Response, Error> {
    let door = Door::of(context)?;
    let part = ask(context, caller, "instant_session_status", pass).await?;
    door.answer(context, part, None).await
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

impl Door {
    /// Looked at before the database is asked: a deployment without a ticket's secret lets nobody in.
    fn of(context: &Context) -> Result<Self, Error> {
        let config = context.config();
        Ok(Self { ticket_secret: config.ice.ticket_secret()?, ice_servers: config.ice.servers()? })
    }

    async fn answer(self, context: &Context, part: Part, guest_secret: Option<String>) -> Result<Response, Error> {
        let Part { session, participant } = part;
        let (status, admission) = if participant["is_active"] != true {
            (Standing::Left, None)
        } else if participant["admitted_at"].is_null() {
            (Standing::Waiting, None)
        } else {
            (Standing::Admitted, Some(self.admit(context, &session, &participant).await?))
        };
        json::respond(StatusCode::OK, &Entered { status, session, participant, guest_secret, admission })
    }

    async fn admit(&self, context: &Context, session: &Value, participant: &Value) -> Result<Admission, Error> {
        let id = text(participant, "id")?;
        let name = text(participant, "participant_name")?;
        let role = if text(participant, "role")? == "host" { RoomRole::Host } else { RoomRole::Participant };
        let end: DateTime<Utc> = parsed(session, "expires_at")?;
        let ice_servers = self.ice_servers.or_stun(context, id, end).await;
        let participant_id = parsed(participant, "id")?;
        let ticket = RoomTicket::new(participant_id, text(session, "id")?, role, name, context.clock().now(), end);
        Ok(Admission { ticket: ticket.sign(&self.ticket_secret)?, ice_servers })
    }
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
