//! The project's public signing keys (RFC 7517), fetched from its auth server and kept for a while.

use std::{cell::RefCell, collections::HashMap, rc::Rc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::signature::VerifyingKey;
use crate::{
    context::Context,
    http::{Error, upstream},
};

/// Supabase's auth server lets its keys be cached for ten minutes, and no longer: that is how a revoked key goes.
const FRESH: TimeDelta = TimeDelta::minutes(10);
/// A key id that is not in a fresh set asks for one more look, at most this often, so that invented ids cost nothing.
const COOL_DOWN: TimeDelta = TimeDelta::seconds(30);
const TIMEOUT: Duration = Duration::from_secs(5);

/// The keys of one isolate.
#[derive(Default)]
pub struct JwksCache(RefCell<Option<Fetched>>);

struct Fetched {
    keys: HashMap<String, Rc<VerifyingKey>>,
    at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl JwksCache {
    /// The key named `key_id`, if the project has it; 503 when that cannot be known.
    ///
    /// Nothing is awaited while the cache is borrowed: requests of one isolate interleave, and each may fetch for itself.
    pub(super) async fn key(&self, context: &Context, key_id: &str) -> Result<Option<Rc<VerifyingKey>>, Error> {
        let now = context.clock().now();
        let age = self.0.borrow().as_ref().map(|fetched| now.signed_duration_since(fetched.at));
        let is_fresh = age.is_some_and(|age| age < FRESH);
        let may_look_again = age.is_none_or(|age| age >= COOL_DOWN);
        if is_fresh && let Some(key) = self.cached(key_id) {
            return Ok(Some(key));
        }
        if may_look_again {
            let keys = fetch(context).await?;
            self.0.replace(Some(Fetched { keys, at: now }));
        }
        Ok(self.cached(key_id))
    }

    fn cached(&self, key_id: &str) -> Option<Rc<VerifyingKey>> {
        self.0.borrow().as_ref()?.keys.get(key_id).cloned()
    }
}

async fn fetch(context: &Context) -> Result<HashMap<String, Rc<VerifyingKey>>, Error> {
    let url = format!("{}/auth/v1/.well-known/jwks.json", context.config().supabase_url);
    let request = context.deployment.client.get(url).header("apikey", &context.config().publishable_key);
    let answer = upstream::send(context, request, TIMEOUT)
        .await
        .map_err(|error| Error::Unavailable(format!("the JWKS: {error}")))?;
    if answer.status != StatusCode::OK {
        return Err(Error::Unavailable(format!("the JWKS: status {}", answer.status)));
    }
    import(&answer.body).await
}

async fn import(key_set: &[u8]) -> Result<HashMap<String, Rc<VerifyingKey>>, Error> {
    let set: KeySet =
        serde_json::from_slice(key_set).map_err(|_| Error::Unavailable("the JWKS is not a key set".to_owned()))?;
    let mut keys = HashMap::new();
    for jwk in &set.keys {
        if let Some(id) = jwk.get("kid").and_then(Value::as_str)
            && let Some(key) = VerifyingKey::import(jwk).await
        {
            keys.insert(id.to_owned(), Rc::new(key));
        }
    }
    Ok(keys)
}
