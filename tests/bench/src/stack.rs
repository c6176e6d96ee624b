//! The same requests on the development stack, `scripts/dev`, on a real database: once with our functions and
//! once with those in TypeScript.

use std::{fs::File, net::SocketAddr, path::Path, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use hdrhistogram::Histogram;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};
use uuid::Uuid;

use crate::{
    deployment::days_ahead,
    figures::Spread,
    load::{self, Exchange, Until},
};

/// One kind of request on the stack, ours or the TypeScript one's.
#[derive(Serialize)]
pub(crate) struct OnStack {
    pub(crate) case: &'static str,
    pub(crate) is_ours: bool,
    pub(crate) connections: usize,
    pub(crate) requests: u64,
    pub(crate) requests_per_second: Spread,
    pub(crate) p50_ms: Spread,
    pub(crate) p99_ms: f64,
}

const START_TIMEOUT: Duration = Duration::from_mins(5);
/// Nobody may join one meeting more than thirty times a minute.
const MEETINGS: usize = 500;
/// All seed users have it.
const PASSWORD: &str = "convene-local-only";
/// A seed user.
const OPERATOR: &str = "00000000-0000-4000-8000-00000000000c";

/// A process that is told to end with this, so that it ends what it started itself.
struct Running {
    child: Child,
    /// What it said when it was ready.
    ready: String,
}

struct Stack {
    is_ours: bool,
    running: Running,
    address: SocketAddr,
    exchanges: Vec<(&'static str, Vec<Exchange>)>,
    _folder: TempDir,
}

/// Measures both, `rounds` times each in turn.
pub(crate) async fn measure(rounds: usize, duration: Duration) -> Result<Vec<OnStack>> {
    let postgres =
        Running::start(&mut Command::new("scripts/lib/postgres.sh"), "target/bench-postgres.log", "postgres://")
            .await?;
    let stacks = [Stack::start(true, &postgres.ready).await?, Stack::start(false, &postgres.ready).await?];
    let mut measured = Vec::new();
    for number in 0..stacks[0].exchanges.len() {
        for connections in [1, 16] {
            measured.extend(compare(&stacks, number, connections, rounds, duration).await?);
        }
    }
    for stack in stacks {
        stack.running.stop().await?;
    }
    postgres.stop().await?;
    Ok(measured)
}

async fn compare(
    stacks: &[Stack],
    number: usize,
    connections: usize,
    rounds: usize,
    duration: Duration,
) -> Result<Vec<OnStack>> {
    let mut figures: Vec<(Vec<f64>, Vec<f64>, Histogram<u64>)> = Vec::new();
    for stack in stacks {
        let (case, exchanges) = &stack.exchanges[number];
        let warmed_up = load::run(stack.address, exchanges, connections, Until::Requests(5)).await;
        warmed_up.with_context(|| format!("{case} on the stack; see {}", log_of(stack.is_ours)))?;
        figures.push((Vec::new(), Vec::new(), load::histogram()?));
    }
    for _ in 0..rounds {
        for (stack, (per_second, p50, latencies)) in stacks.iter().zip(&mut figures) {
            let (case, exchanges) = &stack.exchanges[number];
            let seen = load::run(stack.address, exchanges, connections, Until::Time(duration)).await;
            let seen = seen.with_context(|| format!("{case} on the stack; see {}", log_of(stack.is_ours)))?;
            per_second.push(seen.latencies.len() as f64 / seen.elapsed.as_secs_f64());
            p50.push(seen.latencies.value_at_quantile(0.5) as f64 / 1e6);
            latencies.add(seen.latencies)?;
        }
    }
    let summaries = stacks.iter().zip(figures).map(|(stack, (per_second, p50, latencies))| {
        Ok(OnStack {
            case: stack.exchanges[number].0,
            is_ours: stack.is_ours,
            connections,
            requests: latencies.len(),
            requests_per_second: Spread::of(&per_second).context("no round")?,
            p50_ms: Spread::of(&p50).context("no round")?,
            p99_ms: latencies.value_at_quantile(0.99) as f64 / 1e6,
        })
    });
    summaries.collect()
}

impl Running {
    /// Waits until a line of the output begins with `ready`.
    async fn start(command: &mut Command, log: &str, ready: &str) -> Result<Self> {
        let log = File::create(log).with_context(|| format!("{log} cannot be written"))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn()?;
        let output = child.stdout.take().context("no output")?;
        let mut lines = BufReader::new(output).lines();
        let found = async {
            while let Some(line) = lines.next_line().await? {
                if line.starts_with(ready) {
                    return Ok(line);
                }
            }
            bail!("it ended")
        };
        let ready = timeout(START_TIMEOUT, found).await.context("it is not ready after minutes")??;
        // Nobody may have to wait until somebody reads what it prints.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, ready })
    }

    /// Waits until it has cleaned up.
    async fn stop(mut self) -> Result<()> {
        self.terminate();
        self.child.wait().await?;
        Ok(())
    }

    fn terminate(&self) {
        if let Some(pid) = self.child.id().and_then(|pid| pid.try_into().ok()) {
            // One that has ended needs no telling.
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.terminate();
    }
}

impl Stack {
    async fn start(is_ours: bool, postgres: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let env_file = folder.path().join("env");
        let mut command = Command::new("scripts/dev");
        command.args(["--ephemeral", "--no-scheduler", "--db", postgres, "--env-file"]).arg(&env_file);
        if !is_ours {
            command.arg("--baseline");
        }
        let log = log_of(is_ours);
        let running = Running::start(&mut command, log, "ready ").await.context(log)?;
        let client = Client::read(&env_file)?;
        let address = client.url.trim_start_matches("http://").parse()?;
        let exchanges = client.exchanges().await?;
        Ok(Self { is_ours, running, address, exchanges, _folder: folder })
    }
}

/// Where what a stack prints goes.
fn log_of(is_ours: bool) -> &'static str {
    if is_ours { "target/bench-stack.log" } else { "target/bench-stack-baseline.log" }
}

/// A client of a stack's Supabase.
struct Client {
    http: reqwest::Client,
    url: String,
    publishable_key: String,
    secret_key: String,
}

impl Client {
    /// The addresses and keys are in the file that the stack wrote.
    fn read(env_file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(env_file)?;
        let variable = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.map(|value| value.trim_matches('"').to_owned()).with_context(|| format!("the stack has no {name}"))
        };
        Ok(Self {
            http: reqwest::Client::builder().no_proxy().build()?,
            url: variable("API_URL")?,
            publishable_key: variable("PUBLISHABLE_KEY")?,
            secret_key: variable("SECRET_KEY")?,
        })
    }

    /// What is measured. Zoom takes a hundred meetings a day from a user, and so does its simulator.
    async fn exchanges(&self) -> Result<Vec<(&'static str, Vec<Exchange>)>> {
        let operator = self.sign_in("operator").await?;
        let trainer = self.sign_in("trainer").await?;
        let joins = self.meetings().await?.into_iter();
        let joins = joins.map(|id| self.post("get-openvidu-token", &operator, &json!({"meetingId": id}), 200));
        let session = json!({
            "title": "Knee rehabilitation", "scheduled_start": days_ahead(30)?, "duration_minutes": 50,
            "client_id": "00000000-0000-4000-8000-000000000003", "join_url": "https://meet.google.com/abc-defg-hij",
        });
        Ok(vec![
            ("get-openvidu-token: LiveKit", joins.collect::<Result<_>>()?),
            ("create-video-session: a link", vec![self.post("create-video-session", &trainer, &session, 201)?]),
        ])
    }

    fn post(&self, function: &str, token: &str, body: &Value, status: u16) -> Result<Exchange> {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", "application/json"),
            ("apikey", &self.publishable_key),
            ("authorization", &format!("Bearer {token}")),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value)?);
        }
        let path = format!("/functions/v1/{function}");
        Ok(Exchange {
            method: Method::POST,
            path,
            headers,
            body: Bytes::from(body.to_string()),
            status,
            location: None,
        })
    }

    async fn sign_in(&self, name: &str) -> Result<String> {
        let body = json!({"email": format!("{name}@convene.example"), "password": PASSWORD});
        let session = self.ask("auth/v1/token?grant_type=password", &self.publishable_key, &body).await?;
        Ok(session["access_token"].as_str().context("no access token")?.to_owned())
    }

    /// Makes meetings of the operator that begin now, each with another client, and answers with their ids.
    async fn meetings(&self) -> Result<Vec<Uuid>> {
        let clients: Vec<Uuid> = (0..MEETINGS).map(|_| Uuid::new_v4()).collect();
        let records: Vec<Value> = clients.iter().map(|id| json!({"id": id, "operator_id": OPERATOR})).collect();
        self.ask("rest/v1/clients", &self.secret_key, &json!(records)).await?;
        let ids: Vec<Uuid> = (0..MEETINGS).map(|_| Uuid::new_v4()).collect();
        let (now, pairs) = (days_ahead(0)?, ids.iter().zip(&clients));
        let meetings: Vec<Value> = pairs
            .map(|(id, client)| {
                json!({"id": id, "client_id": client, "operator_id": OPERATOR, "title": "Review", "scheduled_at": now})
            })
            .collect();
        self.ask("rest/v1/meetings", &self.secret_key, &json!(meetings)).await?;
        Ok(ids)
    }

    async fn ask(&self, path: &str, key: &str, body: &Value) -> Result<Value> {
        let answer = self.http.post(format!("{}/{path}", self.url)).header("apikey", key).json(body).send().await?;
        let (status, body) = (answer.status(), answer.bytes().await?);
        if !status.is_success() {
            bail!("{path} answered {status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }
}
