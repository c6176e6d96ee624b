//! What the caller sends, as types that cannot hold a bad value.

use serde::{Deserialize, Serialize};
use shared::{http::Error, validation::Message};
use uuid::Uuid;

/// The most clients one request invites.
const MOST_CLIENTS: usize = 50;

/// The body, as JSON has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    session_id: Option<Uuid>,
    client_ids: Option<Vec<Uuid>>,
    conversation_id: Option<Uuid>,
    message: Option<Message>,
}

/// Whom to invite to which session. Serialised, it is the arguments of the database function, which are all there, if only as null.
#[derive(Debug, Serialize)]
pub(crate) struct InviteRequest {
    session_id: Uuid,
    /// Clients of the host, each once, in a fixed order. Without them and a conversation: those who take part already.
    client_ids: Option<Vec<Uuid>>,
    /// The conversation whose client is invited.
    conversation_id: Option<Uuid>,
    /// What the host writes above the link.
    message: Option<Message>,
}

impl InviteRequest {
    /// Checks the fields against each other: 422 naming the field.
    pub(crate) fn parse(body: Body) -> Result<Self, Error> {
        let Body { session_id, client_ids, conversation_id, message } = body;
        if client_ids.is_some() && conversation_id.is_some() {
            return Err(Error::invalid("client_ids", "cannot be given together with conversation_id"));
        }
        Ok(Self {
            session_id: session_id.ok_or_else(|| Error::invalid("session_id", "is required"))?,
            client_ids: client_ids.map(clients).transpose()?,
            conversation_id,
            message,
        })
    }
}

fn clients(mut clients: Vec<Uuid>) -> Result<Vec<Uuid>, Error> {
    clients.sort_unstable();
    clients.dedup();
    // An empty list means nobody; without the field everyone would be invited.
    if clients.is_empty() {
        Err(Error::invalid("client_ids", "must name a client; leave it out to invite everyone who takes part"))
    } else if clients.len() > MOST_CLIENTS {
        Err(Error::invalid("client_ids", format!("must name at most {MOST_CLIENTS} clients")))
    } else {
        Ok(clients)
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
