//! `/oauth/token` and `/oauth/revoke`. The grant type `authorization_code` belongs to the connect flow.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::AUTHORIZATION;
use http::request::Parts;
use serde_json::json;

use super::super::Settings;
use super::super::recording::is_form;
use super::accounts::Accounts;
use super::answers::{self, Answer};

type Fields = Vec<(String, String)>;

/// Trades a refresh token for a new pair.
pub(super) fn token(
    settings: &Settings,
    accounts: &mut Accounts,
    parts: &Parts,
    body: &[u8],
) -> Result<Answer, Answer> {
    let fields = authentic_form(settings, parts, body)?;
    match value(&fields, "grant_type") {
        Some("refresh_token") => {}
        Some(_) => return Err(refusal(400, "unsupported_grant_type", "unsupported grant type")),
        None => return Err(refusal(400, "invalid_request", "grant_type is missing")),
    }
    let refresh_token = only_field(&fields, "refresh_token", &["grant_type"])?;
    match accounts.rotate(refresh_token) {
        Some(tokens) => Ok(answers::json(200, &tokens.to_json())),
        None => Err(refusal(400, "invalid_grant", "Invalid Token!")),
    }
}

/// Ends the grant that an access token belongs to.
pub(super) fn revoke(
    settings: &Settings,
    accounts: &mut Accounts,
    parts: &Parts,
    body: &[u8],
) -> Result<Answer, Answer> {
    let fields = authentic_form(settings, parts, body)?;
    let token = only_field(&fields, "token", &[])?;
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

fn only_field<'a>(fields: &'a Fields, name: &str, others: &[&str]) -> Result<&'a str, Answer> {
    if let Some((unknown, _)) = fields.iter().find(|(field, _)| field != name && !others.contains(&field.as_str())) {
        return Err(refusal(400, "invalid_request", &format!("{unknown} is not a parameter")));
    }
    if fields.len() > 1 + others.len() {
        return Err(refusal(400, "invalid_request", "a parameter is repeated"));
    }
    value(fields, name).ok_or_else(|| refusal(400, "invalid_request", &format!("{name} is missing")))
}

fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let (_, value) = fields.iter().find(|(field, _)| field == name)?;
    Some(value)
}

fn refusal(status: u16, error: &str, reason: &str) -> Answer {
    answers::json(status, &json!({"reason": reason, "error": error}))
}
