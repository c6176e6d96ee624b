//! The runtime's requests and answers as ours. Calls between WebAssembly and JavaScript are most of what a small request costs, so
//! headers cross in one piece, as JSON, and no more is asked of a request than is needed.

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use serde::Serializer as _;
use worker::{
    js_sys::{Array, JSON, Uint8Array, futures::JsFuture},
    web_sys,
};

use crate::http::{Error, Response, header};

/// The largest body that any function takes, in bytes.
const LARGEST_BODY: usize = 64 * 1024;
const LARGEST_DROPPED_BODY: usize = 16 * 1024 * 1024;
/// Far more than any client and proxy send together. A map of 24,577 panics.
const MOST_HEADERS: u32 = 200;

/// A request whose body was read, or could not be.
pub(super) struct Incoming {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Result<Bytes, Error>,
}

/// Reads a request to its end.
pub(super) async fn read(request: web_sys::Request) -> Incoming {
    let method = Method::from_bytes(request.method().as_bytes()).unwrap_or_default();
    let url = request.url();
    let (headers, refused) = match read_headers(&request.headers()) {
        Some(headers) => (headers, None),
        None => (HeaderMap::new(), Some(malformed_headers())),
    };
    let body = read_body(request, &headers).await;
    Incoming { method, url, headers, body: refused.map_or(body, Err) }
}

/// All of them or nothing: without its Authorization a request would be a guest's, and without its Transfer-Encoding its length would
/// be believed.
fn read_headers(headers: &web_sys::Headers) -> Option<HeaderMap> {
    let headers = Array::from(headers);
    if headers.length() > MOST_HEADERS {
        return None;
    }
    let json = String::from(JSON::stringify(&headers).ok()?);
    let pairs: Vec<(String, String)> = serde_json::from_str(&json).ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(HeaderName::try_from(name).ok()?, value.try_into().ok()?);
    }
    Some(headers)
}

fn malformed_headers() -> Error {
    Error::refused(StatusCode::BAD_REQUEST, "malformed_headers", "A header cannot be read, or there are too many.")
}

/// Reads the body. One that is too large is still read to its end and dropped, up to a limit: a client that cannot finish sending
/// would see a broken connection instead of the answer.
async fn read_body(request: web_sys::Request, headers: &HeaderMap) -> Result<Bytes, Error> {
    let (mut body, mut length) = (Vec::new(), 0);
    if header::content_length(headers).is_some_and(|length| length <= LARGEST_BODY) {
        // A stream costs more.
        let buffer = JsFuture::from(request.array_buffer().map_err(|_| Error::MalformedJson)?).await;
        body = Uint8Array::new(&buffer.map_err(|_| Error::MalformedJson)?).to_vec();
        length = body.len();
    } else if let Ok(mut chunks) = worker::Request::from(request).stream() {
        // A request without a body has no stream.
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
