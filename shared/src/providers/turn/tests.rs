use chrono::TimeDelta;
use serde_json::{Value, json};

use super::*;
use crate::{
    clock::Clock as _,
    testing::{NOWHERE, TestClock, Upstream, context},
};

const WHO: &str = "5a0f3a3e-2d0c-4c39-9a53-0d2f2c0e2f11";
const NOW: &str = "2026-05-01T09:10:00Z";
const COTURN: [(&str, &str); 2] =
    [("TURN_URLS", "turn:turn.example?transport=udp,turns:turn.example"), ("TURN_SECRET", "north sea")];

async fn servers(variables: &[(&str, &str)], minutes_left: i64) -> Result<Value, Error> {
    let common = [("SUPABASE_URL", NOWHERE), ("PROVIDER_TIMEOUT_MS", "300")];
    let context = context(&TestClock::at(NOW), &[variables, &common].concat());
    let session_end = context.clock().now() + TimeDelta::minutes(minutes_left);
    let servers = context.config().ice.servers()?.for_participant(&context, WHO, session_end).await?;
    Ok(serde_json::to_value(servers).unwrap())
}

async fn of_twilio(url: &str, minutes_left: i64) -> Result<Value, Error> {
    let variables = [("TWILIO_ACCOUNT_SID", "AC1"), ("TWILIO_AUTH_TOKEN", "secret"), ("TWILIO_API_URL", url)];
    servers(&variables, minutes_left).await
}

async fn of_cloudflare(url: &str) -> Result<Value, Error> {
    let variables =
        [("CLOUDFLARE_TURN_KEY_ID", "k1"), ("CLOUDFLARE_TURN_API_TOKEN", "secret"), ("CLOUDFLARE_TURN_URL", url)];
    servers(&variables, 60).await
}

#[tokio::test]
async fn without_turn_there_is_stun_and_nobody_is_asked() {
    assert_eq!(servers(&[], 60).await.unwrap(), json!([{"urls": ["stun:stun.cloudflare.com:3478"]}]));
}

/// The credential is `printf %s <username> | openssl dgst -sha1 -hmac 'north sea' -binary | base64`.
#[tokio::test]
async fn a_credential_for_coturn_is_the_one_that_openssl_computes() {
    assert_eq!(
        servers(&COTURN, 600).await.unwrap(),
        json!([
            {"urls": ["stun:stun.cloudflare.com:3478"]},
            {
                "urls": ["turn:turn.example?transport=udp", "turns:turn.example"],
                "username": format!("1777630200:{WHO}"),
                "credential": "klkeyEdCCdB3EyJ8Cae97BBNlA0=",
            },
        ])
    );
}

#[tokio::test]
async fn credentials_last_as_long_as_the_session_within_a_minute_and_an_hour() {
    let now = TestClock::at(NOW).now().timestamp();
    for (minutes_left, seconds) in [(30, 1_800), (60, 3_600), (61, 3_600), (1, 60), (0, 60), (-5, 60)] {
        let servers = servers(&COTURN, minutes_left).await.unwrap();
        assert_eq!(servers[1]["username"], format!("{}:{WHO}", now + seconds), "{minutes_left} minutes");
    }
}

#[tokio::test]
async fn twilio_is_asked_once_and_its_servers_are_given_as_a_browser_takes_them() {
    let answer = json!({
        "username": "u", "password": "p", "ttl": "1500", "account_sid": "AC1",
        "ice_servers": [
            {"url": "stun:global.stun.twilio.com:3478", "urls": "stun:global.stun.twilio.com:3478"},
            {"url": "turn:t", "urls": "turn:t?transport=udp", "username": "u", "credential": "p"},
        ],
    });
    let twilio = Upstream::in_turn(&[(201, answer)]);
    assert_eq!(
        of_twilio(&twilio.url, 25).await.unwrap(),
        json!([
            {"urls": ["stun:global.stun.twilio.com:3478"]},
            {"urls": ["turn:t?transport=udp"], "username": "u", "credential": "p"},
        ])
    );
    assert_eq!(twilio.calls(), ["POST /2010-04-01/Accounts/AC1/Tokens.json"]);
    let asked = &twilio.asked()[0];
    // AC1:secret
    assert_eq!(asked.header("authorization"), Some("Basic QUMxOnNlY3JldA=="));
    assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(asked.header("x-request-id"), Some("r"));
    assert_eq!(asked.body, "Ttl=1500");
    assert!(!asked.head.contains(WHO), "{asked:?}");
}

#[tokio::test]
async fn cloudflare_is_asked_once_and_the_ports_that_browsers_block_are_left_out() {
    let answer = json!({"iceServers": [
        {"urls": ["stun:stun.cloudflare.com:3478", "stun:stun.cloudflare.com:53"]},
        {"urls": ["stun:only.example:53"]},
        {
            "urls": ["turn:t:3478?transport=udp", "turn:t:53?transport=udp", "turns:t:5349?transport=tcp"],
            "username": "u", "credential": "p",
        },
    ]});
    let cloudflare = Upstream::in_turn(&[(201, answer)]);
    assert_eq!(
        of_cloudflare(&cloudflare.url).await.unwrap(),
        json!([
            {"urls": ["stun:stun.cloudflare.com:3478"]},
            {"urls": ["turn:t:3478?transport=udp", "turns:t:5349?transport=tcp"], "username": "u", "credential": "p"},
        ])
    );
    assert_eq!(cloudflare.calls(), ["POST /v1/turn/keys/k1/credentials/generate-ice-servers"]);
    let asked = &cloudflare.asked()[0];
    assert_eq!(asked.header("authorization"), Some("Bearer secret"));
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(asked.header("x-request-id"), Some("r"));
    assert_eq!(asked.body, r#"{"ttl":3600}"#);
    assert!(!asked.head.contains(WHO), "{asked:?}");
}

#[tokio::test]
async fn a_provider_that_fails_is_502_and_its_cause_repeats_nothing_of_its_answer() {
    let credentials = json!({"urls": 7, "username": "hidden", "credential": "hidden"});
    for (status, body) in [
        (401, json!({"code": 20003, "message": "hidden"})),
        (429, json!({})),
        (503, json!({})),
        (201, json!("hidden")),
        (201, json!({"ice_servers": "hidden"})),
        (201, json!({"ice_servers": [credentials]})),
        (201, json!({"ice_servers": []})),
        (201, json!({"ice_servers": [{"urls": "stun:hidden"}]})),
    ] {
        for at_cloudflare in [false, true] {
            let upstream = Upstream::in_turn(&[(status, body.clone())]);
            let url = &upstream.url;
            let answer = if at_cloudflare { of_cloudflare(url).await } else { of_twilio(url, 60).await };
            let Err(Error::ProviderFailed(cause)) = answer else { panic!("{status} {body}") };
            assert!(!cause.contains("hidden") && !cause.contains("secret"), "{cause}");
        }
    }
    assert!(matches!(of_twilio(NOWHERE, 60).await, Err(Error::ProviderFailed(_))));
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_504() {
    let silent = Upstream::start(|_| {
        loop {
            std::thread::park();
        }
    });
    assert!(matches!(of_twilio(&silent.url, 60).await, Err(Error::ProviderTimedOut(_))));
}
