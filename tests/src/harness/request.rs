use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName};
use http::{HeaderValue, Method};
use serde_json::Value;
use uuid::Uuid;

use super::{Answer, Person, Stack};

/// A request in the making. It carries the publishable key and a request id of its own.
#[must_use = "nothing happens before `send`"]
#[derive(Clone)]
pub struct Request {
    client: reqwest::Client,
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Stack {
    /// `POST /functions/v1/<name>`.
    pub fn function(&self, name: &str) -> Request {
        self.request(Method::POST, format!("{}/{name}", self.variable("FUNCTIONS_URL")))
    }

    /// Of the REST API: `path` is `video_sessions?select=*`, for example.
    pub fn rest(&self, method: Method, path: &str) -> Request {
        self.request(method, format!("{}/{path}", self.variable("REST_URL")))
    }

    /// `POST /rest/v1/rpc/<name>`.
    pub fn rpc(&self, name: &str, arguments: &Value) -> Request {
        self.rest(Method::POST, &format!("rpc/{name}")).json(arguments)
    }

    pub(super) fn request(&self, method: Method, url: String) -> Request {
        Request { client: self.client.clone(), method, url, headers: HeaderMap::new(), body: Vec::new() }
            .header("apikey", self.variable("PUBLISHABLE_KEY"))
            .header("x-request-id", &Uuid::new_v4().to_string())
    }
}

impl Request {
    /// As this person.
    pub fn by(self, person: &Person) -> Self {
        self.token(&person.token)
    }

    /// With this bearer token.
    pub fn token(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// Replaces the header, if it is there.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().unwrap();
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    /// Without the header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// With an `Idempotency-Key`.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Another method.
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// A JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Any body.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header(CONTENT_TYPE.as_str(), content_type)
    }

    /// The id under which its upstream calls will be recorded.
    pub fn request_id(&self) -> &str {
        self.headers["x-request-id"].to_str().unwrap()
    }

    /// Sends it and waits for the whole answer.
    pub async fn send(self) -> Answer {
        let (method, url, request_id) = (self.method.clone(), self.url.clone(), self.request_id().to_owned());
        match self.exchange(request_id).await {
            Ok(answer) => answer,
            Err(error) => panic!("{method} {url} had no answer: {error:?}"),
        }
    }

    async fn exchange(self, request_id: String) -> reqwest::Result<Answer> {
        let request = self.client.request(self.method, self.url).headers(self.headers).body(self.body);
        let response = request.send().await?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await?,
            request_id,
        })
    }
}
