//! The load: so many connections, each of which sends the next request when it has the answer to the last.

use std::{net::SocketAddr, rc::Rc, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use hdrhistogram::Histogram;
use http::{HeaderMap, HeaderValue, Method, header::HOST, header::LOCATION};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet, time::Instant};

/// A request, and how it has to be answered.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) method: Method,
    /// With the query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) status: u16,
    /// What the answer's `Location` has to contain.
    pub(crate) location: Option<&'static str>,
}

/// What the connections saw together.
pub(crate) struct Seen {
    /// In nanoseconds.
    pub(crate) latencies: Histogram<u64>,
    pub(crate) elapsed: Duration,
}

/// When a load ends.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// With the last answer to a request that was sent before.
    Time(Duration),
    /// After so many requests of each connection.
    Requests(u64),
}

/// Sends the exchanges in turn, over and over, and fails with the first answer that is another one.
pub(crate) async fn run(address: SocketAddr, exchanges: &[Exchange], connections: usize, until: Until) -> Result<Seen> {
    let mut senders = Vec::new();
    for _ in 0..connections {
        senders.push(connect(address).await?);
    }
    let host = HeaderValue::from_str(&address.to_string())?;
    let exchanges: Rc<[Exchange]> = exchanges.iter().cloned().map(|exchange| with_host(exchange, &host)).collect();
    ensure!(!exchanges.is_empty(), "there is nothing to send");
    let started = Instant::now();
    let mut latencies = histogram()?;
    // Everything is on one thread, so nothing has to be shared between threads.
    let local = tokio::task::LocalSet::new();
    let mut tasks = JoinSet::new();
    for (number, sender) in senders.into_iter().enumerate() {
        tasks.spawn_local_on(send(sender, Rc::clone(&exchanges), number, connections, started, until), &local);
    }
    local
        .run_until(async {
            while let Some(seen) = tasks.join_next().await {
                latencies.add(seen??)?;
            }
            anyhow::Ok(())
        })
        .await?;
    Ok(Seen { latencies, elapsed: started.elapsed() })
}

/// The status with which one request is answered.
pub(crate) async fn status(address: SocketAddr, exchange: &Exchange) -> Result<u16> {
    let mut sender = connect(address).await?;
    let mut request = http::Request::new(Full::new(exchange.body.clone()));
    *request.method_mut() = exchange.method.clone();
    *request.uri_mut() = exchange.path.parse()?;
    request.headers_mut().clone_from(&exchange.headers);
    request.headers_mut().insert(HOST, HeaderValue::from_str(&address.to_string())?);
    Ok(sender.send_request(request).await?.status().as_u16())
}

/// To a thousandth of each value.
pub(crate) fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new(3)?)
}

fn with_host(mut exchange: Exchange, host: &HeaderValue) -> Exchange {
    exchange.headers.insert(HOST, host.clone());
    exchange
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // Its error is the sender's too.
    tokio::spawn(connection);
    Ok(sender)
}

/// The exchanges of one connection: each starts elsewhere, so that no two send the same at once where there are enough.
async fn send(
    mut sender: SendRequest<Full<Bytes>>,
    exchanges: Rc<[Exchange]>,
    number: usize,
    connections: usize,
    started: Instant,
    until: Until,
) -> Result<Histogram<u64>> {
    let mut latencies = histogram()?;
    let own = exchanges.iter().cycle().skip(number * exchanges.len() / connections);
    for exchange in own {
        let goes_on = match until {
            Until::Time(limit) => started.elapsed() < limit,
            Until::Requests(limit) => latencies.len() < limit,
        };
        if !goes_on {
            break;
        }
        let mut request = http::Request::new(Full::new(exchange.body.clone()));
        *request.method_mut() = exchange.method.clone();
        *request.uri_mut() = exchange.path.parse()?;
        request.headers_mut().clone_from(&exchange.headers);
        let sent = Instant::now();
        sender.ready().await.context("the server closed the connection")?;
        let (answer, body) = sender.send_request(request).await.context("no answer")?.into_parts();
        let body = body.collect().await?.to_bytes();
        latencies.record(u64::try_from(sent.elapsed().as_nanos())?)?;
        check(exchange, answer.status.as_u16(), &answer.headers, &body)?;
    }
    Ok(latencies)
}

fn check(exchange: &Exchange, status: u16, headers: &HeaderMap, body: &[u8]) -> Result<()> {
    let location = headers.get(LOCATION).map(|value| value.to_str()).transpose()?.unwrap_or_default();
    if status != exchange.status || exchange.location.is_some_and(|expected| !location.contains(expected)) {
        bail!(
            "{} {} answered {status} and not {}: {location} {}",
            exchange.method,
            exchange.path,
            exchange.status,
            String::from_utf8_lossy(body)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(status: u16, location: Option<&'static str>) -> Exchange {
        let (method, path, headers, body) = (Method::GET, "/".to_owned(), HeaderMap::new(), Bytes::new());
        Exchange { method, path, headers, body, status, location }
    }

    #[test]
    fn another_answer_than_the_expected_one_ends_the_run() {
        let led_to = |location: &'static str| HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]);
        assert!(check(&exchange(200, None), 200, &HeaderMap::new(), b"").is_ok());
        assert!(check(&exchange(302, Some("status=connected")), 302, &led_to("x?status=connected"), b"").is_ok());
        for (expected, status, headers) in [
            (exchange(200, None), 500, HeaderMap::new()),
            (exchange(401, None), 200, HeaderMap::new()),
            (exchange(302, Some("status=connected")), 302, led_to("x?status=error")),
            (exchange(302, Some("status=connected")), 302, HeaderMap::new()),
            (exchange(302, Some("status=connected")), 200, led_to("x?status=connected")),
        ] {
            let refused = check(&expected, status, &headers, b"why").unwrap_err().to_string();
            assert!(refused.contains("why"), "{refused}");
        }
    }
}
