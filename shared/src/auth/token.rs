//! Verification of Supabase access tokens (RFC 7519; Supabase's claims). The algorithm follows from the key, never from
//! what the token says about itself.

use chrono::{DateTime, TimeDelta, Utc};
use jwt_compact::{Claims, UntrustedToken};
use serde::{Deserialize, de::IgnoredAny};
use uuid::Uuid;

use super::signature::{Algorithm, VerifyingKey};
use crate::{config::Config, context::Context, http::Error};

/// Supabase's audience and role for a signed-in user. API keys and service tokens have others, and are nobody here.
const AUTHENTICATED: &str = "authenticated";
/// How far our clock and the issuer's may differ. A token is accepted at most this long after it expired.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);
/// Far above any Supabase access token; what is longer is not worth decoding.
const LONGEST_TOKEN: usize = 8 * 1024;

#[derive(Deserialize)]
struct SupabaseClaims {
    sub: Uuid,
    aud: Audience,
    iss: Option<String>,
    role: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What a header may hold besides `alg` and `kid`. A critical extension that nobody here understands makes the token invalid
/// (RFC 7515, section 4.1.11).
#[derive(Clone, Deserialize)]
struct Extensions {
    crit: Option<IgnoredAny>,
}

/// The user that `token` was issued to, if every check holds.
pub(super) async fn verify(context: &Context, token: &str) -> Result<Uuid, Error> {
    let refuse = Error::Unauthenticated;
    if token.len() > LONGEST_TOKEN {
        return Err(refuse("the token is too long"));
    }
    let parsed = UntrustedToken::<Extensions>::try_from(token).map_err(|_| refuse("not a JWT"))?;
    if parsed.header().other_fields.crit.is_some() {
        return Err(refuse("a critical extension"));
    }
    let issuer_is_required = verify_signature(context, &parsed, token).await?;
    let claims =
        parsed.deserialize_claims_unchecked::<SupabaseClaims>().map_err(|_| refuse("claims of another shape"))?;
    check_claims(&claims, context.config(), context.clock().now(), issuer_is_required).map_err(refuse)
}

/// Checks the signature, and tells whether such a token has to name its issuer: the legacy secret belongs to one project, so a
/// token it signed may leave `iss` out, as the local Supabase does.
async fn verify_signature(
    context: &Context,
    parsed: &UntrustedToken<'_, Extensions>,
    token: &str,
) -> Result<bool, Error> {
    let refuse = Error::Unauthenticated;
    if parsed.algorithm() == "HS256" {
        let genuine = legacy_key(context).await?.has_signed(token, parsed.signature_bytes()).await;
        return if genuine { Ok(false) } else { Err(refuse("a forged signature")) };
    }
    let algorithm = Algorithm::named(parsed.algorithm()).ok_or(refuse("an algorithm that is not accepted"))?;
    let key_id = parsed.header().key_id.as_deref().ok_or(refuse("no key id"))?;
    let key = context.deployment.jwks.key(context, key_id).await?.ok_or(refuse("an unknown key id"))?;
    if key.algorithm() != algorithm {
        return Err(refuse("the key is for another algorithm"));
    }
    if key.has_signed(token, parsed.signature_bytes()).await { Ok(true) } else { Err(refuse("a forged signature")) }
}

async fn legacy_key(context: &Context) -> Result<&VerifyingKey, Error> {
    let slot = &context.deployment.legacy_key;
    if let Some(key) = slot.get() {
        return Ok(key);
    }
    let refuse = Error::Unauthenticated;
    let secret = context.config().jwt_secret.as_ref().ok_or(refuse("HS256 without JWT_SECRET"))?;
    let key = VerifyingKey::of_secret(secret).await.ok_or(refuse("JWT_SECRET is not a key"))?;
    // Another request may have been faster.
    Ok(slot.get_or_init(|| key))
}

/// Whether claims are valid at `now`, which has to be limited by an expiry.
pub(crate) fn check_times<T>(claims: &Claims<T>, now: DateTime<Utc>) -> Result<(), &'static str> {
    let expires = claims.expiration.ok_or("no expiry")?;
    // Differences, because a sum can leave the range of times, and panic.
    if now.signed_duration_since(expires) >= LEEWAY {
        return Err("expired");
    }
    if claims.not_before.is_some_and(|not_before| not_before.signed_duration_since(now) > LEEWAY) {
        return Err("not valid yet");
    }
    Ok(())
}

fn check_claims(
    claims: &Claims<SupabaseClaims>,
    config: &Config,
    now: DateTime<Utc>,
    issuer_is_required: bool,
) -> Result<Uuid, &'static str> {
    check_times(claims, now)?;
    let SupabaseClaims { sub, aud, iss, role } = &claims.custom;
    let audience_matches = match aud {
        Audience::One(audience) => audience == AUTHENTICATED,
        Audience::Many(audiences) => audiences.iter().any(|audience| audience == AUTHENTICATED),
    };
    if !audience_matches || role != AUTHENTICATED {
        return Err("not a signed-in user's token");
    }
    match iss {
        Some(issuer) if *issuer == format!("{}/auth/v1", config.supabase_url) => Ok(*sub),
        None if !issuer_is_required => Ok(*sub),
        _ => Err("another issuer"),
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
