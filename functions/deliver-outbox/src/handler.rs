//! The steps of `deliver-outbox`.

use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::json;
use shared::{
    auth::scheduler,
    context::Context,
    http::{Error, Request, Response, json},
    supabase::rpc_as_service,
};
use uuid::Uuid;

use crate::effects::{self, Effect, Lease, Outcome};

/// How many effects of Zoom's one call takes, beside those of OpenVidu's that the database finds room for: with what each may
/// ask, not above the 50 subrequests of Cloudflare's free plan.
const MOST_EFFECTS: u32 = 8;
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
#[derive(Serialize)]
struct Delivered {
    claimed: usize,
    done: usize,
    retried: usize,
}

/// Delivers for a caller over HTTP: 401 unless it presents the scheduler's secret.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    scheduler::authorize(context, &request.headers)?;
    deliver(context).await
}

/// Delivers what is due.
///
/// 1. Claim the effects that are due, each with a lease, so that no other delivery takes them.
/// 2. Carry them out. Each is idempotent at its receiver, so that doing one again after a crash does no harm.
/// 3. Settle them all at once: done, or to be tried again later. The database gives up what failed too often.
/// 4. Answer 200 with the counts.
pub(crate) async fn deliver(context: &Context) -> Result<Response, Error> {
    // (1) Claim. The leases begin after this.
    let lease = Lease::since(context.clock().now());
    let claimed: Claimed = rpc_as_service(context, "claim_outbox", &json!({"max_effects": MOST_EFFECTS})).await?;

    // (2) Carry out.
    let settled: Vec<Settled> = stream::iter(claimed.effects)
        .map(async |effect| {
            let (id, lease_id) = (effect.id, effect.lease_id);
            let outcome = effects::perform(context, effect, lease).await.unwrap_or_else(Outcome::from);
            Settled { id, lease_id, outcome }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;

    // (3) Settle.
    if !settled.is_empty() {
        rpc_as_service::<IgnoredAny>(context, "settle_outbox", &json!({"results": settled})).await?;
    }

    // (4) Answer.
    let retried = settled.iter().filter(|effect| matches!(effect.outcome, Outcome::Retry { .. })).count();
    json::respond(StatusCode::OK, &Delivered { claimed: settled.len(), done: settled.len() - retried, retried })
}
