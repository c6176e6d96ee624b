//! Black-box tests: the built WebAssembly in its runtime, a real database, the real auth API, simulated providers.
//! They need a running stack, which `scripts/test` starts.
#![expect(clippy::unwrap_used, reason = "in a test a panic is a failure")]
#![expect(clippy::disallowed_methods, reason = "the stack runs by the system clock")]

mod authorization;
mod create_session;
mod edge;
mod input;
mod instant_sessions;
mod logs;
mod outbox;
mod rooms;
mod seal_keys;
mod send_invite;
mod tokens;
mod update_session;
mod video_meetings;
mod virtual_sessions;
mod zoom;
mod zoom_connect;
mod zoom_disconnect;
mod zoom_exactly_once;
mod zoom_refresh;
mod zoom_webhook;

use chrono::{Duration, SecondsFormat, Utc};
use convene_tests::harness::{Answer, Operation, Person, Stack, ZoomFault};
use serde_json::{Value, json};

/// A body that is accepted as it is, at Zoom, with `changes`.
fn session(changes: &Value) -> Value {
    let start = (Utc::now() + Duration::days(7)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut body = json!({"title": "Knee rehabilitation", "scheduled_start": start, "duration_minutes": 50});
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

/// One with a pasted link, for which no provider is asked.
fn linked_session() -> Value {
    session(&json!({"join_url": "https://meet.google.com/abc-defg-hij"}))
}

async fn create(stack: &Stack, host: &Person, body: &Value) -> Answer {
    stack.function("create-video-session").by(host).json(body).send().await
}

async fn sessions_of(stack: &Stack, host: &Person) -> usize {
    stack.count("select 1 from public.video_sessions where host_id = $1", &[&host.id]).await
}

/// What a request asked of the database: the functions it called, in order. Zoom hears of no request id.
async fn calls(stack: &Stack, answer: &Answer) -> Vec<String> {
    stack
        .calls_of(answer)
        .await
        .into_iter()
        .map(|call| call.path.rsplit('/').next().unwrap().to_owned())
        .filter(|path| path != "jwks.json")
        .collect()
}

/// Whether the runtime hides the fault: Deno repeats a call without a body, a GET or a DELETE, whose connection broke.
fn is_hidden_by_runtime(stack: &Stack, fault: &ZoomFault) -> bool {
    stack.variable("RUNTIME") == "deno" && matches!(fault, ZoomFault::DropRequest | ZoomFault::DropAnswer)
}

fn operations(calls: &[convene_tests::harness::Call]) -> Vec<Operation> {
    calls.iter().filter_map(|call| call.operation).collect()
}
