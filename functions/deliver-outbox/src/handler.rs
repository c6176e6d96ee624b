//! The steps of `deliver-outbox`.

use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    auth::scheduler,
    context::Context,
    http::{Error, Request, Response, json},
    supabase::rpc_as_service,
};
use uuid::Uuid;

use crate::effects::{self, Effect, Outcome};

/// How many effects one call takes: few enough to be done within a lease.
const MOST_EFFECTS: u32 = 20;
/// Below the six open connections that a Worker may have.
const AT_ONCE: usize = 4;

#[derive(Deserialize)]
struct Claimed {
    effects: Vec<Effect>,
}

/// What became of one effect, as the database takes it.
#[derive(Serialize)]
struct Settled {
    id: Uuid,
    lease_id: Uuid,
    #[serde(flatten)]
    outcome: Outcome,
}

/// How many effects were taken, and what became of them.
#[derive(Default, Serialize)]
struct Delivered {
    claimed: usize,
    done: usize,
    retried: usize,
    dead: usize,
}

/// Delivers for a caller over HTTP: 401 unless it presents the scheduler's secret.
pub async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    scheduler::authorize(context, request.headers())?;
    deliver(context).await
}

/// Delivers what is due.
///
/// 1. Claim the effects that are due, each with a lease, so that no other delivery takes them.
/// 2. Carry them out. Each is idempotent at its receiver, so that doing one again after a crash does no harm.
/// 3. Settle them all at once: done, tried again later, or dead.
/// 4. Answer 200 with the counts.
pub async fn deliver(context: &Context) -> Result<Response, Error> {
    // (1) Claim.
    let claimed: Claimed = rpc_as_service(context, "claim_outbox", &json!({"max_effects": MOST_EFFECTS})).await?;

    // (2) Carry out.
    let settled: Vec<Settled> = stream::iter(claimed.effects)
        .map(async |effect| Settled {
            id: effect.id,
            lease_id: effect.lease_id,
            outcome: effects::perform(context, effect).await,
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;

    // (3) Settle.
    if !settled.is_empty() {
        rpc_as_service::<Value>(context, "settle_outbox", &json!({"results": settled})).await?;
    }

    // (4) Answer.
    let mut delivered = Delivered { claimed: settled.len(), ..Delivered::default() };
    for effect in &settled {
        match effect.outcome {
            Outcome::Done => delivered.done += 1,
            Outcome::Retry { .. } => delivered.retried += 1,
            Outcome::Dead { .. } => delivered.dead += 1,
        }
    }
    json::respond(StatusCode::OK, &delivered)
}
