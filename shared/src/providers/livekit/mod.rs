//! LiveKit, which OpenVidu 3 is, by its RoomService (<https://docs.livekit.io/reference/other/roomservice-api/>). Tokens are
//! made here, without a call.

mod token;
mod webhook;

use std::time::Duration;

use futures_util::FutureExt as _;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::rooms::{self, Admission, Asked, Person, Recording, Rooms, RoomsError};
use crate::{config::LiveKitConfig, context::Context, http::upstream::Answer};

pub use webhook::verify_report;

/// How long a room outlives its emptiness: the last one present may be loading the page again.
const EMPTY_ROOM_STAYS: Duration = Duration::from_mins(10);

/// LiveKit as the server of rooms.
pub(super) struct LiveKit<'a> {
    pub(super) context: &'a Context,
    pub(super) config: LiveKitConfig,
}

/// How Twirp says no.
#[derive(Default, Deserialize)]
#[serde(default)]
struct TwirpError {
    code: String,
}

impl Rooms for LiveKit<'_> {
    fn open<'a>(&'a self, room: &'a str) -> Asked<'a, ()> {
        let seconds = EMPTY_ROOM_STAYS.as_secs();
        let request = json!({"name": room, "empty_timeout": seconds, "departure_timeout": seconds});
        async move { succeeded(&self.call("CreateRoom", request).await?) }.boxed_local()
    }

    /// The room opens when the first one enters.
    fn admit<'a>(&'a self, room: &'a str, person: &'a Person) -> Asked<'a, Admission> {
        async move {
            let token = token::for_person(&self.config, room, person, self.context.clock().now())?;
            Ok(Admission { token, url: Some(self.config.client_url.clone()) })
        }
        .boxed_local()
    }

    fn close<'a>(&'a self, room: &'a str) -> Asked<'a, ()> {
        async move {
            let answer = self.call("DeleteRoom", json!({"room": room})).await?;
            // As long as it is the service that says so, and not a server before it.
            let is_gone = answer.status == StatusCode::NOT_FOUND
                && serde_json::from_slice::<TwirpError>(&answer.body).unwrap_or_default().code == "not_found";
            if is_gone { Ok(()) } else { succeeded(&answer) }
        }
        .boxed_local()
    }

    /// LiveKit tells where a recording is when it tells of it.
    fn recording<'a>(&'a self, _: &'a str) -> Asked<'a, Recording> {
        async { Err(RoomsError::NotOffered) }.boxed_local()
    }
}

impl LiveKit<'_> {
    /// Calls RoomService.
    async fn call(&self, operation: &str, request: Value) -> Result<Answer, RoomsError> {
        let url = format!("{}/twirp/livekit.RoomService/{operation}", self.config.api_url);
        let token = token::for_room_service(&self.config, self.context.clock().now())?;
        rooms::call(self.context, Method::POST, url, format!("Bearer {token}"), Some(request)).await
    }
}

fn succeeded(answer: &Answer) -> Result<(), RoomsError> {
    if answer.status.is_success() { Ok(()) } else { Err(RoomsError::Refused(answer.status)) }
}

#[cfg(test)]
mod tests;
