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

/// A request whose body was read, up to the limit of [`crate::edge`].
pub type Request = http::Request<Bytes>;
/// An answer with its whole body.
pub type Response = http::Response<Bytes>;

pub use error::Error;
pub use note::Note;
