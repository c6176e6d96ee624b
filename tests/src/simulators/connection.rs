//! Serving over connections that a handler can close without answering, and work that goes on when the
//! caller has hung up: both happen between real servers.

use std::future::pending;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tower::ServiceExt as _;

/// How an exchange ends.
pub(crate) enum Outcome {
    Answer(http::Response<Bytes>),
    /// The connection is closed, and not one byte of an answer has been sent.
    Dropped,
}

/// Closes the TCP connection of the request in whose extensions it is.
#[derive(Clone, Default)]
pub(crate) struct HangUp(Arc<Notify>);

impl HangUp {
    /// Reads the request, then has it exchanged for an outcome. A body beyond the limit is a 413.
    pub(crate) async fn serve<F>(
        self,
        request: Request,
        body_limit: usize,
        exchange: impl FnOnce(Parts, Bytes) -> F + Send + 'static,
    ) -> Response
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let (parts, body) = request.into_parts();
        match to_bytes(body, body_limit).await {
            Ok(body) => self.settle(exchange(parts, body)).await,
            Err(error) => (StatusCode::PAYLOAD_TOO_LARGE, error.to_string()).into_response(),
        }
    }

    /// Runs the exchange to its end, even if the caller gives up meanwhile; then answers, or hangs up.
    async fn settle(self, exchange: impl Future<Output = Outcome> + Send + 'static) -> Response {
        match tokio::spawn(exchange).await {
            Ok(Outcome::Answer(answer)) => answer.map(Body::from),
            Ok(Outcome::Dropped) => {
                self.0.notify_one();
                pending().await
            }
            Err(panic) => (StatusCode::INTERNAL_SERVER_ERROR, format!("the simulator failed: {panic}")).into_response(),
        }
    }
}

pub(crate) async fn accept(listener: TcpListener, router: Router) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(converse(stream, router.clone()));
            }
            Err(error) => {
                // Out of file descriptors, most likely: they come back when connections end.
                eprintln!("simulators: cannot accept a connection: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, router: Router) {
    let hang_up = HangUp::default();
    let service = service_fn(|mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(hang_up.clone());
        router.clone().oneshot(request)
    });
    tokio::select! {
        // An error here is the other side's doing: a connection that broke off.
        _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service) => {}
        () = hang_up.0.notified() => {}
    }
}
