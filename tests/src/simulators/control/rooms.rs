use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Simulators;
use super::super::openvidu::EndReason;
use super::super::rooms::{Event, FaultTarget, RoomFault, RoomOperation, Told, Version, tell};
use super::Refusal;

/// Somebody does something in a room of the wired version, unless another is given. With `"deliver": false` the webhooks
/// are made and not sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Happening {
    token: Option<String>,
    connection: Option<String>,
    room: Option<String>,
    version: Option<Version>,
    #[serde(default = "yes")]
    deliver: bool,
}

fn yes() -> bool {
    true
}

impl Happening {
    fn version(&self, simulators: &Simulators) -> Version {
        self.version.unwrap_or(simulators.settings.openvidu_version)
    }

    async fn told(&self, simulators: &Simulators, events: Vec<Event>) -> Vec<Told> {
        tell(simulators, self.version(simulators), events, self.deliver).await
    }
}

/// A browser connects with a token. A token that does not open the room is a 403.
pub(super) async fn join(
    State(simulators): State<Arc<Simulators>>,
    Json(happening): Json<Happening>,
) -> Result<Json<Value>, Refusal> {
    let token = given("token", happening.token.as_deref())?;
    let rooms = &simulators.rooms;
    let joined = match happening.version(&simulators) {
        Version::V2 => rooms.openvidu.lock().unwrap().connect(token),
        Version::V3 => rooms.livekit.lock().unwrap().connect(&simulators.settings, token),
    };
    let (connection, events) = joined.map_err(|reason| (StatusCode::FORBIDDEN, reason))?;
    Ok(Json(json!({"connection": connection, "events": happening.told(&simulators, events).await})))
}

/// A browser goes.
pub(super) async fn leave(
    State(simulators): State<Arc<Simulators>>,
    Json(happening): Json<Happening>,
) -> Result<Json<Value>, Refusal> {
    let connection = given("connection", happening.connection.as_deref())?;
    let rooms = &simulators.rooms;
    let left = match happening.version(&simulators) {
        Version::V2 => rooms.openvidu.lock().unwrap().leave(connection),
        Version::V3 => rooms.livekit.lock().unwrap().leave(connection),
    };
    answer(&simulators, &happening, left.ok_or_else(|| missing("connection", connection))?).await
}

/// The server closes the room.
pub(super) async fn finish(
    State(simulators): State<Arc<Simulators>>,
    Json(happening): Json<Happening>,
) -> Result<Json<Value>, Refusal> {
    let room = given("room", happening.room.as_deref())?;
    let rooms = &simulators.rooms;
    let finished = match happening.version(&simulators) {
        Version::V2 => rooms.openvidu.lock().unwrap().close(room, EndReason::SessionClosedByServer),
        Version::V3 => rooms.livekit.lock().unwrap().finish(room),
    };
    answer(&simulators, &happening, finished.ok_or_else(|| missing("room", room))?).await
}

/// Somebody records the room for a while.
pub(super) async fn record(
    State(simulators): State<Arc<Simulators>>,
    Json(happening): Json<Happening>,
) -> Result<Json<Value>, Refusal> {
    let room = given("room", happening.room.as_deref())?;
    let rooms = &simulators.rooms;
    let recorded = match happening.version(&simulators) {
        Version::V2 => rooms.openvidu.lock().unwrap().record(room),
        Version::V3 => rooms.livekit.lock().unwrap().record(room),
    };
    answer(&simulators, &happening, recorded.ok_or_else(|| missing("room with anybody in it", room))?).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedRoom {
    room: String,
    version: Option<u8>,
}

/// The room and who is in it, or null.
pub(super) async fn room(
    State(simulators): State<Arc<Simulators>>,
    Query(named): Query<NamedRoom>,
) -> Result<Json<Value>, Refusal> {
    let version = named.version.map(Version::try_from).transpose();
    let version = version.map_err(|reason| (StatusCode::BAD_REQUEST, reason))?;
    let rooms = &simulators.rooms;
    let room = match version.unwrap_or(simulators.settings.openvidu_version) {
        Version::V2 => rooms.openvidu.lock().unwrap().room(&named.room),
        Version::V3 => rooms.livekit.lock().unwrap().room(&named.room),
    };
    Ok(Json(room.unwrap_or_default()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToldOf {
    room: String,
}

/// Every webhook of a room that was sent, also those that the project's own calls caused.
pub(super) async fn told(State(simulators): State<Arc<Simulators>>, Query(about): Query<ToldOf>) -> Json<Vec<Told>> {
    Json(simulators.rooms.messenger.told(&about.room))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedFault {
    room: Option<String>,
    operation: RoomOperation,
    fault: RoomFault,
    times: u32,
}

pub(super) async fn plan_fault(
    State(simulators): State<Arc<Simulators>>,
    Json(planned): Json<PlannedFault>,
) -> Json<Value> {
    let target = FaultTarget { room: planned.room, operation: planned.operation };
    simulators.rooms.faults.plan(target, planned.fault, planned.times);
    Json(json!({}))
}

async fn answer(simulators: &Simulators, happening: &Happening, events: Vec<Event>) -> Result<Json<Value>, Refusal> {
    Ok(Json(json!({"events": happening.told(simulators, events).await})))
}

fn given<'a>(name: &str, value: Option<&'a str>) -> Result<&'a str, Refusal> {
    value.ok_or_else(|| (StatusCode::BAD_REQUEST, format!("{name} is missing")))
}

fn missing(what: &str, name: &str) -> Refusal {
    (StatusCode::NOT_FOUND, format!("there is no {what} {name}"))
}
