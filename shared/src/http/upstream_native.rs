//! Outbound calls in tests, where there is no runtime with a `fetch`.

use super::upstream::{Answer, LARGEST_ANSWER, UpstreamError};

pub(super) async fn exchange(request: reqwest::Request) -> Result<Answer, UpstreamError> {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let mut response = client.execute(request).await?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(UpstreamError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let lines = response.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()));
    Ok(Answer { status: response.status(), headers: lines.into(), body })
}
