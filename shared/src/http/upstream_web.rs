//! Outbound calls by the runtime's `fetch`. `reqwest` would call it, too, but follow redirects with all that was sent, and make
//! objects for headers, request and answer that cost a small request more than its own work.

use futures_util::StreamExt as _;
use http::StatusCode;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestInit, RequestRedirect, WorkerGlobalScope};
use worker::ByteStream;

use super::{
    headers::{self, Headers},
    upstream::{Answer, LARGEST_ANSWER, UpstreamError},
};

/// A call that ends when it is dropped, unless it was answered.
struct Call(Option<AbortController>);

impl Drop for Call {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

pub(super) async fn exchange(request: reqwest::Request) -> Result<Answer, UpstreamError> {
    let controller = AbortController::new()?;
    let init = RequestInit::new();
    init.set_method(request.method().as_str());
    init.set_headers(&headers::to_runtime(request.headers())?);
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(&controller.signal()));
    if let Some(body) = request.body().and_then(reqwest::Body::as_bytes).filter(|body| !body.is_empty()) {
        init.set_body(&js_sys::Uint8Array::from(body));
    }
    let mut call = Call(Some(controller));
    // Deno's global is of another class with the same `fetch`.
    let global: WorkerGlobalScope = js_sys::global().unchecked_into();
    let response = JsFuture::from(global.fetch_with_str_and_init(request.url().as_str(), &init)).await?;
    let answer = read(&response.unchecked_into()).await?;
    call.0 = None;
    Ok(answer)
}

async fn read(response: &web_sys::Response) -> Result<Answer, UpstreamError> {
    let status =
        StatusCode::from_u16(response.status()).map_err(|error| UpstreamError::Connection(error.to_string()))?;
    let headers = Headers::Runtime(response.headers());
    // A stream costs more.
    if headers.content_length().is_some_and(|length| length <= LARGEST_ANSWER) {
        let body = JsFuture::from(response.array_buffer()?).await?;
        return Ok(Answer { status, headers, body: js_sys::Uint8Array::new(&body).to_vec() });
    }
    let mut body = Vec::new();
    if let Some(stream) = response.body() {
        let mut chunks = ByteStream::from(stream);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| UpstreamError::Connection("the answer broke off".to_owned()))?;
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(UpstreamError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
    }
    Ok(Answer { status, headers, body })
}

impl From<JsValue> for UpstreamError {
    /// Without what the runtime says: it may name the URL, and a query can hold what no log may see.
    fn from(_: JsValue) -> Self {
        Self::Connection("fetch failed".to_owned())
    }
}
