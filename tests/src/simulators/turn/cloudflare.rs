use http::Method;
use http::request::Parts;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::recording::media_type;
use super::super::{Settings, random};
use super::{Answer, has_authorization};

/// Two days.
const LONGEST: u32 = 172_800;

/// What is asked for. The real one also takes a name for its statistics, which the project has no reason to send.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    ttl: u32,
}

/// `POST /v1/turn/keys/{id}/credentials/generate-ice-servers`.
pub(super) fn mint(settings: &Settings, path: &str, parts: &Parts, body: &[u8]) -> Result<Answer, Answer> {
    if !has_authorization(parts, &format!("Bearer {}", settings.cloudflare_turn_api_token)) {
        return Err(refusal(401));
    }
    if path != format!("/v1/turn/keys/{}/credentials/generate-ice-servers", settings.cloudflare_turn_key_id) {
        return Err(refusal(404));
    }
    if parts.method != Method::POST {
        return Err(refusal(405));
    }
    if media_type(&parts.headers) != Some("application/json") {
        return Err(refusal(415));
    }
    match serde_json::from_slice(body) {
        Ok(Wanted { ttl: 1..=LONGEST }) => Ok(super::json(201, &servers())),
        _ => Err(refusal(400)),
    }
}

fn servers() -> Value {
    json!({"iceServers": [
        {"urls": ["stun:stun.cloudflare.com:3478", "stun:stun.cloudflare.com:53"]},
        {
            "urls": [
                "turn:turn.cloudflare.com:3478?transport=udp",
                "turn:turn.cloudflare.com:53?transport=udp",
                "turn:turn.cloudflare.com:3478?transport=tcp",
                "turn:turn.cloudflare.com:80?transport=tcp",
                "turns:turn.cloudflare.com:5349?transport=tcp",
                "turns:turn.cloudflare.com:443?transport=tcp",
            ],
            "username": random::url_safe::<48>(),
            "credential": random::url_safe::<48>(),
        },
    ]})
}

/// What Cloudflare says beside the status is documented nowhere.
fn refusal(status: u16) -> Answer {
    super::json(status, &Value::Null)
}
