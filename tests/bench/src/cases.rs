//! What is asked of the programs.

use anyhow::Result;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    deployment::{CLIENT, Deployment, Rooms, SCHEDULER_SECRET, WEBHOOK_SECRET, days_ahead},
    load::Exchange,
};

/// One kind of request to one function.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) function: String,
    /// What is special about it; nothing where there is one for the function.
    pub(crate) detail: &'static str,
    pub(crate) rooms: Rooms,
    pub(crate) kind: Kind,
}

/// What the request is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is served.
    Served,
    /// It is a session at Zoom that is served.
    ServedByZoom,
    /// It is served, each time to somebody whose token was not seen for long.
    ServedToMany,
    /// Refused: 401.
    NoToken,
    /// Refused: 401. The signature is another key's.
    ForgedToken,
    /// Refused: 400. The token is good, the body is no JSON.
    BadBody,
}

impl Case {
    pub(crate) fn served(function: &str) -> Self {
        Self { function: function.to_owned(), detail: "", rooms: Rooms::LiveKit, kind: Kind::Served }
    }

    /// As a table names it.
    pub(crate) fn name(&self) -> String {
        if self.detail.is_empty() { self.function.clone() } else { format!("{}: {}", self.function, self.detail) }
    }

    /// The requests that are sent in turn, made now: some are signed with the time.
    pub(crate) async fn exchanges(&self, deployment: &Deployment) -> Result<Vec<Exchange>> {
        if self.kind == Kind::ServedToMany {
            return deployment.tokens.iter().map(|token| post(&self.function, Some(token), MEETING)).collect();
        }
        Ok(vec![self.exchange(deployment).await?])
    }

    async fn exchange(&self, deployment: &Deployment) -> Result<Exchange> {
        match self.kind {
            Kind::Served | Kind::ServedByZoom | Kind::ServedToMany => self.served_exchange(deployment).await,
            Kind::NoToken => Ok(Exchange { status: 401, ..post(&self.function, None, MEETING)? }),
            Kind::ForgedToken => {
                Ok(Exchange { status: 401, ..post(&self.function, Some(&deployment.forged_token), MEETING)? })
            }
            Kind::BadBody => {
                let exchange = post(&self.function, Some(&deployment.token), MEETING)?;
                Ok(Exchange { body: r#"{"meetingId": "#.into(), status: 400, ..exchange })
            }
        }
    }

    async fn served_exchange(&self, deployment: &Deployment) -> Result<Exchange> {
        let id = Uuid::from_u128(0x81);
        let as_user = |body: Value| post(&self.function, Some(&deployment.token), &body.to_string());
        let created = |exchange: Exchange| Exchange { status: 201, ..exchange };
        Ok(match self.function.as_str() {
            "create-video-session" => created(as_user(session(self.kind == Kind::ServedByZoom)?)?),
            "create-meeting" => created(as_user(json!({
                "clientId": id, "title": "Annual review", "scheduledAt": days_ahead(30)?,
            }))?),
            "instant-sessions" => created(as_user(json!({"action": "create", "session_name": "Talk", "lobby": true}))?),
            "get-openvidu-token" | "start-meeting" | "end-meeting" => {
                post(&self.function, Some(&deployment.token), MEETING)?
            }
            "send-session-invite" => as_user(json!({"session_id": id}))?,
            "update-video-session" => as_user(json!({"session_id": id, "action": "cancel"}))?,
            "virtual-sessions" => as_user(json!({"action": "register", "session_id": id}))?,
            "zoom-disconnect" | "zoom-oauth-start" => as_user(json!({}))?,
            "deliver-outbox" => post(&self.function, Some(SCHEDULER_SECRET), "{}")?,
            "video-meetings" => {
                let exchange = as_user(json!({}))?;
                let path = format!("{}/meetings/MID-ABCDEFGH01234567", exchange.path);
                Exchange { method: Method::GET, path, body: "".into(), ..exchange }
            }
            "openvidu-webhook" => post(
                &self.function,
                Some(WEBHOOK_SECRET),
                r#"{"event": "sessionDestroyed", "sessionId": "room", "timestamp": 1767225600000}"#,
            )?,
            "zoom-webhook" => zoom_report(&self.function)?,
            "zoom-oauth-callback" => Exchange {
                method: Method::GET,
                path: format!("{}?code=bench&state={}", path(&self.function), deployment.connect_state().await?),
                headers: HeaderMap::new(),
                body: "".into(),
                status: 302,
                location: Some("status=connected"),
            },
            other => anyhow::bail!("tests/bench/src/cases.rs does not say what to ask of {other}"),
        })
    }
}

/// The body of requests about a meeting.
const MEETING: &str = r#"{"meetingId": "00000000-0000-0000-0000-000000000021"}"#;

fn path(function: &str) -> String {
    format!("/functions/v1/{function}")
}

fn post(function: &str, bearer: Option<&str>, body: &str) -> Result<Exchange> {
    let mut headers = HeaderMap::new();
    // What supabase-js sends.
    for (name, value) in [
        ("content-type", "application/json"),
        ("apikey", "sb_publishable_bench"),
        ("x-client-info", "supabase-js-web/2.109.0"),
        ("origin", "http://localhost:3000"),
        ("accept", "*/*"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(bearer) = bearer {
        headers.insert("authorization", HeaderValue::from_str(&format!("Bearer {bearer}"))?);
    }
    let body = body.to_owned().into();
    Ok(Exchange { method: Method::POST, path: path(function), headers, body, status: 200, location: None })
}

/// A session to be planned, behind a link or at Zoom.
fn session(at_zoom: bool) -> Result<Value> {
    let mut session = json!({
        "title": "Knee rehabilitation",
        "description": "Bring the exercise band",
        "scheduled_start": days_ahead(30)?,
        "duration_minutes": 50,
        "timezone": "Europe/Berlin",
        "client_id": CLIENT,
    });
    if at_zoom {
        session["provider"] = json!("zoom");
    } else {
        session["join_url"] = json!("https://meet.google.com/abc-defg-hij");
    }
    Ok(session)
}

fn zoom_report(function: &str) -> Result<Exchange> {
    let body = json!({
        "event": "meeting.started", "event_ts": 1_767_225_600_000_u64,
        "payload": {"account_id": "a", "object": {"id": "79176583195", "uuid": "aDYlohsHRtCd4ii1uC2+hA=="}},
    })
    .to_string();
    let mut exchange = post(function, None, &body)?;
    for (name, value) in Deployment::zoom_signature(&body)? {
        exchange.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value)?);
    }
    Ok(exchange)
}
