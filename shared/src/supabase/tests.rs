use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    rc::Rc,
    thread::{self, JoinHandle},
};

use chrono::{DateTime, Utc};
use futures_util::future::{FutureExt as _, LocalBoxFuture, pending};
use serde_json::{Value, json};

use super::*;
use crate::{clock::Clock, config::Config, context::Deployment};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        "2026-05-01T12:00:00Z".parse().unwrap()
    }

    fn sleep(&self, _: Duration) -> LocalBoxFuture<'static, ()> {
        pending().boxed_local()
    }
}

/// A database that gives one answer, and the request that it had, in the end.
fn database(status: u16, answer: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = String::new();
        // The body is the last thing that is sent, and an object.
        while !request.ends_with('}') {
            let mut bytes = [0; 1024];
            let length = stream.read(&mut bytes).unwrap();
            request.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
        }
        let length = answer.len();
        write!(stream, "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{answer}").unwrap();
        request
    });
    (url, served)
}

fn context(url: &str, publishable_key: &str) -> Context {
    let variables =
        [("SUPABASE_URL", url), ("SUPABASE_PUBLISHABLE_KEY", publishable_key), ("SUPABASE_SECRET_KEY", "sb_secret_1")];
    let variable =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Context::new(Rc::new(Deployment::new(Config::read(variable).unwrap(), Rc::new(Noon))), "r-1".to_owned())
}

#[tokio::test]
async fn a_guest_s_call_has_the_publishable_key_and_a_bearer_only_where_that_is_a_jwt() {
    for (key, bearer) in [("sb_publishable_1", None), ("eyJ.anon.key", Some("Bearer eyJ.anon.key"))] {
        let (url, served) = database(200, r#"{"seat": 12}"#);
        let answer: Value = rpc_as_guest(&context(&url, key), "take_seat", &json!({"session": "s"})).await.unwrap();
        assert_eq!(answer, json!({"seat": 12}));
        let request = served.join().unwrap();
        let header = |name: &str| request.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        assert!(request.starts_with("POST /rest/v1/rpc/take_seat HTTP/1.1\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\n{\"session\":\"s\"}"), "{request}");
        assert_eq!(header("apikey"), Some(key));
        assert_eq!(header("authorization"), bearer);
        assert_eq!(header("x-request-id"), Some("r-1"));
        assert!(!request.contains("sb_secret"), "{request}");
    }
}

#[tokio::test]
async fn a_guest_is_told_the_database_s_refusal() {
    let (url, served) = database(404, r#"{"code":"session_not_found","message":"No session."}"#);
    let refused = rpc_as_guest::<Value>(&context(&url, "sb_publishable_1"), "join", &json!({})).await.unwrap_err();
    assert_eq!((refused.status().as_u16(), refused.code()), (404, "session_not_found"));
    served.join().unwrap();
}

#[tokio::test]
async fn a_caller_is_told_what_is_refused_them_and_not_what_is_refused_the_service() {
    for (status, answer, for_caller) in [
        (403, r#"{"code":"not_a_host","message":"No."}"#, (403, "not_a_host")),
        (403, r#"{"code":"42501","message":"permission denied"}"#, (500, "internal")),
        (401, r#"{"code":"PGRST301","message":"no key"}"#, (500, "internal")),
        (400, r#"{"code":"22P02","message":"no date"}"#, (500, "internal")),
        (503, "", (503, "unavailable")),
    ] {
        let (url, served) = database(status, answer);
        let context = context(&url, "sb_publishable_1");
        let refused = rpc_for_caller::<Value>(&context, "create", &json!({})).await.unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), for_caller);
        assert!(served.join().unwrap().contains("apikey: sb_secret_1"));

        let (url, served) = database(status, answer);
        let context = self::context(&url, "sb_publishable_1");
        let refused = rpc_as_service::<Value>(&context, "create", &json!({})).await.unwrap_err();
        let expected = if status == 503 { for_caller } else { (500, "internal") };
        assert_eq!((refused.status().as_u16(), refused.code()), expected);
        served.join().unwrap();
    }
}
