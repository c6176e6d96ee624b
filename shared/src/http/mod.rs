//! HTTP as the project speaks it: typed JSON in and out, one error envelope, CORS, request ids, bounded outbound calls.

pub mod cors;
pub mod error;
pub mod headers;
pub mod idempotency;
pub mod json;
pub mod meeting_id;
mod note;
pub mod path;
pub mod request_id;
pub mod upstream;
#[cfg(not(target_arch = "wasm32"))]
mod upstream_native;
#[cfg(target_arch = "wasm32")]
mod upstream_web;

use bytes::Bytes;
use http::Method;

/// A request whose body was read, up to the limit of [`crate::edge`].
pub struct Request {
    /// The method.
    pub method: Method,
    /// The headers.
    pub headers: Headers,
    /// The whole body.
    pub body: Bytes,
}

/// An answer with its whole body.
pub type Response = http::Response<Bytes>;

pub use error::Error;
pub use headers::Headers;
pub use note::Note;
