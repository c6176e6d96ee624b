//! A process that serves one or more programs: workerd or Deno.

use std::{
    fmt::Write as _,
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, absolute},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::{Child, Command},
    time::{Instant, sleep},
};

use crate::programs::{Program, Runtime, Runtimes};

/// Longer than any program takes to start on a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(1);

/// What servers are started with.
#[derive(Clone)]
pub(crate) struct Launcher {
    pub(crate) runtimes: Runtimes,
    compatibility_date: String,
}

/// A server. It ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    /// One for each program.
    pub(crate) addresses: Vec<SocketAddr>,
    /// From the start of the process to the first answer of its last program.
    pub(crate) start_up: Duration,
    folder: TempDir,
}

/// The variables that a program gets.
pub(crate) type Variables = Vec<(&'static str, String)>;

impl Launcher {
    pub(crate) fn new(runtimes: Runtimes) -> Result<Self> {
        let wrangler: toml::Table = fs::read_to_string("wrangler.toml")?.parse()?;
        let date = wrangler.get("compatibility_date").and_then(toml::Value::as_str);
        let compatibility_date = date.context("wrangler.toml has no compatibility_date")?.to_owned();
        Ok(Self { runtimes, compatibility_date })
    }

    /// Starts a program, and waits until it answers.
    pub(crate) async fn start(&self, runtime: Runtime, program: &Program, variables: &Variables) -> Result<Server> {
        match runtime {
            Runtime::Workerd => self.start_workerd(&[program], variables).await,
            Runtime::Deno => {
                let addresses = free_addresses(1)?;
                let mut command = Command::new(&self.runtimes.deno);
                command
                    .args(DENO_ARGUMENTS)
                    .arg(program.deno_entry())
                    .envs(variables.iter().map(|(name, value)| (name, value)))
                    .env("DENO_SERVE_ADDRESS", format!("tcp:{}", addresses[0]))
                    .env("DENO_NO_PACKAGE_JSON", "1")
                    .env("DENO_NO_UPDATE_CHECK", "1");
                launch(command, addresses, tempfile::tempdir()?).await.with_context(|| format!("{program} in Deno"))
            }
        }
    }

    /// Starts one workerd with all of the programs.
    pub(crate) async fn start_workerd(&self, programs: &[&Program], variables: &Variables) -> Result<Server> {
        let folder = tempfile::tempdir()?;
        let addresses = free_addresses(programs.len())?;
        let config = folder.path().join("config.capnp");
        fs::write(&config, self.workerd_config(folder.path(), programs, &addresses, variables)?)?;
        let mut command = Command::new(&self.runtimes.workerd);
        command.arg("serve").arg(config);
        let last = programs.last().map(ToString::to_string).unwrap_or_default();
        launch(command, addresses, folder).await.with_context(|| format!("{last} in workerd"))
    }

    fn workerd_config(
        &self,
        folder: &Path,
        programs: &[&Program],
        addresses: &[SocketAddr],
        variables: &Variables,
    ) -> Result<String> {
        let (mut services, mut sockets, mut workers) = (String::new(), String::new(), String::new());
        for (number, (program, address)) in programs.iter().zip(addresses).enumerate() {
            writeln!(services, "(name = \"s{number}\", worker = .w{number}),")?;
            writeln!(sockets, "(name = \"s{number}\", address = \"{address}\", http = (), service = \"s{number}\"),")?;
            let modules = modules(folder, number, program)?;
            let date = &self.compatibility_date;
            let mut bindings = String::new();
            for (name, value) in variables {
                write!(bindings, "(name = \"{name}\", text = {}),", serde_json::Value::from(value.as_str()))?;
            }
            writeln!(
                workers,
                "const w{number} :Workerd.Worker = (compatibilityDate = \"{date}\", modules = [{modules}], \
                 bindings = [{bindings}]);"
            )?;
        }
        // By default Workers reach no private address, as the stub's.
        Ok(format!(
            "using Workerd = import \"/workerd/workerd.capnp\";\nconst config :Workerd.Config = (\nservices = [{services}\
             (name = \"internet\", network = (allow = [\"public\", \"private\"]))],\nsockets = [{sockets}]);\n{workers}"
        ))
    }
}

/// `--no-code-cache`: what an earlier run compiled is no help after a deployment.
const DENO_ARGUMENTS: [&str; 8] = [
    "run",
    "--no-prompt",
    "--cached-only",
    "--no-config",
    "--no-lock",
    "--no-code-cache",
    "--allow-net",
    "--allow-env",
];

/// Copies the modules beside the configuration, where it finds them, and lists them.
fn modules(folder: &Path, number: usize, program: &Program) -> Result<String> {
    let mut list = String::new();
    for module in program.modules() {
        let name = module.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let copy = format!("{number}-{name}");
        fs::copy(&module, folder.join(&copy)).with_context(|| format!("{} is not there", module.display()))?;
        let kind = if Path::new(&name).extension().is_some_and(|kind| kind == "wasm") { "wasm" } else { "esModule" };
        write!(list, "(name = \"{name}\", {kind} = embed \"{copy}\"),")?;
    }
    Ok(list)
}

/// The time that Deno needs to load a program, in milliseconds.
pub(crate) async fn instantiation(deno: &Path, program: &Program) -> Result<f64> {
    let output = Command::new(deno)
        .args(DENO_ARGUMENTS)
        .args(["--allow-read", "tests/bench/instantiate.js"])
        .arg(format!("file://{}", absolute(program.bundle())?.display()))
        .env("DENO_NO_PACKAGE_JSON", "1")
        .env("DENO_NO_UPDATE_CHECK", "1")
        .output()
        .await?;
    let printed = String::from_utf8_lossy(&output.stdout);
    printed
        .trim()
        .parse()
        .with_context(|| format!("{program} was not loaded: {}", String::from_utf8_lossy(&output.stderr)))
}

async fn launch(mut command: Command, addresses: Vec<SocketAddr>, folder: TempDir) -> Result<Server> {
    let errors = fs::File::create(folder.path().join("stderr"))?;
    // The functions log each request to standard output.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).kill_on_drop(true);
    let started = Instant::now();
    let child = command.spawn()?;
    let mut server = Server { child, addresses, start_up: Duration::ZERO, folder };
    for address in server.addresses.clone() {
        while !answers(address).await {
            if started.elapsed() > START_TIMEOUT || server.child.try_wait()?.is_some() {
                bail!("did not start: {}", server.errors());
            }
            sleep(POLL).await;
        }
    }
    server.start_up = started.elapsed();
    Ok(server)
}

impl Server {
    /// While it runs.
    pub(crate) fn pid(&self) -> Result<u32> {
        self.child.id().context("a server has ended")
    }

    /// What it printed to standard error.
    pub(crate) fn errors(&self) -> String {
        fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default()
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// Whether a preflight request is answered.
async fn answers(address: SocketAddr) -> bool {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"OPTIONS / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
        let mut start = [0; 8];
        stream.read_exact(&mut start).await?;
        std::io::Result::Ok(start == *b"HTTP/1.1")
    };
    exchange.await.unwrap_or(false)
}

/// So many different ones. Nobody else takes them in the moment until the server does, with luck.
fn free_addresses(count: usize) -> Result<Vec<SocketAddr>> {
    let bind = |_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    // All are held until the last one is chosen.
    let listeners = (0..count).map(bind).collect::<std::io::Result<Vec<_>>>()?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?)).collect()
}
