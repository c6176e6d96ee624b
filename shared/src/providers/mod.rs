//! The video providers: where a session takes place.

pub mod jitsi;
pub mod livekit;
pub mod openvidu;
pub mod rooms;
pub mod turn;
pub mod zoom;

use serde::{Deserialize, Serialize};

/// A session's provider, as in `video_sessions.provider`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// A Zoom meeting.
    Zoom,
    /// Google Meet.
    Meet,
    /// A Jitsi room.
    Jitsi,
    /// Microsoft Teams.
    Teams,
    /// Any other link.
    Manual,
    /// An OpenVidu room.
    Openvidu,
}
