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
#[derive(Serialize)]
pub(crate) struct Together {
    pub(crate) programs: usize,
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
        used(server).await
    }

    /// All functions together in one process, and as many hello-worlds of each kind.
    pub(crate) async fn together(&self) -> Result<Together> {
        let functions: Vec<Program> =
            Program::all()?.into_iter().filter(|program| matches!(program, Program::Ours(_))).collect();
        let (js_hellos, rust_hellos) =
            (vec![Program::JsHello; functions.len()], vec![Program::RustHello; functions.len()]);
        Ok(Together {
            programs: functions.len(),
            ours: self.memory_together(&functions).await?,
            js_hellos: self.memory_together(&js_hellos).await?,
            rust_hellos: self.memory_together(&rust_hellos).await?,
        })
    }

    async fn memory_together(&self, programs: &[Program]) -> Result<Memory> {
        let programs: Vec<&Program> = programs.iter().collect();
        let variables = self.deployment.variables(Rooms::LiveKit);
        let mut seen = Vec::new();
        for _ in 0..self.rounds {
            seen.push(used(self.launcher.start_workerd(&programs, &variables).await?).await?);
        }
        seen.sort_by_key(|memory| memory.resident);
        seen.get(seen.len() / 2).copied().context("no round was measured")
    }
}

/// The memory of a server after requests to each of its programs.
async fn used(server: Server) -> Result<Memory> {
    for address in &server.addresses {
        // Hello-worlds say 200, functions 204: only the answer counts.
        let status = load::status(*address, &preflight()).await?;
        load::run(*address, &[Exchange { status, ..preflight() }], 1, Until::Requests(REQUESTS)).await?;
    }
    let memory = process::memory(server.pid()?)?;
    server.stop().await?;
    Ok(memory)
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
