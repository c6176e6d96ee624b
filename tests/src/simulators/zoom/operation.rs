use http::Method;
use serde::{Deserialize, Serialize};

use super::oauth;

/// What a caller wants of Zoom. The names are those that faults and recorded calls use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `POST /oauth/token` with a code
    ExchangeCode,
    /// `POST /oauth/token` with anything else
    RefreshToken,
    /// `POST /oauth/revoke`
    RevokeToken,
    /// `GET /v2/users/me`
    GetUser,
    /// `POST /v2/users/me/meetings`
    CreateMeeting,
    /// `GET /v2/users/me/meetings`
    ListMeetings,
    /// `GET /v2/meetings/{id}`
    GetMeeting,
    /// `PATCH /v2/meetings/{id}`
    UpdateMeeting,
    /// `PUT /v2/meetings/{id}/status`
    EndMeeting,
    /// `DELETE /v2/meetings/{id}`
    DeleteMeeting,
}

impl Operation {
    /// None for what the simulator does not know, and so what the project must not call.
    pub(crate) fn of(method: &Method, path: &str, body: &[u8]) -> Option<Self> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (method.as_str(), segments.as_slice()) {
            ("POST", ["oauth", "token"]) => match oauth::field(body, "grant_type").as_deref() {
                Some("authorization_code") => Some(Self::ExchangeCode),
                _ => Some(Self::RefreshToken),
            },
            ("POST", ["oauth", "revoke"]) => Some(Self::RevokeToken),
            ("GET", ["v2", "users", "me"]) => Some(Self::GetUser),
            ("POST", ["v2", "users", "me", "meetings"]) => Some(Self::CreateMeeting),
            ("GET", ["v2", "users", "me", "meetings"]) => Some(Self::ListMeetings),
            ("GET", ["v2", "meetings", _]) => Some(Self::GetMeeting),
            ("PATCH", ["v2", "meetings", _]) => Some(Self::UpdateMeeting),
            ("PUT", ["v2", "meetings", _, "status"]) => Some(Self::EndMeeting),
            ("DELETE", ["v2", "meetings", _]) => Some(Self::DeleteMeeting),
            _ => None,
        }
    }

    /// The scopes that allow it: either one is enough (the classic one, or the granular one).
    pub(super) fn scopes(self) -> [&'static str; 2] {
        match self {
            Self::ExchangeCode | Self::RefreshToken | Self::RevokeToken => {
                unreachable!("OAuth endpoints need no scope")
            }
            Self::GetUser => ["user:read", "user:read:user"],
            Self::CreateMeeting => ["meeting:write", "meeting:write:meeting"],
            Self::ListMeetings => ["meeting:read", "meeting:read:list_meetings"],
            Self::GetMeeting => ["meeting:read", "meeting:read:meeting"],
            Self::UpdateMeeting => ["meeting:write", "meeting:update:meeting"],
            Self::EndMeeting => ["meeting:write", "meeting:update:status"],
            Self::DeleteMeeting => ["meeting:write", "meeting:delete:meeting"],
        }
    }

    /// The query parameters that Zoom documents for it.
    pub(super) fn query_parameters(self) -> &'static [&'static str] {
        match self {
            Self::ListMeetings => &["type", "page_size", "next_page_token"],
            Self::GetMeeting => &["occurrence_id", "show_previous_occurrences"],
            Self::UpdateMeeting => &["occurrence_id"],
            Self::DeleteMeeting => &["occurrence_id", "schedule_for_reminder", "cancel_meeting_reminder"],
            Self::ExchangeCode
            | Self::RefreshToken
            | Self::RevokeToken
            | Self::GetUser
            | Self::CreateMeeting
            | Self::EndMeeting => &[],
        }
    }
}
