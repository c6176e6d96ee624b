//! What the stub answers.

use anyhow::Result;
use bytes::Bytes;
use http::{
    Method,
    header::{ACCEPT, AUTHORIZATION},
    request::Parts,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::deployment::{CLIENT, Deployment, USER};

/// An answer in JSON.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

/// Everything that is asked for, made once.
pub(super) struct Answers {
    bearer: String,
    jwks: Bytes,
    user: Bytes,
    zoom_meeting: Bytes,
    zoom_tokens: Bytes,
    zoom_account: Bytes,
    room_token: Bytes,
    session: Value,
    meeting: Value,
    /// A connection to Zoom, as the database function hands it out.
    zoom_grant: Value,
    zoom_row: Value,
}

const NOTHING: &[u8] = b"{}";

impl Answers {
    pub(super) async fn new(deployment: &Deployment) -> Result<Self> {
        let bytes = |value: Value| Bytes::from(value.to_string());
        let sealed = deployment.sealed_token().await?;
        Ok(Self {
            bearer: format!("Bearer {}", deployment.token),
            jwks: bytes(deployment.jwks()),
            user: bytes(json!({
                "id": USER, "aud": "authenticated", "role": "authenticated", "email": "someone@convene.example",
                "app_metadata": {"provider": "email"}, "user_metadata": {}, "created_at": "2026-01-01T00:00:00Z",
            })),
            zoom_meeting: bytes(json!({
                "id": 79_176_583_195_u64, "uuid": "aDYlohsHRtCd4ii1uC2+hA==", "host_id": "30R7kT7bTIKSNUFEuH_Qlg",
                "topic": "Knee rehabilitation", "type": 2, "join_url": "https://us05web.zoom.us/j/79176583195?pwd=x",
                "start_url": format!("https://us05web.zoom.us/s/79176583195?zak={}", "z".repeat(300)), "password": "123456",
            })),
            zoom_tokens: bytes(json!({
                "access_token": "a".repeat(600), "refresh_token": "r".repeat(600), "token_type": "bearer",
                "expires_in": 3599, "scope": "meeting:read meeting:write user:read",
            })),
            zoom_account: bytes(json!({
                "id": "30R7kT7bTIKSNUFEuH_Qlg", "account_id": "q6gBJVO5TzexKYTb_I2rpg", "email": "someone@zoom.example",
            })),
            room_token: bytes(json!({
                "id": "con_1", "object": "connection", "token": format!("wss://openvidu.example?token={}", "t".repeat(40)),
            })),
            session: session(),
            meeting: meeting(),
            zoom_grant: json!({
                "user_id": USER, "status": "connected", "access_token": sealed, "refresh_token": sealed,
                "refresh_lease": null, "refresh_busy": false,
            }),
            zoom_row: json!({
                "user_id": USER, "access_token": sealed, "refresh_token": sealed, "status": "connected",
                "expires_at": "2999-01-01T00:00:00Z", "scope": "meeting:read meeting:write user:read",
                "zoom_user_id": "30R7kT7bTIKSNUFEuH_Qlg", "zoom_account_email": "someone@zoom.example",
            }),
        })
    }

    pub(super) fn to(&self, asked: &Parts, body: &[u8]) -> Answer {
        let path = asked.uri.path();
        if let Some(function) = path.strip_prefix("/rest/v1/rpc/") {
            return ok(self.of_function(function, body).to_string());
        }
        if let Some(table) = path.strip_prefix("/rest/v1/") {
            return self.of_table(table, asked);
        }
        match path {
            "/auth/v1/.well-known/jwks.json" => ok(self.jwks.clone()),
            "/auth/v1/user" if asked.headers.get(AUTHORIZATION).is_some_and(|value| value == &self.bearer) => {
                ok(self.user.clone())
            }
            "/auth/v1/user" => Answer {
                status: 403,
                body: Bytes::from_static(br#"{"code":403,"error_code":"bad_jwt","msg":"invalid JWT"}"#),
            },
            "/zoom/oauth/token" => ok(self.zoom_tokens.clone()),
            "/zoom/v2/users/me" => ok(self.zoom_account.clone()),
            "/zoom/v2/users/me/meetings" => Answer { status: 201, body: self.zoom_meeting.clone() },
            _ if path.starts_with("/openvidu/") && path.ends_with("/connection") => ok(self.room_token.clone()),
            // Rooms are opened, tokens given back.
            _ => ok(Bytes::from_static(NOTHING)),
        }
    }

    fn of_function(&self, function: &str, body: &[u8]) -> Value {
        match function {
            "create_video_session" if contains(body, br#""provider":"zoom""#) => json!({
                "outcome": "claimed", "session": null, "zoom": self.zoom_grant, "claim": {
                    "id": Uuid::from_u128(0x31), "lease_id": Uuid::from_u128(0x32), "passcode": "1234567890",
                    "reconcile": false,
                },
            }),
            "create_video_session" => json!({"outcome": "created", "session": self.session}),
            "commit_zoom_session" => json!({"session": self.session}),
            "begin_session_change" => json!({"outcome": "done", "session": self.session}),
            "connect_zoom" => json!({"outcome": "connected"}),
            "disconnect_zoom" => json!({"access_token": null}),
            "join_meeting" => json!({"session_id": "room", "role": "operator", "name": "Someone"}),
            "open_meeting_room" => json!({"session_id": "room"}),
            "create_meeting" | "start_meeting" | "read_video_meeting" => json!({"meeting": self.meeting}),
            "end_meeting" => json!({"meeting": self.meeting, "effect": null, "closing": false}),
            "create_instant_session" => json!({"session": {
                "id": Uuid::from_u128(0x41), "session_name": "Talk", "session_token": "t".repeat(43), "is_active": true,
                "expires_at": "2999-01-01T00:00:00Z", "locked": false, "created_at": "2026-01-01T00:00:00Z",
            }}),
            "register_for_virtual_session" => json!({"status": "registered", "position": null}),
            "send_session_invite" => json!({"invitations": [{
                "client_id": USER, "conversation_id": Uuid::from_u128(0x51), "status": "invited",
            }]}),
            "claim_outbox" => json!({"effects": []}),
            _ => json!({}),
        }
    }

    /// A row, by itself where the caller asks for a single one.
    fn of_table(&self, table: &str, asked: &Parts) -> Answer {
        let row = match table {
            "meetings" => &self.meeting,
            "video_sessions" => &self.session,
            "user_integrations_zoom" => &self.zoom_row,
            "profiles" => &json!({"id": USER, "full_name": "Someone", "role": "trainer"}),
            "conversations" => &json!({"id": Uuid::from_u128(0x61), "client_id": CLIENT, "provider_id": USER}),
            _ => &json!({"id": Uuid::from_u128(0x71)}),
        };
        if asked.method == Method::PATCH {
            // Nothing was to be changed.
            return ok(Bytes::from_static(b"[]"));
        }
        let is_single =
            asked.headers.get(ACCEPT).is_some_and(|accept| contains(accept.as_bytes(), b"vnd.pgrst.object"));
        let body = if is_single { row.to_string() } else { json!([row]).to_string() };
        let status = if asked.method == Method::POST { 201 } else { 200 };
        Answer { status, body: body.into() }
    }
}

fn ok(body: impl Into<Bytes>) -> Answer {
    Answer { status: 200, body: body.into() }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn session() -> Value {
    json!({
        "id": Uuid::from_u128(0x11), "host_id": USER, "client_id": null, "conversation_id": null, "provider": "manual",
        "title": "Knee rehabilitation", "description": null, "scheduled_start": "2999-01-10T08:00:00+00:00",
        "duration_minutes": 50, "timezone": "Europe/Berlin", "max_participants": null, "status": "scheduled",
        "join_url": "https://meet.example.com/knee", "provider_meeting_id": null, "passcode": null,
        "created_at": "2026-01-01T00:00:00.123456+00:00", "updated_at": "2026-01-01T00:00:00.123456+00:00",
    })
}

fn meeting() -> Value {
    let operator = USER;
    json!({
        "id": Uuid::from_u128(0x21), "client_id": Uuid::from_u128(0x22), "operator_id": operator, "title": "Annual review",
        "description": null, "scheduled_at": "2026-01-01T00:00:00Z", "started_at": "2026-01-01T00:00:00Z", "ended_at": null,
        "duration_seconds": null, "session_id": "room", "status": "in_progress", "recording_url": null,
        "transcript_url": null, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        "client": {"operator_id": operator},
    })
}
