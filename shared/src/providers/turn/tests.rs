use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    rc::Rc,
    sync::mpsc::{Receiver, channel},
};

use chrono::TimeDelta;
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::*;
use crate::{clock::Clock, config::Config, context::Deployment};

const WHO: &str = "5a0f3a3e-2d0c-4c39-9a53-0d2f2c0e2f11";
const COTURN: [(&str, &str); 2] =
    [("TURN_URLS", "turn:turn.example?transport=udp,turns:turn.example"), ("TURN_SECRET", "north sea")];

struct TestClock;

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        "2026-05-01T09:10:00Z".parse().unwrap()
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed_local()
    }
}

/// Answers one request with `status` and `body`, and gives what it was asked, in lower case. `None` never answers.
fn provider(answer: Option<(u16, Value)>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asked, requests) = channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = String::new();
        while !request.ends_with(|end: char| end == '}' || end.is_ascii_digit()) {
            let mut chunk = [0; 4096];
            let length = stream.read(&mut chunk).unwrap();
            request.push_str(std::str::from_utf8(&chunk[..length]).unwrap());
        }
        asked.send(request).unwrap();
        match answer {
            Some((status, body)) => {
                let (body, length) = (body.to_string(), body.to_string().len());
                write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
            }
            None => std::thread::sleep(Duration::from_secs(2)),
        }
    });
    (url, requests)
}

async fn servers(variables: &[(&str, &str)], minutes_left: i64) -> Result<Value, Error> {
    let minimum = [
        ("SUPABASE_URL", "https://x.supabase.co/"),
        ("SUPABASE_ANON_KEY", "a"),
        ("SUPABASE_SECRET_KEY", "s"),
        ("PROVIDER_TIMEOUT_MS", "300"),
    ];
    let all = [variables, &minimum].concat();
    let variable = |name: &str| all.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let deployment = Deployment::new(Config::read(variable).unwrap(), Rc::new(TestClock));
    let context = Context::new(Rc::new(deployment), "r".to_owned());
    let session_end = TestClock.now() + TimeDelta::minutes(minutes_left);
    let ice_servers = context.config().ice.servers()?;
    let servers = ice_servers.for_participant(&context, WHO, session_end).await?;
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
    let now = TestClock.now().timestamp();
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
    let (url, requests) = provider(Some((201, answer)));
    assert_eq!(
        of_twilio(&url, 25).await.unwrap(),
        json!([
            {"urls": ["stun:global.stun.twilio.com:3478"]},
            {"urls": ["turn:t?transport=udp"], "username": "u", "credential": "p"},
        ])
    );
    let request = requests.recv().unwrap();
    assert!(request.starts_with("POST /2010-04-01/Accounts/AC1/Tokens.json HTTP/1.1\r\n"), "{request}");
    // AC1:secret
    assert!(request.contains("\r\nauthorization: Basic QUMxOnNlY3JldA==\r\n"), "{request}");
    assert!(request.contains("\r\ncontent-type: application/x-www-form-urlencoded\r\n"), "{request}");
    assert!(request.contains("\r\nx-request-id: r\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\nTtl=1500") && !request.contains(WHO), "{request}");
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
    let (url, requests) = provider(Some((201, answer)));
    assert_eq!(
        of_cloudflare(&url).await.unwrap(),
        json!([
            {"urls": ["stun:stun.cloudflare.com:3478"]},
            {"urls": ["turn:t:3478?transport=udp", "turns:t:5349?transport=tcp"], "username": "u", "credential": "p"},
        ])
    );
    let request = requests.recv().unwrap();
    assert!(request.starts_with("POST /v1/turn/keys/k1/credentials/generate-ice-servers HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nauthorization: Bearer secret\r\n"), "{request}");
    assert!(request.contains("\r\ncontent-type: application/json\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"ttl\":3600}"), "{request}");
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
            let (url, _requests) = provider(Some((status, body.clone())));
            let answer = if at_cloudflare { of_cloudflare(&url).await } else { of_twilio(&url, 60).await };
            let Err(Error::ProviderFailed(cause)) = answer else { panic!("{status} {body}") };
            assert!(!cause.contains("hidden") && !cause.contains("secret"), "{cause}");
        }
    }
    assert!(matches!(of_twilio("http://127.0.0.1:1", 60).await, Err(Error::ProviderFailed(_))));
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_504() {
    let (url, _requests) = provider(None);
    assert!(matches!(of_twilio(&url, 60).await, Err(Error::ProviderTimedOut(_))));
}
