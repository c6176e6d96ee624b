//! The runtime's requests and answers as ours. Calls between WebAssembly and JavaScript are most of what a small request costs, so
//! headers cross in one piece, as JSON, and no more is asked of a request than is needed.

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, future::ready};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serializer as _;
use worker::{
    js_sys::{Array, JSON, Uint8Array, futures::JsFuture},
    web_sys,
};

use crate::http::{Error, Incoming, Response, header};

/// The largest body that any function takes, in bytes.
const LARGEST_BODY: usize = 64 * 1024;
const LARGEST_DROPPED_BODY: usize = 16 * 1024 * 1024;

/// A request, and its URL. A body whose length is known and allowed is left for whoever wants it. Every other is read now, and one
/// that is too large dropped: a client that cannot finish sending would see a broken connection instead of the answer.
pub(super) async fn read(request: web_sys::Request) -> (Incoming, String) {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = Method::from_bytes(request.method().as_bytes()).unwrap_or_default();
    parts.headers = read_headers(&request.headers());
    let url = request.url();
    let is_allowed = header::content_length(&parts.headers).is_some_and(|length| length <= LARGEST_BODY);
    let body = if is_allowed {
        read_whole(request).boxed_local()
    } else {
        ready(read_stream(worker::Request::from(request)).await).boxed_local()
    };
    (Incoming::new(parts, body), url)
}

fn read_headers(headers: &web_sys::Headers) -> HeaderMap {
    let json = JSON::stringify(&Array::from(headers)).map(String::from).unwrap_or_default();
    let pairs: Vec<(String, String)> = serde_json::from_str(&json).unwrap_or_default();
    let read = |(name, value): (String, String)| -> Option<(HeaderName, HeaderValue)> {
        Some((name.try_into().ok()?, value.try_into().ok()?))
    };
    pairs.into_iter().filter_map(read).collect()
}

/// Cheaper than a stream.
async fn read_whole(request: web_sys::Request) -> Result<Bytes, Error> {
    let buffer = JsFuture::from(request.array_buffer().map_err(|_| Error::MalformedJson)?).await;
    Ok(Uint8Array::new(&buffer.map_err(|_| Error::MalformedJson)?).to_vec().into())
}

async fn read_stream(mut request: worker::Request) -> Result<Bytes, Error> {
    let (mut body, mut length) = (Vec::new(), 0);
    // A request without a body has no stream.
    if let Ok(mut chunks) = request.stream() {
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Error::MalformedJson)?;
            length += chunk.len();
            if length <= LARGEST_BODY {
                body.extend_from_slice(&chunk);
            } else if length > LARGEST_DROPPED_BODY {
                break;
            }
        }
    }
    if length > LARGEST_BODY { Err(Error::TooLarge(LARGEST_BODY)) } else { Ok(body.into()) }
}

/// An answer as the runtime takes it. Its headers are an object, which workerd takes faster than pairs: none may be there twice.
pub(super) fn write(response: &Response) -> worker::Result<web_sys::Response> {
    let mut headers = Vec::new();
    let pairs =
        response.headers().iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())));
    serde_json::Serializer::new(&mut headers).collect_map(pairs)?;
    let init = web_sys::ResponseInit::new();
    init.set_status(response.status().as_u16());
    init.set_headers(&JSON::parse(text(&headers)?)?);
    // All that a function says is text, which crosses cheaper than bytes; a 204 must have no body, not an empty one.
    let body = text(response.body())?;
    Ok(web_sys::Response::new_with_opt_str_and_init((!body.is_empty()).then_some(body), &init)?)
}

fn text(bytes: &[u8]) -> worker::Result<&str> {
    str::from_utf8(bytes).map_err(|error| worker::Error::RustError(error.to_string()))
}
