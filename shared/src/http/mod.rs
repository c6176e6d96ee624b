//! HTTP as the project speaks it: typed JSON in and out, one error envelope, CORS, request ids, bounded outbound calls.

pub mod cors;
pub mod error;
pub(crate) mod header;
pub mod idempotency;
pub mod json;
pub mod meeting_id;
mod note;
pub mod path;
pub mod request_id;
pub mod upstream;

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use http::{HeaderMap, Method, request::Parts};

/// A request whose body may not have been read yet: who may not ask is refused sooner without.
pub struct Incoming {
    parts: Parts,
    body: LocalBoxFuture<'static, Result<Bytes, Error>>,
}

impl Incoming {
    /// A request, and what reads its body.
    #[must_use]
    pub fn new(parts: Parts, body: LocalBoxFuture<'static, Result<Bytes, Error>>) -> Self {
        Self { parts, body }
    }

    /// Its method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.parts.method
    }

    /// Its headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// Reads the body: 400 when it breaks off, 413 when it is larger than the limit of [`crate::edge`].
    pub async fn read(self) -> Result<Request, Error> {
        Ok(Request::from_parts(self.parts, self.body.await?))
    }
}

/// A request whose body was read.
pub type Request = http::Request<Bytes>;
/// An answer with its whole body.
pub type Response = http::Response<Bytes>;

pub use error::Error;
pub use note::Note;
