//! What the caller sends, as types that cannot hold a bad value.

use serde::{Deserialize, Serialize};
use shared::validation::Message;
use uuid::Uuid;

/// Whom to invite to which session. Serialised, it is the arguments of the database function, which are all there, if only
/// as null, and which decides who goes together with whom.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InviteRequest {
    pub(crate) session_id: Option<Uuid>,
    /// Clients of the host. Without them and a conversation: those who take part already.
    client_ids: Option<Vec<Uuid>>,
    /// The conversation whose client is invited.
    conversation_id: Option<Uuid>,
    /// What the host writes above the link.
    message: Option<Message>,
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
