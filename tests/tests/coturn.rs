//! Whether a real coturn takes our credentials for TURN, and nobody else's. It needs the programs of coturn, and no stack.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is test code: what goes wrong should end the test, with a message"
)]

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::rc::Rc;
use std::thread::sleep;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{LocalBoxFuture, pending};
use serde_json::Value;
use shared::clock::Clock;
use shared::config::Config;
use shared::context::{Context, Deployment};
use uuid::Uuid;

const SECRET: &str = "a static-auth-secret";

/// A turnserver on a free port of this machine alone. It ends with the test.
struct Coturn {
    process: Child,
    folder: PathBuf,
    port: u16,
}

impl Coturn {
    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("convene-coturn-{}", Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        let port = free_port();
        let process = Command::new("turnserver")
            .args(["-n", "--no-cli", "--no-tls", "--no-dtls", "--allow-loopback-peers"])
            .args(["--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", &port.to_string()])
            .args(["--use-auth-secret", "--static-auth-secret", SECRET, "--realm", "convene.example"])
            .args(["--log-file", "stdout", "--simple-log"])
            .arg("--pidfile")
            .arg(folder.join("pid"))
            .arg("--userdb")
            .arg(folder.join("users"))
            .stdin(Stdio::null())
            .stdout(File::create(folder.join("log")).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .expect("turnserver is missing: run scripts/setup --tests");
        let mut coturn = Self { process, folder, port };
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return coturn;
            }
            assert!(coturn.process.try_wait().unwrap().is_none(), "turnserver ended: {}", coturn.log());
            sleep(Duration::from_millis(100));
        }
        panic!("turnserver does not listen: {}", coturn.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap()
    }

    /// Two clients allocate a relay each, and send each other messages through it.
    fn relay(&self, credentials: &Credentials) -> Output {
        let mut client = Command::new("turnutils_uclient")
            .args(["-u", &credentials.username, "-w", &credentials.credential, "-p", &self.port.to_string()])
            .args(["-y", "-c", "-m", "1", "-n", "5", "127.0.0.1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("turnutils_uclient is missing: run scripts/setup --tests");
        for _ in 0..300 {
            if client.try_wait().unwrap().is_some() {
                return client.wait_with_output().unwrap();
            }
            sleep(Duration::from_millis(100));
        }
        client.kill().unwrap();
        panic!("turnutils_uclient does not end: {:?}", client.wait_with_output().unwrap());
    }

    fn refuses(&self, what: &str, credentials: &Credentials) {
        let output = self.relay(credentials);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && said.contains("Cannot complete Allocation"), "{what}: {output:?}");
        // It was coturn that refused.
        let refusal = format!("Cannot find credentials of user <{}>", credentials.username);
        assert!(self.log().contains(&refusal), "{what}: {}", self.log());
    }
}

impl Drop for Coturn {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// One that both TCP and UDP have.
fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

#[derive(Clone)]
struct Credentials {
    username: String,
    credential: String,
}

/// It stands still.
struct Stopped(DateTime<Utc>);

impl Clock for Stopped {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }

    fn sleep(&self, _: Duration) -> LocalBoxFuture<'static, ()> {
        Box::pin(pending())
    }
}

#[expect(clippy::disallowed_methods, reason = "turnserver has the system clock")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// What a function gives a participant at that time, for a session of ten minutes.
async fn credentials(secret: &str, at: DateTime<Utc>) -> Credentials {
    let variables = [
        ("SUPABASE_URL", "http://127.0.0.1"),
        ("SUPABASE_PUBLISHABLE_KEY", "p"),
        ("SUPABASE_SECRET_KEY", "s"),
        ("TURN_URLS", "turn:127.0.0.1"),
        ("TURN_SECRET", secret),
    ];
    let variable =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let deployment = Deployment::new(Config::read(variable).unwrap(), Rc::new(Stopped(at)));
    let context = Context::new(Rc::new(deployment), "r".to_owned());
    let servers = context.config().ice.servers().unwrap();
    let who = Uuid::new_v4().to_string();
    let servers = servers.for_participant(&context, &who, at + TimeDelta::minutes(10)).await.unwrap();
    let turn: Value = serde_json::to_value(&servers[1]).unwrap();
    let text = |field: &str| turn[field].as_str().unwrap().to_owned();
    Credentials { username: text("username"), credential: text("credential") }
}

#[tokio::test]
async fn our_credentials_relay() {
    let coturn = Coturn::start();
    let output = coturn.relay(&credentials(SECRET, now()).await);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?} {}", coturn.log());
    let (_, received) = said.rsplit_once("tot_recv_msgs=").unwrap();
    assert!(received.lines().next().unwrap().parse::<u32>().unwrap() > 0, "{said}");
}

#[tokio::test]
async fn expired_and_forged_credentials_are_refused() {
    let coturn = Coturn::start();
    let good = credentials(SECRET, now()).await;
    let other = credentials(SECRET, now()).await;
    let (expiry, who) = good.username.split_once(':').unwrap();
    let later = expiry.parse::<i64>().unwrap() + 86_400;
    let said_by = |username: String| Credentials { username, ..good.clone() };
    coturn.refuses("expired", &credentials(SECRET, now() - TimeDelta::minutes(10) - TimeDelta::seconds(2)).await);
    coturn.refuses("of another secret", &credentials("another secret", now()).await);
    coturn.refuses("made to last longer", &said_by(format!("{later}:{who}")));
    coturn.refuses("another's name", &said_by(other.username.clone()));
    coturn.refuses("another's credential", &Credentials { credential: other.credential, ..good.clone() });
    coturn.refuses("no credential", &Credentials { credential: "x".to_owned(), ..good });
}
