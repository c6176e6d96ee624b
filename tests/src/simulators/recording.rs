use std::collections::VecDeque;
use std::sync::Mutex;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rooms::RoomOperation;
use super::zoom::Operation;

/// Older calls are forgotten, so that a development server can run for days.
const KEPT: usize = 20_000;
/// Form fields of the OAuth endpoints that are secrets.
const SECRET_FIELDS: [&str; 4] = ["refresh_token", "token", "code", "code_verifier"];

/// Who was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// The project's own Supabase, through the wiretap.
    Supabase,
    /// The Zoom simulator.
    Zoom,
    /// The simulator of OpenVidu 2.
    Openvidu,
    /// The simulator of LiveKit, which OpenVidu 3 is.
    Livekit,
    /// The simulator of Twilio.
    Twilio,
    /// The simulator of Cloudflare's TURN service.
    Cloudflare,
}

/// A request that reached a simulator. Headers are not kept: they carry credentials.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Who was called.
    pub service: Service,
    /// What was wanted of Zoom, if it is something that Zoom knows.
    pub operation: Option<Operation>,
    /// What was wanted of OpenVidu or LiveKit, if it is something that they know.
    pub room_operation: Option<RoomOperation>,
    /// In capitals.
    pub method: String,
    /// With the query, as it was sent; begins with `/v2` or `/oauth` at Zoom, with `/rest/v1` or `/auth/v1` at Supabase,
    /// `/openvidu/api` at OpenVidu, `/twirp` at LiveKit,
    /// `/2010-04-01` at Twilio, `/v1/turn` at Cloudflare.
    pub path: String,
    /// The `x-request-id` header.
    pub request_id: Option<String>,
    /// The Zoom user whose token came with the call, dead or alive.
    pub zoom_user_id: Option<String>,
    /// The room that the call is about.
    pub room: Option<String>,
    /// None while the call is under way, and for good when the connection was dropped.
    pub status: Option<u16>,
    /// JSON, or a form as an object; null without a body. OAuth secrets are replaced.
    pub body: Value,
}

impl Call {
    /// A request under `prefix`, as far as anyone can tell what it is.
    pub(crate) fn arriving(service: Service, prefix: &str, parts: &Parts, body: &[u8]) -> Self {
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
        Self {
            service,
            operation: None,
            room_operation: None,
            method: parts.method.to_string(),
            path: target.strip_prefix(prefix).unwrap_or(target).to_owned(),
            request_id: None,
            zoom_user_id: None,
            room: None,
            status: None,
            body: readable(&parts.headers, body),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallFilter {
    request_id: Option<String>,
    zoom_user_id: Option<String>,
    room: Option<String>,
}

#[derive(Default)]
pub(crate) struct Recorder {
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    kept: VecDeque<Call>,
    forgotten: usize,
}

/// Names a recorded call.
pub(crate) struct CallNumber(usize);

impl Recorder {
    /// Recorded when it arrives, so that the order is the order of arrival.
    pub(crate) fn arrived(&self, call: Call) -> CallNumber {
        let mut calls = self.calls.lock().unwrap();
        if calls.kept.len() == KEPT {
            calls.kept.pop_front();
            calls.forgotten += 1;
        }
        calls.kept.push_back(call);
        CallNumber(calls.forgotten + calls.kept.len() - 1)
    }

    pub(crate) fn answered(&self, CallNumber(number): CallNumber, status: u16) {
        let mut calls = self.calls.lock().unwrap();
        let index = number.checked_sub(calls.forgotten);
        if let Some(call) = index.and_then(|index| calls.kept.get_mut(index)) {
            call.status = Some(status);
        }
    }

    pub(crate) fn find(&self, filter: &CallFilter) -> Vec<Call> {
        let matches = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        let calls = self.calls.lock().unwrap();
        calls
            .kept
            .iter()
            .filter(|call| matches(&filter.request_id, &call.request_id))
            .filter(|call| matches(&filter.zoom_user_id, &call.zoom_user_id))
            .filter(|call| matches(&filter.room, &call.room))
            .cloned()
            .collect()
    }
}

/// A body as it is recorded: JSON as it is, a form as an object without its secrets, anything else as text.
fn readable(headers: &HeaderMap, body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    if is_form(headers) {
        let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(body).unwrap_or_default();
        let shown = |(name, value): (String, String)| {
            let secret = SECRET_FIELDS.contains(&name.as_str());
            (name, if secret { "[secret]".into() } else { value.into() })
        };
        return Value::Object(fields.into_iter().map(shown).collect());
    }
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    media_type(headers) == Some("application/x-www-form-urlencoded")
}

/// The content type without its parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(path: usize) -> Call {
        let (parts, ()) = http::Request::get(format!("/{path}")).body(()).unwrap().into_parts();
        let request_id = Some((path % 2).to_string());
        Call { request_id, ..Call::arriving(Service::Supabase, "/", &parts, b"") }
    }

    #[test]
    fn the_oldest_calls_are_forgotten_and_a_late_answer_finds_its_call() {
        let recorder = Recorder::default();
        let first = recorder.arrived(call(0));
        let second = recorder.arrived(call(1));
        for path in 2..=KEPT {
            recorder.arrived(call(path));
        }
        recorder.answered(first, 500);
        recorder.answered(second, 204);

        let odd = recorder.find(&CallFilter { request_id: Some("1".into()), zoom_user_id: None, room: None });

        assert_eq!((odd[0].path.as_str(), odd[0].status), ("1", Some(204)));
        assert!(odd.iter().skip(1).all(|call| call.status.is_none()));
        assert_eq!(odd.len(), KEPT / 2);
    }
}
