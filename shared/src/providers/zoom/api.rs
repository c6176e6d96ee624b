use http::{
    Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde::{Serialize, de::DeserializeOwned};

use super::error::{self, ZoomError};
use crate::{
    config::ZoomConfig,
    context::Context,
    crypto::Secret,
    http::{
        Error,
        upstream::{self, Answer},
    },
};

/// Zoom's REST API, with one user's access token at a time.
#[derive(Clone, Copy)]
pub(super) struct Api<'a> {
    pub(super) context: &'a Context,
    pub(super) config: &'a ZoomConfig,
}

impl<'a> Api<'a> {
    /// A user who is connected was connected by a Zoom app: without one the deployment is incomplete.
    pub(super) fn new(context: &'a Context) -> Result<Self, ZoomError> {
        let config = context.config().zoom.as_ref();
        let config = config.ok_or_else(|| Error::Internal("ZOOM_CLIENT_ID is not set".to_owned()))?;
        Ok(Self { context, config })
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, token: &Secret, path: &str) -> Result<T, ZoomError> {
        parse(&self.call(Method::GET, token, path, None).await?)
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        token: &Secret,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ZoomError> {
        parse(&self.call(Method::POST, token, path, Some(encode(body)?)).await?)
    }

    pub(super) async fn patch(&self, token: &Secret, path: &str, body: &impl Serialize) -> Result<(), ZoomError> {
        done(&self.call(Method::PATCH, token, path, Some(encode(body)?)).await?)
    }

    pub(super) async fn put(&self, token: &Secret, path: &str, body: &impl Serialize) -> Result<(), ZoomError> {
        done(&self.call(Method::PUT, token, path, Some(encode(body)?)).await?)
    }

    pub(super) async fn delete(&self, token: &Secret, path: &str) -> Result<(), ZoomError> {
        done(&self.call(Method::DELETE, token, path, None).await?)
    }

    async fn call(
        &self,
        method: Method,
        token: &Secret,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, ZoomError> {
        let url = format!("{}{path}", self.config.api_url);
        let mut request = self
            .context
            .deployment
            .client
            .request(method, url)
            .header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let answer = upstream::send(self.context, request, self.context.config().provider_timeout).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(error::of_answer(&answer, self.context.clock().now())) }
    }
}

fn encode(body: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(body).map_err(|error| Error::Internal(format!("a Zoom request is not JSON: {error}")))
}

/// Zoom says that a change is made by 204, and nothing else does.
fn done(answer: &Answer) -> Result<(), ZoomError> {
    if answer.status == StatusCode::NO_CONTENT {
        return Ok(());
    }
    let cause = format!("Zoom: an unexpected answer: status {}", answer.status.as_u16());
    Err(ZoomError::Unanswered { cause, timed_out: false })
}

/// A success that cannot be read leaves open what was done.
fn parse<T: DeserializeOwned>(answer: &Answer) -> Result<T, ZoomError> {
    upstream::read(&answer.body)
        .map_err(|error| ZoomError::Unanswered { cause: format!("Zoom: {error}"), timed_out: false })
}
