//! `/oauth/token` and `/oauth/revoke`.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::header::AUTHORIZATION;
use http::request::Parts;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::super::Settings;
use super::super::recording::is_form;
use super::accounts::{Accounts, Tokens};
use super::answers::{self, Answer};

type Fields = Vec<(String, String)>;

/// Trades a code or a refresh token for a new pair.
pub(super) fn token(
    settings: &Settings,
    accounts: &mut Accounts,
    parts: &Parts,
    body: &[u8],
) -> Result<Answer, Answer> {
    let fields = authentic_form(settings, parts, body)?;
    let tokens = match value(&fields, "grant_type") {
        Some("authorization_code") => exchange(accounts, &fields)?,
        Some("refresh_token") => {
            let [refresh_token, _] = all_fields(&fields, ["refresh_token", "grant_type"])?;
            accounts.rotate(refresh_token).ok_or_else(|| refusal(400, "invalid_grant", "Invalid Token!"))?
        }
        Some(_) => return Err(refusal(400, "unsupported_grant_type", "unsupported grant type")),
        None => return Err(refusal(400, "invalid_request", "grant_type is missing")),
    };
    Ok(answers::json(200, &tokens.to_json()))
}

/// A code that was tried is spent, whatever was wrong with the try.
fn exchange(accounts: &mut Accounts, fields: &Fields) -> Result<Tokens, Answer> {
    let [code, redirect_uri, verifier, _] =
        all_fields(fields, ["code", "redirect_uri", "code_verifier", "grant_type"])?;
    let granted = accounts.take_code(code);
    // Zoom repeats the code it was given.
    let unknown = || refusal(400, "invalid_request", &format!("Invalid authorization code {code}"));
    let granted = granted.ok_or_else(unknown)?;
    if redirect_uri != granted.redirect_uri {
        return Err(refusal(400, "invalid_request", "Redirect URI mismatch."));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_verifier = (43..=128).contains(&verifier.len()) && verifier.bytes().all(allowed);
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    if !is_verifier || challenge != granted.challenge {
        return Err(refusal(400, "invalid_grant", "Invalid code verifier."));
    }
    Ok(accounts.exchange(&granted))
}

/// Ends the grant that an access token belongs to.
pub(super) fn revoke(
    settings: &Settings,
    accounts: &mut Accounts,
    parts: &Parts,
    body: &[u8],
) -> Result<Answer, Answer> {
    let fields = authentic_form(settings, parts, body)?;
    let [token] = all_fields(&fields, ["token"])?;
    if accounts.revoke_token(token) {
        Ok(answers::json(200, &json!({"status": "success"})))
    } else {
        Err(refusal(400, "invalid_request", "Invalid Token!"))
    }
}

/// A field of a form, whatever else is in it.
pub(super) fn field(body: &[u8], name: &str) -> Option<String> {
    let fields: Fields = serde_urlencoded::from_bytes(body).ok()?;
    value(&fields, name).map(str::to_owned)
}

/// The form, if it comes from the app: the secrets belong in the header and the body, never in the URL.
fn authentic_form(settings: &Settings, parts: &Parts, body: &[u8]) -> Result<Fields, Answer> {
    let credentials = format!("{}:{}", settings.zoom_client_id, settings.zoom_client_secret);
    let expected = format!("Basic {}", BASE64_STANDARD.encode(credentials));
    let authorization = parts.headers.get(AUTHORIZATION).map(http::HeaderValue::as_bytes);
    if authorization != Some(expected.as_bytes()) {
        return Err(refusal(401, "invalid_client", "Invalid client_id or client_secret"));
    }
    if parts.uri.query().is_some() {
        return Err(refusal(400, "invalid_request", "parameters belong in the body"));
    }
    if !is_form(&parts.headers) {
        return Err(refusal(415, "invalid_request", "the body must be form-encoded"));
    }
    serde_urlencoded::from_bytes(body).map_err(|_| refusal(400, "invalid_request", "the form cannot be read"))
}

/// The values of these fields; no other may be there, and each only once.
fn all_fields<'a, const N: usize>(fields: &'a Fields, names: [&str; N]) -> Result<[&'a str; N], Answer> {
    let invalid = |reason: String| refusal(400, "invalid_request", &reason);
    if let Some((unknown, _)) = fields.iter().find(|(field, _)| !names.contains(&field.as_str())) {
        return Err(invalid(format!("{unknown} is not a parameter")));
    }
    if fields.len() > N {
        return Err(invalid("a parameter is repeated".to_owned()));
    }
    match names.iter().find(|name| value(fields, name).is_none()) {
        Some(missing) => Err(invalid(format!("{missing} is missing"))),
        None => Ok(names.map(|name| value(fields, name).unwrap_or_default())),
    }
}

fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let (_, value) = fields.iter().find(|(field, _)| field == name)?;
    Some(value)
}

fn refusal(status: u16, error: &str, reason: &str) -> Answer {
    answers::json(status, &json!({"reason": reason, "error": error}))
}
