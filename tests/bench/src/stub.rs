//! Supabase and the providers, as fast as can be: canned answers, after a delay that is the same for every call. What they
//! check and keep is the simulators' matter, and the real database's.

mod answers;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::Result;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;

use crate::deployment::Deployment;
use answers::Answers;

/// A stub that listens, on a thread of its own.
pub(crate) struct Stub(Arc<State>);

#[derive(Default)]
struct State {
    delay_ms: AtomicU64,
    calls: Mutex<BTreeMap<String, u64>>,
}

/// A stub that has an address and does not answer yet: its answers depend on its address.
pub(crate) struct Reserved(TcpListener);

impl Reserved {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?))
    }

    pub(crate) fn url(&self) -> Result<String> {
        Ok(format!("http://{}", self.0.local_addr()?))
    }

    pub(crate) async fn serve(self, deployment: &Deployment) -> Result<Stub> {
        let answers = Arc::new(Answers::new(deployment).await?);
        let state = Arc::<State>::default();
        let served = Arc::clone(&state);
        self.0.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || runtime.block_on(accept(self.0, answers, served)));
        Ok(Stub(state))
    }
}

impl Stub {
    /// How long each call takes from now on.
    pub(crate) fn delay(&self, milliseconds: u64) {
        self.0.delay_ms.store(milliseconds, Ordering::Relaxed);
    }

    /// The calls since this was asked last, by method and path.
    pub(crate) fn take_calls(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut *self.0.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn accept(listener: TcpListener, answers: Arc<Answers>, state: Arc<State>) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (answers, state) = (Arc::clone(&answers), Arc::clone(&state));
        let service = service_fn(move |request| answer(request, Arc::clone(&answers), Arc::clone(&state)));
        // A runtime that ends breaks its connections.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    request: Request<Incoming>,
    answers: Arc<Answers>,
    state: Arc<State>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let called = format!("{} {}", parts.method, parts.uri.path());
    let answer = answers.to(&parts, &body);
    *state.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(called).or_default() += 1;

    let delay = Duration::from_millis(state.delay_ms.load(Ordering::Relaxed));
    if !delay.is_zero() {
        // Tokio's own sleep wakes up to a millisecond late. A thread that was dropped has slept too.
        let _ = tokio::task::spawn_blocking(move || thread::sleep(delay)).await;
    }
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
