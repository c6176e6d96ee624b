//! Simulators of Zoom, OpenVidu 2 and LiveKit, and a wiretap in front of the local Supabase that also stands in for what
//! hosted Supabase has and the local one lacks (asymmetric signing keys).
//!
//! - `/zoom/v2/*`, `/zoom/oauth/*`: [`zoom`], strict, stateful, recording; `/zoom/oauth/authorize` is its consent page
//! - `/openvidu/openvidu/api/*` and `/livekit/twirp/*`: [`rooms`], of the same kind
//! - `/twilio/*`, `/cloudflare/*`: simulated too, with credentials for TURN
//! - `/supabase/*`: [`supabase_wiretap`], forwards and records
//! - `/simulator/*`: for the tests: consent without a page, what happens at Zoom's side and in rooms, faults, recorded
//!   calls, tokens

mod connection;
mod control;
mod faults;
mod livekit;
mod openvidu;
mod random;
mod recording;
pub mod rooms;
mod settings;
pub mod supabase_wiretap;
#[cfg(test)]
mod tests;
mod turn;
mod webhook;
pub mod zoom;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get};
use chrono::{DateTime, Utc};
use tokio::net::TcpListener;

use recording::Recorder;
pub use recording::{Call, Service};
use rooms::Rooms;
pub use settings::Settings;
use supabase_wiretap::Wiretap;
use turn::TurnFaults;
use zoom::Zoom;

/// Everything the simulators know.
pub(crate) struct Simulators {
    settings: Settings,
    recorder: Recorder,
    zoom: Zoom,
    rooms: Rooms,
    turn_faults: TurnFaults,
    wiretap: Wiretap,
}

/// The simulators, bound to their port.
pub struct Server {
    listener: TcpListener,
    url: String,
    router: Router,
}

/// Takes the port and makes the keys; answers nothing until [`Server::run`].
pub async fn bind(settings: Settings) -> Result<Server, String> {
    let listener = TcpListener::bind(("127.0.0.1", settings.port))
        .await
        .map_err(|error| format!("cannot listen on 127.0.0.1:{}: {error}", settings.port))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let simulators = Arc::new(Simulators {
        recorder: Recorder::default(),
        zoom: Zoom::default(),
        rooms: Rooms::default(),
        turn_faults: TurnFaults::default(),
        wiretap: Wiretap::new(),
        settings,
    });
    let router = Router::new()
        // Pages for a person's browser, and no calls of the project's.
        .route("/zoom/oauth/authorize", get(zoom::consent::page).post(zoom::consent::decide))
        .route("/zoom/{*path}", any(zoom::serve))
        .route("/openvidu/{*path}", any(rooms::serve_openvidu))
        .route("/livekit/{*path}", any(rooms::serve_livekit))
        .route("/twilio/{*path}", any(turn::serve_twilio))
        .route("/cloudflare/{*path}", any(turn::serve_cloudflare))
        .route("/supabase/{*path}", any(supabase_wiretap::serve))
        .nest("/simulator", control::router())
        .with_state(simulators);
    Ok(Server { listener, url: format!("http://{address}"), router })
}

impl Server {
    /// The origin, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers until dropped.
    pub async fn run(self) {
        connection::accept(self.listener, self.router).await;
    }
}

/// The system clock.
#[expect(clippy::disallowed_methods, reason = "the simulators are an ordinary process")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}
