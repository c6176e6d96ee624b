use bytes::Bytes;
use http::header::{self, AUTHORIZATION, HeaderMap, HeaderName};
use http::request::Parts;
use reqwest::redirect::Policy;

use super::super::Simulators;
use super::failure;

/// Headers that concern one connection, and those that the client library writes for itself.
const NOT_PASSED_ON: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

pub(super) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap()
}

/// Sends the request on to the local Supabase. An upstream that cannot be reached is a 502 that says so.
pub(super) async fn forward(simulators: &Simulators, parts: Parts, target: &str, body: Bytes) -> http::Response<Bytes> {
    let url = format!("{}{target}", simulators.settings.supabase_upstream_url);
    let mut headers = passed_on(&parts.headers);
    resign(simulators, &mut headers);
    let request = simulators.wiretap.client.request(parts.method, url);
    match answer(request.headers(headers).body(body)).await {
        Ok(answer) => answer,
        Err(error) => failure(502, &format!("the wiretap cannot reach the local Supabase: {error}")),
    }
}

async fn answer(request: reqwest::RequestBuilder) -> reqwest::Result<http::Response<Bytes>> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), passed_on(response.headers()));
    let mut answer = http::Response::new(response.bytes().await?);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let kept = headers.iter().filter(|(name, _)| !NOT_PASSED_ON.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn resign(simulators: &Simulators, headers: &mut HeaderMap) {
    let Some(authorization) = headers.get_mut(AUTHORIZATION) else {
        return;
    };
    let token = authorization.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
    let secret = simulators.settings.jwt_secret.as_bytes();
    if let Some(token) = token.and_then(|token| simulators.wiretap.keys.as_local_token(token, secret)) {
        *authorization = format!("Bearer {token}").parse().unwrap();
    }
}
