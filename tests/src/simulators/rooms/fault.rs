use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};

use super::super::faults::Disturbance;
use super::RoomOperation;

/// What goes wrong with a call to OpenVidu, to LiveKit, or to a TURN service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The work is done at once, and the answer comes late.
    Delay {
        /// By how much, in milliseconds.
        ms: u64,
    },
    /// The work is done late, whether or not the caller still listens.
    DelayBefore {
        /// By how much, in milliseconds.
        ms: u64,
    },
    /// The work is done, and the connection breaks before the answer.
    DropAnswer,
    /// The connection breaks before the request was read.
    DropRequest,
    /// An answer with this status and no body, and nothing done.
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// An answer of this status and text, and nothing done.
    Raw {
        /// The HTTP status.
        status: u16,
        /// Said to be JSON.
        body: String,
    },
}

/// Which calls a fault is for.
pub(crate) struct FaultTarget {
    /// Any, if none is named.
    pub(crate) room: Option<String>,
    pub(crate) operation: RoomOperation,
}

impl FaultTarget {
    pub(super) fn concerns(&self, room: Option<&str>, operation: Option<RoomOperation>) -> bool {
        Some(self.operation) == operation && (self.room.is_none() || self.room.as_deref() == room)
    }
}

impl Fault {
    pub(crate) fn disturbance(self) -> Disturbance {
        match self {
            Self::Delay { ms } => Disturbance::Late(Duration::from_millis(ms)),
            Self::DelayBefore { ms } => Disturbance::Slow(Duration::from_millis(ms)),
            Self::DropAnswer => Disturbance::DropAnswer,
            Self::DropRequest => Disturbance::DropRequest,
            Self::Status { status } => Disturbance::Instead(answer(status, String::new())),
            Self::Raw { status, body } => Disturbance::Instead(answer(status, body)),
        }
    }
}

fn answer(status: u16, body: String) -> http::Response<Bytes> {
    http::Response::builder().status(status).header(CONTENT_TYPE, "application/json").body(body.into()).unwrap()
}
