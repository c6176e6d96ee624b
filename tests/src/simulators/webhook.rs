use serde::Serialize;
use serde_json::Value;

/// What the project answered to a webhook.
#[derive(Clone, Serialize)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// JSON, or else text.
    pub(crate) body: Value,
    /// The `x-request-id` of the answer.
    pub(crate) request_id: Option<String>,
}

/// Sends it once.
pub(crate) async fn send(webhook: reqwest::RequestBuilder) -> Result<Reply, String> {
    let response = webhook.send().await.map_err(|error| format!("the webhook was not answered: {error}"))?;
    let request_id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let status = response.status().as_u16();
    let text = response.text().await.unwrap_or_default();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Reply { status, body, request_id })
}
