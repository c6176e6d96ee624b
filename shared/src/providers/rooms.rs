//! The rooms of meetings: what the functions ask of the server that has them, whichever it is.

use futures_util::future::LocalBoxFuture;
use http::{
    Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::{livekit::LiveKit, openvidu::OpenVidu};
use crate::{
    config::RoomServer,
    context::Context,
    http::{
        Error,
        upstream::{self, Answer, UpstreamError},
    },
};

/// A server of rooms. To open or to close a room twice is the same as once.
pub trait Rooms {
    /// Opens a room; one that is open already stays as it is.
    fn open<'a>(&'a self, room: &'a str) -> Asked<'a, ()>;

    /// Gets one person a token for a room.
    fn admit<'a>(&'a self, room: &'a str, person: &'a Person) -> Asked<'a, Admission>;

    /// Closes a room for everyone in it; one that is not there is closed.
    fn close<'a>(&'a self, room: &'a str) -> Asked<'a, ()>;

    /// Looks for a recording that the server told of by its id alone.
    fn recording<'a>(&'a self, id: &'a str) -> Asked<'a, Recording>;
}

/// What a server is asked, and how it ends.
pub type Asked<'a, T> = LocalBoxFuture<'a, Result<T, RoomsError>>;

/// Somebody who may enter a room.
pub struct Person {
    /// Who they are.
    pub user_id: Uuid,
    /// What they may do.
    pub role: Role,
    /// What the others see.
    pub name: Option<String>,
}

/// What somebody may do in a room.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Take part, and send others out.
    Operator,
    /// Take part.
    Client,
}

/// The way into a room. It is handed on, and neither stored nor logged.
#[derive(Serialize)]
pub struct Admission {
    /// What the app connects with.
    pub token: String,
    /// Where the app connects to, unless the token says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Where a recording is.
#[derive(Debug, PartialEq, Eq)]
pub enum Recording {
    /// At this http(s) URL.
    Ready(String),
    /// Nowhere yet.
    NotYet,
    /// Nowhere: it failed, was deleted, or is not on the web.
    Nowhere,
}

/// Why a server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RoomsError {
    /// No answer: whether it was done is unknown.
    #[error("the room server: {0}")]
    Unanswered(#[from] UpstreamError),
    /// An answer that is no success.
    #[error("the room server: status {}", .0.as_u16())]
    Refused(StatusCode),
    /// A success that cannot be read. What it says can be a token.
    #[error("the room server: an unexpected answer")]
    Unreadable,
    /// This server is not asked such a thing.
    #[error("the room server: does not do this")]
    NotOffered,
    /// Our own part failed.
    #[error("{0}")]
    Ours(#[from] Error),
}

impl From<RoomsError> for Error {
    fn from(error: RoomsError) -> Self {
        match error {
            RoomsError::Unanswered(UpstreamError::TimedOut) => Self::ProviderTimedOut(error.to_string()),
            RoomsError::Unanswered(_) | RoomsError::Refused(_) | RoomsError::Unreadable => {
                Self::ProviderFailed(error.to_string())
            }
            RoomsError::NotOffered => Self::Internal(error.to_string()),
            RoomsError::Ours(error) => error,
        }
    }
}

/// The server of this deployment.
pub fn rooms(context: &Context) -> Result<Box<dyn Rooms + '_>, Error> {
    Ok(match context.config().rooms.server()? {
        RoomServer::OpenVidu(config) => Box::new(OpenVidu { context, config }),
        RoomServer::LiveKit(config) => Box::new(LiveKit { context, config }),
    })
}

/// An http(s) URL as browsers write it. A recording that is elsewhere is of no use to an app.
#[must_use]
pub fn web_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

/// Asks a server, and takes whatever status it answers.
pub(super) async fn call(
    context: &Context,
    method: Method,
    url: String,
    authorization: String,
    body: Option<Value>,
) -> Result<Answer, RoomsError> {
    let mut request = context.deployment.client.request(method, url).header(AUTHORIZATION, authorization);
    if let Some(body) = body {
        request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
    }
    Ok(upstream::send(context, request, context.config().provider_timeout).await?)
}

/// What a success says.
pub(super) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, RoomsError> {
    serde_json::from_slice(&answer.body).map_err(|_| RoomsError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_browser_can_open_is_a_web_url() {
        let recording = "https://recordings.example/openvidu/recordings/r-1/r-1.mp4?a=b";
        assert_eq!(web_url(recording).as_deref(), Some(recording));
        assert_eq!(web_url("http://127.0.0.1:4443/ a\u{0}b\n").as_deref(), Some("http://127.0.0.1:4443/%20a%00b"));
        for other in ["", "/out/r-1.mp4", "s3://bucket/r-1.mp4", "javascript:alert(1)", "file:///r-1.mp4", "https://"] {
            assert_eq!(web_url(other), None, "{other}");
        }
    }

    #[test]
    fn only_time_that_ran_out_is_a_504() {
        for (error, status) in [
            (RoomsError::Unanswered(UpstreamError::TimedOut), 504),
            (RoomsError::Unanswered(UpstreamError::Redirected), 502),
            (RoomsError::Refused(StatusCode::UNAUTHORIZED), 502),
            (RoomsError::Unreadable, 502),
            (RoomsError::NotOffered, 500),
            (RoomsError::Ours(Error::Unavailable(String::new())), 503),
        ] {
            assert_eq!(Error::from(error).status().as_u16(), status);
        }
    }
}
