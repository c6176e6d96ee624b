//! Twilio and Cloudflare, as they give out credentials for TURN.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use shared::clock::Clock;
use shared::config::Config;
use shared::context::{Context, Deployment};
use shared::http::Error;

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";

impl World {
    fn twilio(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}/twilio{path}", self.url)).basic_auth("AC1", Some("twilio token"))
    }

    fn tokens(&self, form: &'static str) -> RequestBuilder {
        self.twilio("/2010-04-01/Accounts/AC1/Tokens.json").header("content-type", FORM).body(form)
    }

    fn cloudflare(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}/cloudflare{path}", self.url)).bearer_auth("cloudflare token")
    }

    fn ice_servers(&self, body: &Value) -> RequestBuilder {
        self.cloudflare("/v1/turn/keys/key1/credentials/generate-ice-servers").json(body)
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        now()
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()> {
        Box::pin(sleep(duration))
    }
}

/// What a function gives a participant of a session that ends in half an hour.
async fn for_participant(request_id: &str, variables: &[(&str, &str)]) -> Result<Value, Error> {
    let supabase = [("SUPABASE_URL", "http://a"), ("SUPABASE_PUBLISHABLE_KEY", "p"), ("SUPABASE_SECRET_KEY", "s")];
    let all = [variables, &supabase].concat();
    let variable = |name: &str| all.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let deployment = Deployment::new(Config::read(variable).unwrap(), Rc::new(SystemClock));
    let context = Context::new(Rc::new(deployment), request_id.to_owned());
    let servers = context.config().ice.servers()?;
    let end = now() + chrono::Duration::milliseconds(1_800_900);
    Ok(serde_json::to_value(servers.for_participant(&context, "ana", end).await?).unwrap())
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

async fn created(request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 201);
    response.json().await.unwrap()
}

#[tokio::test]
async fn twilio_gives_new_credentials_each_time() {
    let world = World::new().await;
    let (first, second) = (created(world.tokens("Ttl=600")).await, created(world.tokens("Ttl=86400")).await);
    assert_eq!((&first["ttl"], &second["ttl"]), (&json!("600"), &json!("86400")), "as texts");
    assert_ne!(first["username"], second["username"]);
    let servers = first["ice_servers"].as_array().unwrap();
    assert!(servers[0]["urls"].as_str().unwrap().starts_with("stun:") && servers[0]["username"].is_null());
    for turn in &servers[1..] {
        assert_eq!((&turn["username"], &turn["credential"]), (&first["username"], &first["password"]));
        assert_eq!(turn["url"], turn["urls"]);
    }
}

#[tokio::test]
async fn what_twilio_does_not_take_is_refused() {
    let world = World::new().await;
    for form in [
        "",
        "Ttl=",
        "Ttl=0",
        "Ttl=86401",
        "Ttl=-1",
        "Ttl=%2B60",
        "Ttl=60.5",
        "ttl=60",
        "Ttl=60&Ttl=60",
        "Ttl=60&Name=Ana",
    ] {
        assert_eq!(status(world.tokens(form)).await, 400, "{form}");
    }
    let path = "/2010-04-01/Accounts/AC1/Tokens.json";
    assert_eq!(status(world.twilio(path).json(&json!({"Ttl": 60}))).await, 415);
    assert_eq!(status(world.twilio(&format!("{path}?Ttl=60")).header("content-type", FORM)).await, 404);
    assert_eq!(status(world.twilio("/2010-04-01/Accounts/AC2/Tokens.json")).await, 404);
    assert_eq!(status(world.twilio("/2010-04-01/Accounts/AC1/Tokens")).await, 404);
    let url = format!("{}/twilio{path}", world.url);
    assert_eq!(status(world.client.get(&url).basic_auth("AC1", Some("twilio token"))).await, 405);
    for stranger in [
        world.client.post(&url),
        world.client.post(&url).basic_auth("AC1", Some("another")),
        world.client.post(&url).basic_auth("AC2", Some("twilio token")),
        world.client.post(&url).bearer_auth("twilio token"),
        world.twilio(path).basic_auth("AC1", Some("another")),
    ] {
        let refused = stranger.header("content-type", FORM).body("Ttl=60").send().await.unwrap();
        assert_eq!(refused.status(), 401);
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], 20003);
    }
}

#[tokio::test]
async fn cloudflare_gives_new_credentials_each_time() {
    let world = World::new().await;
    let first = created(world.ice_servers(&json!({"ttl": 600}))).await;
    let second = created(world.ice_servers(&json!({"ttl": 172_800}))).await;
    let [stun, turn] = first["iceServers"].as_array().unwrap().as_slice() else { panic!("{first}") };
    assert!(stun["username"].is_null() && stun["urls"][0].as_str().unwrap().starts_with("stun:"));
    assert!(turn["credential"].is_string() && turn["urls"][0].as_str().unwrap().starts_with("turn:"));
    assert_ne!(turn["username"], second["iceServers"][1]["username"]);
}

#[tokio::test]
async fn what_cloudflare_does_not_take_is_refused() {
    let world = World::new().await;
    for body in [
        json!({}),
        json!({"ttl": 0}),
        json!({"ttl": 172_801}),
        json!({"ttl": "600"}),
        json!({"ttl": 1.5}),
        json!({"ttl": 600, "customIdentifier": "ana"}),
    ] {
        assert_eq!(status(world.ice_servers(&body)).await, 400, "{body}");
    }
    let path = "/v1/turn/keys/key1/credentials/generate-ice-servers";
    assert_eq!(status(world.cloudflare(path).body("{\"ttl\":600}")).await, 415);
    assert_eq!(status(world.cloudflare(&path.replace("key1", "key2"))).await, 404);
    assert_eq!(status(world.cloudflare("/v1/turn/keys/key1/credentials/generate")).await, 404);
    let url = format!("{}/cloudflare{path}", world.url);
    assert_eq!(status(world.client.put(&url).bearer_auth("cloudflare token")).await, 405);
    for stranger in [
        world.client.post(&url),
        world.client.post(&url).bearer_auth("another"),
        world.client.post(&url).basic_auth("key1", Some("cloudflare token")),
    ] {
        assert_eq!(status(stranger.json(&json!({"ttl": 600}))).await, 401);
    }
}

#[tokio::test]
async fn credentials_are_counted_and_withheld_by_request() {
    let world = World::new().await;
    let ask = |request: RequestBuilder, id: &'static str| request.header("x-request-id", id);
    for fault in [json!({"kind": "status", "status": 503}), json!({"kind": "drop_request"})] {
        world.control("turn/faults", json!({"request_id": "r1", "fault": fault, "times": 1})).await;
    }
    assert_eq!(status(ask(world.tokens("Ttl=60"), "r2")).await, 201, "of another request");
    assert_eq!(status(ask(world.tokens("Ttl=60"), "r1")).await, 503);
    assert!(ask(world.ice_servers(&json!({"ttl": 61})), "r1").send().await.is_err());
    assert_eq!(status(ask(world.ice_servers(&json!({"ttl": 62})), "r1")).await, 201);

    let calls: Vec<Call> = serde_json::from_value(world.look("calls?request_id=r1").await).unwrap();
    let seen: Vec<_> = calls.iter().map(|call| (call.service, call.path.as_str(), &call.body, call.status)).collect();
    let tokens = "/2010-04-01/Accounts/AC1/Tokens.json";
    let ice_servers = "/v1/turn/keys/key1/credentials/generate-ice-servers";
    assert_eq!(
        seen,
        [
            (Service::Twilio, tokens, &json!({"Ttl": "60"}), Some(503)),
            (Service::Cloudflare, ice_servers, &json!({"ttl": 61}), None),
            (Service::Cloudflare, ice_servers, &json!({"ttl": 62}), Some(201)),
        ]
    );
}

#[tokio::test]
async fn what_the_functions_ask_is_taken_once() {
    let world = World::new().await;
    let (twilio, cloudflare) = (format!("{}/twilio", world.url), format!("{}/cloudflare", world.url));
    let at_twilio =
        [("TWILIO_API_URL", &*twilio), ("TWILIO_ACCOUNT_SID", "AC1"), ("TWILIO_AUTH_TOKEN", "twilio token")];
    let at_cloudflare = [
        ("CLOUDFLARE_TURN_URL", &*cloudflare),
        ("CLOUDFLARE_TURN_KEY_ID", "key1"),
        ("CLOUDFLARE_TURN_API_TOKEN", "cloudflare token"),
    ];
    for (id, variables, ttl) in
        [("f1", at_twilio, json!({"Ttl": "1800"})), ("f2", at_cloudflare, json!({"ttl": 1_800}))]
    {
        let servers = for_participant(id, &variables).await.unwrap();
        let turn = servers.as_array().unwrap().iter().find(|server| server["credential"].is_string()).unwrap();
        assert!(turn["urls"][0].as_str().unwrap().starts_with("turn:"), "{servers}");
        assert!(![":53?", ":53\""].iter().any(|port| servers.to_string().contains(port)), "{servers}");

        let fault = json!({"request_id": id, "fault": {"kind": "drop_answer"}, "times": 1});
        world.control("turn/faults", fault).await;
        assert!(matches!(for_participant(id, &variables).await, Err(Error::ProviderFailed(_))));
        let calls = world.look(&format!("calls?request_id={id}")).await;
        let calls: Vec<_> = calls.as_array().unwrap().iter().map(|call| (&call["body"], &call["status"])).collect();
        assert_eq!(calls, [(&ttl, &json!(201)), (&ttl, &Value::Null)], "one call each, none repeated");
    }
}
