use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Method;
use http::request::Parts;
use serde_json::{Value, json};

use super::super::recording::is_form;
use super::super::{Settings, now, random};
use super::{Answer, has_authorization};

/// A day.
const LONGEST: u32 = 86_400;

/// `POST /2010-04-01/Accounts/{Sid}/Tokens.json`.
pub(super) fn mint(settings: &Settings, path: &str, parts: &Parts, body: &[u8]) -> Result<Answer, Answer> {
    let account_sid = &settings.twilio_account_sid;
    let account = format!("{account_sid}:{}", settings.twilio_auth_token);
    if !has_authorization(parts, &format!("Basic {}", BASE64_STANDARD.encode(account))) {
        return Err(refusal(401, 20003, "Authentication Error - invalid username"));
    }
    if path != format!("/2010-04-01/Accounts/{account_sid}/Tokens.json") {
        return Err(refusal(404, 20404, &format!("The requested resource {path} was not found")));
    }
    if parts.method != Method::POST {
        return Err(refusal(405, 20004, "Method not allowed"));
    }
    if !is_form(&parts.headers) {
        return Err(refusal(415, 20415, "The body must be form-encoded"));
    }
    let ttl = ttl(body).ok_or_else(|| refusal(400, 20001, "Invalid Ttl"))?;
    Ok(super::json(201, &token(account_sid, ttl)))
}

/// The only field. Left out, it would be a day.
fn ttl(body: &[u8]) -> Option<u32> {
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(body).ok()?;
    let [(name, value)] = fields.as_slice() else { return None };
    let is_number = name == "Ttl" && value.bytes().all(|byte| byte.is_ascii_digit());
    value.parse().ok().filter(|ttl| is_number && (1..=LONGEST).contains(ttl))
}

fn token(account_sid: &str, ttl: u32) -> Value {
    let (username, password) = (random::url_safe::<32>(), random::base64::<32>());
    let turn = |address: &str| {
        let url = format!("turn:global.turn.twilio.com:{address}");
        json!({"url": url, "urls": url, "username": username, "credential": password})
    };
    let stun = "stun:global.stun.twilio.com:3478";
    let date = now().to_rfc2822();
    json!({
        "account_sid": account_sid,
        "date_created": date,
        "date_updated": date,
        "ice_servers": [
            {"url": stun, "urls": stun},
            turn("3478?transport=udp"),
            turn("3478?transport=tcp"),
            turn("443?transport=tcp"),
        ],
        "password": password,
        "ttl": ttl.to_string(),
        "username": username,
    })
}

fn refusal(status: u16, code: u32, message: &str) -> Answer {
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    super::json(status, &json!({"code": code, "message": message, "more_info": more_info, "status": status}))
}
