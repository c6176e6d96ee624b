//! The runtime's requests and answers as ours. Calls between WebAssembly and JavaScript are most of what a small request costs, so
//! no more is asked of a request than is needed.

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::Method;
use worker::{
    ByteStream,
    js_sys::{Uint8Array, futures::JsFuture},
    web_sys,
};

use crate::http::{Error, Headers, Response, headers::to_runtime};

/// The largest body that any function takes, in bytes.
const LARGEST_BODY: usize = 64 * 1024;
const LARGEST_DROPPED_BODY: usize = 16 * 1024 * 1024;

/// A request whose body was read, or could not be.
pub(super) struct Incoming {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Headers,
    pub(super) body: Result<Bytes, Error>,
}

/// Reads a request to its end.
pub(super) async fn read(request: &web_sys::Request) -> Incoming {
    let method = Method::from_bytes(request.method().as_bytes()).unwrap_or_default();
    let url = request.url();
    let headers = Headers::Runtime(request.headers());
    let body = read_body(request, &headers).await;
    Incoming { method, url, headers, body }
}

async fn read_body(request: &web_sys::Request, headers: &Headers) -> Result<Bytes, Error> {
    if headers.content_length().is_some_and(|length| length <= LARGEST_BODY) {
        // A stream costs more.
        let buffer = JsFuture::from(request.array_buffer().map_err(|_| Error::MalformedJson)?).await;
        let body = Uint8Array::new(&buffer.map_err(|_| Error::MalformedJson)?).to_vec();
        return if body.len() > LARGEST_BODY { Err(Error::TooLarge(LARGEST_BODY)) } else { Ok(body.into()) };
    }
    match request.body() {
        Some(stream) => read_stream(stream.into()).await,
        None => Ok(Bytes::new()),
    }
}

/// Reads a body whose length is unknown or too large. One that is too large is still read to its end and dropped, up to a limit: a
/// client that cannot finish sending would see a broken connection instead of the answer.
async fn read_stream(mut chunks: ByteStream) -> Result<Bytes, Error> {
    let (mut body, mut length) = (Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Error::MalformedJson)?;
        length += chunk.len();
        if length <= LARGEST_BODY {
            body.extend_from_slice(&chunk);
        } else if length > LARGEST_DROPPED_BODY {
            break;
        }
    }
    if length > LARGEST_BODY { Err(Error::TooLarge(LARGEST_BODY)) } else { Ok(body.into()) }
}

/// An answer as the runtime takes it.
pub(super) fn write(response: &Response) -> worker::Result<web_sys::Response> {
    let init = web_sys::ResponseInit::new();
    init.set_status(response.status().as_u16());
    init.set_headers(&to_runtime(response.headers())?);
    // All that a function says is text, which crosses cheaper than bytes; a 204 must have no body, not an empty one.
    let body = str::from_utf8(response.body()).map_err(|error| worker::Error::RustError(error.to_string()))?;
    Ok(web_sys::Response::new_with_opt_str_and_init((!body.is_empty()).then_some(body), &init)?)
}
