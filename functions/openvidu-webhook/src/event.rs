//! What a server of rooms reports, as types that cannot hold a bad value.

pub(crate) mod livekit;
pub(crate) mod openvidu;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use shared::{
    http::{Error, json::required},
    validation::lenient::present,
};
use uuid::Uuid;

/// An event to be recorded. Serialised, it is the arguments of the database function.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    event: &'static str,
    event_at: DateTime<Utc>,
    /// The room's name. Whose meeting has it, if any, the database knows.
    room: String,
    details: Value,
}

/// Who came or went.
fn attendance(connection: Option<String>, field: &'static str, user_id: Option<Uuid>) -> Result<Value, Error> {
    Ok(json!({"connection": required(present(connection), field)?, "user_id": user_id}))
}
