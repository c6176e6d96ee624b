//! What a program costs before and between requests: bytes, start-up, memory.

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::{
    comparison::Bench,
    deployment::Rooms,
    figures::Spread,
    load::{self, Exchange, Until},
    process::{self, Memory},
    programs::{Program, Runtime},
    server::{Server, instantiation},
};

/// One program.
#[derive(Serialize)]
pub(crate) struct AtRest {
    pub(crate) program: Program,
    pub(crate) gzipped_bytes: usize,
    pub(crate) workerd_start_up_ms: Spread,
    pub(crate) deno_start_up_ms: Spread,
    /// Loading its bundle in a Deno that runs already, and starting its WebAssembly.
    pub(crate) instantiation_ms: Spread,
    /// After some requests.
    pub(crate) workerd_memory: Memory,
    pub(crate) deno_memory: Memory,
    /// Of each round, for ratios.
    #[serde(skip)]
    pub(crate) starts: Vec<Starts>,
}

/// The starts of one program in one round, in milliseconds.
#[derive(Clone, Copy)]
pub(crate) struct Starts {
    pub(crate) workerd: f64,
    pub(crate) deno: f64,
    instantiation: f64,
}

/// All functions in one workerd, and as many hello-worlds.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Together {
    /// After so many requests to each, because what requests leave behind stays until V8 collects it, which takes thousands.
    pub(crate) requests: u64,
    pub(crate) ours: Memory,
    pub(crate) js_hellos: Memory,
    pub(crate) rust_hellos: Memory,
}

/// What each program is asked before its memory is read. Every one answers a preflight request.
const REQUESTS: u64 = 500;

impl Bench<'_> {
    /// Measures all programs, starting each `starts` times.
    pub(crate) async fn at_rest(&self, starts: usize) -> Result<Vec<AtRest>> {
        let programs = Program::all()?;
        let mut started = vec![Vec::new(); programs.len()];
        for start in 1..=starts {
            eprintln!("start-up, {start} of {starts}");
            for (program, started) in programs.iter().zip(&mut started) {
                started.push(self.start_once(program).await?);
            }
        }
        eprintln!("memory");
        let mut all = Vec::new();
        for (program, starts) in programs.into_iter().zip(started) {
            let spread = |figure: fn(&Starts) -> f64| {
                let values: Vec<f64> = starts.iter().map(figure).collect();
                Spread::of(&values).context("nothing was started")
            };
            all.push(AtRest {
                gzipped_bytes: program.gzipped()?,
                workerd_start_up_ms: spread(|starts| starts.workerd)?,
                deno_start_up_ms: spread(|starts| starts.deno)?,
                instantiation_ms: spread(|starts| starts.instantiation)?,
                workerd_memory: self.memory_of(Runtime::Workerd, &program).await?,
                deno_memory: self.memory_of(Runtime::Deno, &program).await?,
                program,
                starts,
            });
        }
        Ok(all)
    }

    async fn start_once(&self, program: &Program) -> Result<Starts> {
        let variables = self.deployment.variables(Rooms::LiveKit);
        let mut times = Vec::new();
        for runtime in Runtime::ALL {
            let server = self.launcher.start(runtime, program, &variables).await?;
            times.push(server.start_up.as_secs_f64() * 1e3);
            server.stop().await?;
        }
        let instantiation = instantiation(&self.launcher.runtimes.deno, program).await?;
        Ok(Starts { workerd: times[0], deno: times[1], instantiation })
    }

    async fn memory_of(&self, runtime: Runtime, program: &Program) -> Result<Memory> {
        let server = self.launcher.start(runtime, program, &self.deployment.variables(Rooms::LiveKit)).await?;
        ask(&server, REQUESTS).await?;
        let used = process::memory(server.pid()?)?;
        server.stop().await?;
        Ok(used)
    }

    /// All functions together in one process, and as many hello-worlds of each kind.
    pub(crate) async fn together(&self, requests: &[u64]) -> Result<Vec<Together>> {
        let functions: Vec<Program> =
            Program::all()?.into_iter().filter(|program| matches!(program, Program::Ours(_))).collect();
        let hellos = |hello: Program| vec![hello; functions.len()];
        let ours = self.memory_together(&functions, requests).await?;
        let js_hellos = self.memory_together(&hellos(Program::JsHello), requests).await?;
        let rust_hellos = self.memory_together(&hellos(Program::RustHello), requests).await?;
        let of = |(number, requests): (usize, &u64)| Together {
            requests: *requests,
            ours: ours[number],
            js_hellos: js_hellos[number],
            rust_hellos: rust_hellos[number],
        };
        Ok(requests.iter().enumerate().map(of).collect())
    }

    async fn memory_together(&self, programs: &[Program], requests: &[u64]) -> Result<Vec<Memory>> {
        let programs: Vec<&Program> = programs.iter().collect();
        let server = self.launcher.start_workerd(&programs, &self.deployment.variables(Rooms::LiveKit)).await?;
        let (mut asked, mut used) = (0, Vec::new());
        for requests in requests {
            ask(&server, requests - asked).await?;
            asked = *requests;
            used.push(process::memory(server.pid()?)?);
        }
        server.stop().await?;
        Ok(used)
    }
}

/// Sends requests to each program of a server.
async fn ask(server: &Server, requests: u64) -> Result<()> {
    for address in &server.addresses {
        // Hello-worlds say 200, functions 204: only the answer counts.
        let status = load::status(*address, &preflight()).await?;
        load::run(*address, &[Exchange { status, ..preflight() }], 1, Until::Requests(requests)).await?;
    }
    Ok(())
}

fn preflight() -> Exchange {
    Exchange {
        method: http::Method::OPTIONS,
        path: "/".to_owned(),
        headers: http::HeaderMap::new(),
        body: "".into(),
        status: 204,
        location: None,
    }
}
