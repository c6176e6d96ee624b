//! Supabase, as the functions use it: one RPC at a time, as the caller, as nobody in particular, or as the service.

mod errors;
pub mod outbox;

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    auth::Caller,
    context::Context,
    http::{Error, request_id::X_REQUEST_ID, upstream},
};

/// Above Supabase's own statement timeout for signed-in users, 8 seconds.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Calls a database function as `caller`: row-level security and the function decide what it may do.
pub async fn rpc_as<T: DeserializeOwned>(
    context: &Context,
    caller: &Caller,
    function: &str,
    arguments: &impl Serialize,
) -> Result<T, Error> {
    let body = encode(function, arguments)?;
    let answer = call(context, &context.config().publishable_key, Some(caller.token.expose()), function, body).await?;
    decode(function, &answer)
}

/// Calls a database function as someone who is not signed in: what `anon` may do.
pub async fn rpc_as_guest<T: DeserializeOwned>(
    context: &Context,
    function: &str,
    arguments: &impl Serialize,
) -> Result<T, Error> {
    let key = &context.config().publishable_key;
    let body = encode(function, arguments)?;
    let answer = call(context, key, as_bearer(key), function, body).await?;
    decode(function, &answer)
}

/// Calls a database function that only the service may call.
pub async fn rpc_as_service<T: DeserializeOwned>(
    context: &Context,
    function: &str,
    arguments: &impl Serialize,
) -> Result<T, Error> {
    let body = encode(function, arguments)?;
    let answer = call_as_service(context, function, body).await.map_err(|error| match error {
        // A refusal of what the service asked for is nothing that the caller could mend.
        Error::Refused { code, .. } => refused_the_service(function, &code),
        error => error,
    })?;
    decode(function, &answer)
}

/// The same, where the service asks for a caller: what the database refuses, it refuses them.
pub async fn rpc_for_caller<T: DeserializeOwned>(
    context: &Context,
    function: &str,
    arguments: &impl Serialize,
) -> Result<T, Error> {
    let body = encode(function, arguments)?;
    let answer = call_as_service(context, function, body).await?;
    decode(function, &answer)
}

async fn call_as_service(context: &Context, function: &str, body: Vec<u8>) -> Result<Vec<u8>, Error> {
    let key = context.config().secret_key.expose();
    call(context, key, as_bearer(key), function, body).await.map_err(|error| match error {
        Error::Unavailable(_) => error,
        // Not for a rule, but because the key is not the service's or the function is not for it.
        Error::Refused { ref code, .. } if code != errors::FORBIDDEN => error,
        error => refused_the_service(function, error.code()),
    })
}

fn refused_the_service(function: &str, code: &str) -> Error {
    Error::Internal(format!("rpc {function} refused the service: {code}"))
}

/// A legacy key is a JWT and has to be the bearer as well; an `sb_publishable_` or `sb_secret_` key must not be.
fn as_bearer(key: &str) -> Option<&str> {
    key.starts_with("eyJ").then_some(key)
}

fn encode(function: &str, arguments: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(arguments).map_err(|error| Error::Internal(format!("{function}: {error}")))
}

fn decode<T: DeserializeOwned>(function: &str, answer: &[u8]) -> Result<T, Error> {
    upstream::read(answer).map_err(|error| Error::Internal(format!("rpc {function}: {error}")))
}

/// Takes and gives bytes, so that it is compiled once and not for every type of argument and answer.
async fn call(
    context: &Context,
    api_key: &str,
    bearer: Option<&str>,
    function: &str,
    body: Vec<u8>,
) -> Result<Vec<u8>, Error> {
    let url = format!("{}/rest/v1/rpc/{function}", context.config().supabase_url);
    let mut request = context
        .deployment
        .client
        .post(url)
        .header("apikey", api_key)
        .header(CONTENT_TYPE, "application/json")
        .header(X_REQUEST_ID, &context.request_id)
        .body(body);
    if let Some(token) = bearer {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let answer = upstream::send(context, request, TIMEOUT)
        .await
        .map_err(|error| Error::Unavailable(format!("rpc {function}: {error}")))?;
    if answer.status.is_success() { Ok(answer.body) } else { Err(errors::map(function, &answer)) }
}

#[cfg(test)]
mod tests;
