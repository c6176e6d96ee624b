//! Effects of the outbox that a request carries out itself, right after the commit that asked for them.

use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::json;
use uuid::Uuid;

use super::rpc_as_service;
use crate::{context::Context, http::Error};

/// An effect that is leased to this request.
#[derive(Deserialize)]
pub struct Effect {
    /// Which one.
    pub id: Uuid,
    /// The lease.
    pub lease_id: Uuid,
}

/// How far an effect is.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// It is done.
    Done,
    /// The outbox will see to it.
    Pending,
}

impl Effect {
    /// Settles the effect: done, or, after a failure, the outbox's. If that is lost, the lease lapses by itself and the outbox
    /// carries the effect out, once more perhaps, which does no harm.
    pub async fn settle(&self, context: &Context, failure: Option<&Error>) -> Progress {
        let (outcome, progress) =
            if failure.is_none() { ("done", Progress::Done) } else { ("retry", Progress::Pending) };
        let result = json!({
            "id": self.id, "lease_id": self.lease_id, "outcome": outcome, "error": failure.map(Error::code),
        });
        let _ = rpc_as_service::<IgnoredAny>(context, "settle_outbox", &json!({"results": [result]})).await;
        progress
    }
}
