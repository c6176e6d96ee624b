//! The servers by which browsers reach each other, and what becomes of somebody who comes while TURN fails.

use convene_tests::harness::{Call, RoomFault, Service};
use serde_json::{Value, json};

use super::{Session, and_relays, calls, standing};

/// What was asked of the TURN service.
fn minted(calls: &[Call]) -> Vec<&Call> {
    calls.iter().filter(|call| matches!(call.service, Service::Twilio | Service::Cloudflare)).collect()
}

/// For how many seconds.
fn life(call: &Call) -> u64 {
    let life = if call.service == Service::Twilio { &call.body["Ttl"] } else { &call.body["ttl"] };
    life.as_u64().or_else(|| life.as_str()?.parse().ok()).unwrap()
}

#[tokio::test]
async fn relays_are_those_of_the_service_that_is_configured_for_no_longer_than_the_session() {
    for (minutes, longest) in [(30, 1_800), (600, 3_600)] {
        let session = Session::made(&json!({"expires_in_minutes": minutes})).await;
        let guest = session.guest("Ana").await;
        let answer = guest.answer.expect(200);
        let servers = answer["ice_servers"].as_array().unwrap();
        let urls: Vec<&Value> = servers.iter().flat_map(|server| server["urls"].as_array().unwrap()).collect();
        let has = |start: &str| urls.iter().any(|url| url.as_str().unwrap().starts_with(start));
        assert!(has("stun:"), "{servers:?}");
        let service = session.stack.variable("TURN_SERVICE");
        assert_eq!(has("turn:") || has("turns:"), service != "none", "{servers:?}");
        for server in servers {
            let relays = server["urls"][0].as_str().unwrap().starts_with("turn");
            assert_eq!(server["username"].is_string() && server["credential"].is_string(), relays, "{server}");
        }
        let calls = session.stack.calls_of(&guest.answer).await;
        let Some(call) = minted(&calls).first().copied() else {
            assert!(["none", "coturn"].contains(&service), "{calls:?}");
            continue;
        };
        assert_eq!(call.service == Service::Twilio, service == "twilio");
        assert!(life(call) <= longest && life(call) > longest - 60, "{}", life(call));
    }
}

#[tokio::test]
async fn everybody_gets_credentials_of_their_own() {
    let session = Session::open().await;
    let (ana, ben) = (session.guest("Ana").await, session.guest("Ben").await);
    if session.stack.variable("TURN_SERVICE") == "none" {
        return;
    }
    let username = |answer: Value| {
        let servers = answer["ice_servers"].as_array().unwrap().clone();
        servers.iter().find_map(|server| server["username"].as_str().map(str::to_owned)).unwrap()
    };
    assert_ne!(username(ana.answer.json()), username(ben.answer.json()));
}

#[tokio::test]
async fn whatever_the_turn_service_does_one_comes_in_with_stun() {
    let session = Session::open().await;
    if and_relays(&session.stack, "").len() == 1 {
        return;
    }
    for fault in [
        RoomFault::Status { status: 503 },
        RoomFault::Status { status: 401 },
        RoomFault::Status { status: 429 },
        RoomFault::Raw { status: 201, body: "{}".to_owned() },
        RoomFault::Raw { status: 201, body: "<html>".to_owned() },
        RoomFault::DropRequest,
        RoomFault::DropAnswer,
        RoomFault::DelayBefore { ms: 4_000 },
    ] {
        let request = session.come("Ana");
        session.stack.turn_fault(request.request_id(), fault.clone(), 1).await;
        let answer = request.send().await;
        assert_eq!(standing(&answer), "admitted", "{fault:?}");
        let servers = answer.json()["ice_servers"].clone();
        assert!(
            servers.to_string().contains("stun:") && !servers.to_string().contains("turn:"),
            "{fault:?}: {servers}"
        );
        assert_eq!(
            calls(&session.stack, &answer).await,
            and_relays(&session.stack, "join_instant_session"),
            "{fault:?}"
        );
    }
}
