//! The project's public signing keys (RFC 7517), fetched from its auth server and kept for a while.

use std::{cell::RefCell, rc::Rc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
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

/// After a failed fetch the auth server is left alone for this long: tokens that nobody signed must not keep it down.
const FAILURE_COOL_DOWN: TimeDelta = TimeDelta::seconds(5);

/// The keys of one isolate.
#[derive(Default)]
pub struct JwksCache(RefCell<Cached>);

/// By key id. There are a handful at most.
type Keys = Vec<(String, Rc<VerifyingKey>)>;

#[derive(Default)]
struct Cached {
    keys: Keys,
    fetched: Option<DateTime<Utc>>,
    failed: Option<DateTime<Utc>>,
}

impl JwksCache {
    /// The key named `key_id`, if the project has it; 503 when that cannot be known.
    ///
    /// Nothing is awaited while the cache is borrowed: requests of one isolate interleave, and each may fetch for itself.
    pub(super) async fn key(&self, context: &Context, key_id: &str) -> Result<Option<Rc<VerifyingKey>>, Error> {
        let now = context.clock().now();
        let since = |time: Option<DateTime<Utc>>| time.map(|time| now.signed_duration_since(time));
        let (age, failed) = (since(self.0.borrow().fetched), since(self.0.borrow().failed));
        let is_fresh = age.is_some_and(|age| age < FRESH);
        let may_look_again = age.is_none_or(|age| age >= COOL_DOWN);
        if is_fresh && let Some(key) = self.cached(key_id) {
            return Ok(Some(key));
        }
        if may_look_again {
            if failed.is_some_and(|failed| failed < FAILURE_COOL_DOWN) {
                return Err(Error::Unavailable("the JWKS: failed a moment ago".to_owned()));
            }
            let keys = fetch(context).await.inspect_err(|_| self.0.borrow_mut().failed = Some(now))?;
            self.0.replace(Cached { keys, fetched: Some(now), failed: None });
        }
        Ok(self.cached(key_id))
    }

    fn cached(&self, key_id: &str) -> Option<Rc<VerifyingKey>> {
        let cached = self.0.borrow();
        let (_, key) = cached.keys.iter().find(|(id, _)| id == key_id)?;
        Some(Rc::clone(key))
    }
}

async fn fetch(context: &Context) -> Result<Keys, Error> {
    let url = format!("{}/auth/v1/.well-known/jwks.json", context.config().supabase_url);
    let request = context.deployment.client.get(url).header("apikey", &context.config().publishable_key);
    let answer = upstream::send(context, request, TIMEOUT)
        .await
        .map_err(|error| Error::Unavailable(format!("the JWKS: {error}")))?;
    if answer.status != StatusCode::OK {
        return Err(Error::Unavailable(format!("the JWKS: status {}", answer.status.as_u16())));
    }
    import(&answer.body).await
}

async fn import(key_set: &[u8]) -> Result<Keys, Error> {
    let set: Value = serde_json::from_slice(key_set).unwrap_or_default();
    let jwks = set["keys"].as_array().ok_or_else(|| Error::Unavailable("the JWKS is not a key set".to_owned()))?;
    let mut keys = Keys::new();
    for jwk in jwks {
        if let Some(id) = jwk["kid"].as_str()
            && let Some(key) = VerifyingKey::import(jwk).await
        {
            keys.push((id.to_owned(), Rc::new(key)));
        }
    }
    Ok(keys)
}
