use serde::{Deserialize, Serialize};

/// What a caller wants of OpenVidu 2, or of LiveKit. The names are those that faults and recorded calls use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomOperation {
    /// `POST /sessions`, or `CreateRoom`
    Open,
    /// `POST /sessions/{id}/connection`; nobody asks LiveKit for a token
    Admit,
    /// `GET /sessions/{id}`, or `ListParticipants`
    Look,
    /// `DELETE /sessions/{id}/connection/{id}`, or `RemoveParticipant`
    Remove,
    /// `DELETE /sessions/{id}`, or `DeleteRoom`
    Close,
    /// `GET /recordings/{id}`; LiveKit's events tell of a recording's address
    GetRecording,
}
