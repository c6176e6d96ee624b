//! What tests of handlers stand on: a clock that they set, and one upstream server that is Supabase and the providers alike.
//! Never part of a function: only development dependencies turn the feature on.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test that cannot be set up fails")]

use std::{
    cell::Cell,
    collections::VecDeque,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{FutureExt as _, LocalBoxFuture};
use http::Method;
use serde_json::Value;

use crate::{
    clock::Clock,
    config::Config,
    context::{Context, Deployment},
    http::Request,
};

/// Where nobody answers.
pub const NOWHERE: &str = "http://127.0.0.1:9";

/// A clock that stands still until it is told to go on. Sleeping takes as long as it says.
pub struct TestClock(Cell<DateTime<Utc>>);

impl TestClock {
    /// A clock that shows `now`, in RFC 3339.
    #[must_use]
    pub fn at(now: &str) -> Rc<Self> {
        Rc::new(Self(Cell::new(now.parse().unwrap())))
    }

    /// Lets this much time pass.
    pub fn advance(&self, time: TimeDelta) {
        self.0.set(self.0.get() + time);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.get()
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed_local()
    }
}

/// A POST request with these headers.
#[must_use]
pub fn request(headers: &[(&str, &str)], body: &str) -> Request {
    Request { method: Method::POST, headers: headers.iter().copied().into(), body: Bytes::from(body.to_owned()) }
}

/// A request in a deployment with these variables, and with keys for Supabase, whose URL has to be among them.
#[must_use]
pub fn context(clock: &Rc<TestClock>, variables: &[(&str, &str)]) -> Context {
    let keys = [("SUPABASE_ANON_KEY", "a"), ("SUPABASE_SECRET_KEY", "s")];
    let config = Config::read(|name| {
        variables.iter().chain(&keys).find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    });
    let clock = Rc::<TestClock>::clone(clock);
    Context::new(Rc::new(Deployment::new(config.unwrap(), clock)), "r".to_owned())
}

/// A server on this machine that answers as it is told and keeps what it was asked.
pub struct Upstream {
    /// Where it listens.
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// What the server was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Method and path; of an RPC, its name.
    pub call: String,
    /// Everything before the body.
    pub head: String,
    /// The body.
    pub body: String,
}

/// A status and a body.
pub type Answer = (u16, String);

impl Upstream {
    /// Answers each call as `answer` says.
    pub fn start(mut answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let asking = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read(&mut stream);
                let (status, body) = answer(&request);
                asking.lock().unwrap().push(request);
                let length = body.len();
                write!(stream, "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
                    .unwrap();
            }
        });
        Self { url, asked }
    }

    /// Answers the calls in turn, and 404 to what comes after them.
    #[must_use]
    pub fn in_turn(answers: &[(u16, Value)]) -> Self {
        let mut answers: VecDeque<_> = answers.iter().cloned().collect();
        Self::start(move |_| {
            let (status, body) = answers.pop_front().unwrap_or((404, Value::Null));
            (status, body.to_string())
        })
    }

    /// What it was asked until now.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The calls until now.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.call).collect()
    }
}

impl Asked {
    /// The body, or null where it is no JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// A request may come in pieces.
fn read(stream: &mut TcpStream) -> Asked {
    let (mut request, mut piece) = (String::new(), [0; 8192]);
    loop {
        let length = stream.read(&mut piece).unwrap();
        request.push_str(std::str::from_utf8(&piece[..length]).unwrap());
        let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
        let call = head.split(" HTTP/").next().unwrap_or_default().replace("/rest/v1/rpc/", "");
        let asked = Asked { call, head: head.to_owned(), body: body.to_owned() };
        let announced = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
        if length == 0 || asked.body.len() >= announced {
            return asked;
        }
    }
}
