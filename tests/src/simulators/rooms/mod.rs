//! What the simulators of rooms, `openvidu` (version 2) and `livekit` (version 3), have in common: their calls are recorded
//! under the room, they fail on demand, and they tell the project's webhook.

mod event;
mod fault;
mod operation;

use std::sync::{Arc, Mutex};

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use serde::{Deserialize, Serialize};

use super::Simulators;
use super::connection::{HangUp, Outcome};
use super::faults::{self, Faults};
use super::livekit::{self, LiveKit};
use super::openvidu::{self, OpenVidu};
use super::recording::{Call, Service};

pub use event::livekit_signature;
pub(crate) use event::{Event, Messenger, Told, tell};
pub use fault::Fault as RoomFault;
pub(crate) use fault::FaultTarget;
pub use operation::RoomOperation;

/// Larger than anything the project sends.
const BODY_LIMIT: usize = 1 << 20;

/// Which OpenVidu: 2, or 3, which is LiveKit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Version {
    /// OpenVidu 2, with a REST API of its own.
    V2,
    /// OpenVidu 3: LiveKit.
    V3,
}

/// The state of both simulators, and what they share.
#[derive(Default)]
pub(crate) struct Rooms {
    pub(crate) openvidu: Mutex<OpenVidu>,
    pub(crate) livekit: Mutex<LiveKit>,
    pub(crate) faults: Faults<FaultTarget, RoomFault>,
    pub(crate) messenger: Messenger,
}

/// A request as a simulator reads it.
pub(crate) struct RoomRequest {
    pub(crate) operation: Option<RoomOperation>,
    /// What it is about, if that can be told.
    pub(crate) room: Option<String>,
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
}

impl TryFrom<u8> for Version {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            2 => Ok(Self::V2),
            3 => Ok(Self::V3),
            _ => Err(format!("the versions of OpenVidu are 2 and 3, not {number}")),
        }
    }
}

impl From<Version> for u8 {
    fn from(version: Version) -> Self {
        match version {
            Version::V2 => 2,
            Version::V3 => 3,
        }
    }
}

impl Version {
    /// The content type of its webhooks.
    pub const fn webhook_content_type(self) -> &'static str {
        match self {
            Self::V2 => "application/json",
            Self::V3 => "application/webhook+json",
        }
    }
}

/// Answers `/openvidu/*`.
pub(crate) async fn serve_openvidu(
    State(simulators): State<Arc<Simulators>>,
    Extension(hang_up): Extension<HangUp>,
    request: Request,
) -> Response {
    let exchange = async move |parts, body| exchange(&simulators, Version::V2, parts, body).await;
    hang_up.serve(request, BODY_LIMIT, exchange).await
}

/// Answers `/livekit/*`.
pub(crate) async fn serve_livekit(
    State(simulators): State<Arc<Simulators>>,
    Extension(hang_up): Extension<HangUp>,
    request: Request,
) -> Response {
    let exchange = async move |parts, body| exchange(&simulators, Version::V3, parts, body).await;
    hang_up.serve(request, BODY_LIMIT, exchange).await
}

async fn exchange(simulators: &Arc<Simulators>, version: Version, parts: Parts, body: Bytes) -> Outcome {
    let rooms = &simulators.rooms;
    let (request, service, prefix) = match version {
        Version::V2 => (openvidu::read(&rooms.openvidu.lock().unwrap(), parts, body), Service::Openvidu, "/openvidu"),
        Version::V3 => (livekit::read(parts, body), Service::Livekit, "/livekit"),
    };
    let call = simulators.recorder.arrived(Call {
        room_operation: request.operation,
        room: request.room.clone(),
        ..Call::arriving(service, prefix, &request.parts, &request.body)
    });
    let fault = rooms.faults.take(|target| target.concerns(request.room.as_deref(), request.operation));
    let work = async {
        let mut events = Vec::new();
        let answer = match version {
            Version::V2 => {
                openvidu::perform(&simulators.settings, &mut rooms.openvidu.lock().unwrap(), &request, &mut events)
            }
            Version::V3 => {
                livekit::perform(&simulators.settings, &mut rooms.livekit.lock().unwrap(), &request, &mut events)
            }
        };
        event::tell_meanwhile(simulators, version, events);
        answer.unwrap_or_else(|refusal| refusal)
    };
    faults::exchange(&simulators.recorder, call, fault.map(RoomFault::disturbance), work).await
}
