//! Where Workers end and the project begins: a worker request in, a worker response out, and one log line for each.
//! No other module of this crate knows what a Worker is; of the runtime, the `web` modules know its WebCrypto and its `fetch`, and
//! [`crate::http::headers`] its headers.

mod web;

use std::{cell::RefCell, rc::Rc, time::Duration};

use chrono::{DateTime, Utc};
use futures_util::{FutureExt as _, future::LocalBoxFuture};
use http::{
    HeaderValue, Method,
    header::{CACHE_CONTROL, ORIGIN},
};
use serde::Serialize;
use uuid::Uuid;
use worker::{Env, web_sys};

use crate::{
    clock::Clock,
    config::Config,
    context::{Context, Deployment},
    http::{
        Error, Note, Request, Response, cors, path,
        request_id::{self, X_REQUEST_ID},
    },
};

/// A function as the edge sees it.
#[derive(Clone, Copy)]
pub struct Function {
    /// Its name, as in its URL.
    pub name: &'static str,
    /// The methods it answers, `OPTIONS` aside, as a header lists them.
    pub methods: &'static str,
}

thread_local! {
    /// Made by an isolate's first request; an environment does not change while an isolate lives.
    static DEPLOYMENT: RefCell<Option<Rc<Deployment>>> = const { RefCell::new(None) };
}

/// Serves one HTTP request with `handler`.
pub async fn serve<H>(
    function: Function,
    request: web_sys::Request,
    env: Env,
    handler: H,
) -> worker::Result<web_sys::Response>
where
    H: AsyncFnOnce(&Context, Request) -> Result<Response, Error>,
{
    let started = WorkerClock.now();
    let incoming = web::read(&request).await;
    let request_id = request_id::of(&incoming.headers);
    let mut line = LogLine::new(function.name, &request_id);
    let mut response = match deployment(&env) {
        Err(error) => line.answer(error),
        Ok(deployment) => {
            let (path, query) = path::of_url(&incoming.url);
            let (path, query) = (path.to_owned(), query.to_owned());
            let context = Context { path, query, ..Context::new(deployment, request_id.clone()) };
            let origin = incoming.headers.get(ORIGIN);
            let answer = answer(&context, function, incoming, handler).await;
            line.caller_id = context.caller_id.get();
            line.note(context.note.take());
            let mut response = answer.unwrap_or_else(|error| line.answer(error));
            context.config().allowed_origins.apply(origin.as_deref(), response.headers_mut());
            response
        }
    };
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    // An answer is one caller's own, and may hold a link.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    line.write(response.status().as_u16(), started);
    web::write(&response)
}

/// Runs `work` when the platform's own scheduler calls, which needs no secret.
pub async fn on_schedule<W>(function: Function, env: Env, work: W)
where
    W: AsyncFnOnce(&Context) -> Result<Response, Error>,
{
    let request_id = Uuid::new_v4().to_string();
    let started = WorkerClock.now();
    let mut line = LogLine::new(function.name, &request_id);
    let answer = match deployment(&env) {
        Ok(deployment) => work(&Context::new(deployment, request_id.clone())).await,
        Err(error) => Err(error),
    };
    let response = answer.unwrap_or_else(|error| line.answer(error));
    line.write(response.status().as_u16(), started);
}

async fn answer<H>(
    context: &Context,
    function: Function,
    incoming: web::Incoming,
    handler: H,
) -> Result<Response, Error>
where
    H: AsyncFnOnce(&Context, Request) -> Result<Response, Error>,
{
    let web::Incoming { method, headers, body, .. } = incoming;
    if method == Method::OPTIONS {
        return Ok(cors::preflight(function.methods));
    }
    if !function.methods.split(", ").any(|allowed| allowed == method.as_str()) {
        return Err(Error::MethodNotAllowed(function.methods));
    }
    handler(context, Request { method, headers, body: body? }).await
}

fn deployment(env: &Env) -> Result<Rc<Deployment>, Error> {
    DEPLOYMENT.with_borrow_mut(|slot| match slot {
        Some(deployment) => Ok(Rc::clone(deployment)),
        None => Ok(Rc::clone(slot.insert(configured(env)?))),
    })
}

/// Apart from what every request runs, which V8 would otherwise optimise together with it.
#[cold]
#[inline(never)]
fn configured(env: &Env) -> Result<Rc<Deployment>, Error> {
    let config = Config::read(|name| env.var(name).ok().map(|value| value.to_string()))?;
    Ok(Rc::new(Deployment::new(config, Rc::new(WorkerClock))))
}

struct WorkerClock;

impl Clock for WorkerClock {
    fn now(&self) -> DateTime<Utc> {
        let milliseconds = i64::try_from(worker::Date::now().as_millis()).unwrap_or_default();
        DateTime::from_timestamp_millis(milliseconds).unwrap_or_default()
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()> {
        worker::Delay::from(duration).boxed_local()
    }
}

/// What the log says of a request. Never a token, a secret, a passcode, a link or a body.
#[derive(Serialize)]
struct LogLine<'a> {
    function: &'static str,
    request_id: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    milliseconds: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_id: Option<Uuid>,
    #[serde(skip)]
    is_fault: bool,
}

impl<'a> LogLine<'a> {
    fn new(function: &'static str, request_id: &'a str) -> Self {
        Self {
            function,
            request_id,
            status: 0,
            code: None,
            cause: None,
            milliseconds: 0,
            caller_id: None,
            is_fault: false,
        }
    }

    /// The answer for `error`, whose cause stays here.
    fn answer(&mut self, error: Error) -> Response {
        self.code = Some(error.code().to_owned());
        self.cause = error.cause().map(str::to_owned);
        error.into_response(self.request_id)
    }

    fn note(&mut self, note: Option<Note>) {
        if let Some(note) = note {
            self.code = Some(note.code.to_owned());
            self.cause = note.cause;
            self.is_fault = note.is_fault;
        }
    }

    fn write(mut self, status: u16, started: DateTime<Utc>) {
        self.status = status;
        self.milliseconds = (WorkerClock.now() - started).num_milliseconds();
        let line = serde_json::to_string(&self).unwrap_or_default();
        if status >= 500 || self.is_fault {
            worker::console_error!("{line}");
        } else {
            worker::console_log!("{line}");
        }
    }
}
