//! Programs side by side: in each round each of them is measured in turn.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::{
    cases::Case,
    deployment::{Deployment, Rooms},
    figures::Spread,
    load::{self, Exchange, Until},
    process,
    programs::{Program, Runtime},
    server::{Launcher, Server},
    stub::Stub,
};

/// One of those that are compared: what is asked of which program.
#[derive(Clone, Debug)]
pub(crate) struct Contender {
    pub(crate) program: Program,
    pub(crate) case: Case,
}

/// Under what load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Setting {
    /// Of each call to the stub.
    pub(crate) delay_ms: u64,
    pub(crate) connections: usize,
}

/// Contenders that are measured together.
pub(crate) struct Comparison {
    pub(crate) runtime: Runtime,
    pub(crate) contenders: Vec<Contender>,
    pub(crate) settings: Vec<Setting>,
    /// How long each is measured in each round.
    pub(crate) duration: Duration,
}

impl Comparison {
    /// Calls alone are a floor for CPU, and what a delay adds to them is the delay.
    fn contenders_in(&self, setting: Setting) -> Vec<&Contender> {
        let is_floor = |contender: &Contender| matches!(contender.program, Program::JsCalls(_));
        self.contenders.iter().filter(|contender| setting.delay_ms == 0 || !is_floor(contender)).collect()
    }
}

/// What was measured of one contender in one setting.
#[derive(Serialize)]
pub(crate) struct Measured {
    pub(crate) case: String,
    pub(crate) program: Program,
    pub(crate) runtime: Runtime,
    #[serde(flatten)]
    pub(crate) setting: Setting,
    /// In all rounds.
    pub(crate) requests: u64,
    pub(crate) requests_per_second: Spread,
    /// Of the process under test, all threads.
    pub(crate) cpu_ms_per_request: Spread,
    /// What one core serves that does nothing else.
    pub(crate) requests_per_core_second: Spread,
    pub(crate) p50_ms: Spread,
    /// Of the requests of all rounds; nothing where these are fewer than 300.
    pub(crate) p99_ms: Option<f64>,
    /// Upstream calls of one request.
    pub(crate) calls: BTreeMap<String, f64>,
    /// Of each round, for ratios.
    #[serde(skip)]
    pub(crate) rounds: Vec<Round>,
}

/// One contender in one round.
#[derive(Clone, Copy)]
pub(crate) struct Round {
    pub(crate) per_second: f64,
    pub(crate) cpu_ms: f64,
    pub(crate) p50_ms: f64,
}

const FEWEST_FOR_P99: u64 = 300;
const NANOSECONDS_PER_MS: f64 = 1e6;

/// What measuring takes.
pub(crate) struct Bench<'a> {
    pub(crate) launcher: &'a Launcher,
    pub(crate) deployment: &'a Deployment,
    pub(crate) stub: &'a Stub,
    pub(crate) rounds: usize,
    /// Requests of each of eight connections before anything is measured: a runtime compiles what is used much.
    pub(crate) warm_up: u64,
}

/// What a contender has collected.
struct Collected {
    rounds: Vec<Round>,
    latencies: Histogram<u64>,
    calls: BTreeMap<String, u64>,
}

impl Bench<'_> {
    /// Measures the contenders in every setting.
    pub(crate) async fn compare(&self, comparison: &Comparison) -> Result<Vec<Measured>> {
        let servers = self.start(comparison).await?;
        let mut measured = Vec::new();
        for setting in &comparison.settings {
            self.stub.delay(setting.delay_ms);
            let contenders = comparison.contenders_in(*setting);
            let mut collected = Vec::new();
            for _ in &contenders {
                let latencies = load::histogram()?;
                collected.push(Collected { rounds: Vec::new(), latencies, calls: BTreeMap::new() });
            }
            for round in 0..self.rounds {
                let mut order: Vec<usize> = (0..collected.len()).collect();
                // What follows on what may matter.
                if round % 2 == 1 {
                    order.reverse();
                }
                for contender in order {
                    let Contender { program, case } = contenders[contender];
                    let server = server_of(&servers, program, case.rooms)?;
                    let exchanges = self.exchanges(program, case).await?;
                    self.measure(server, &exchanges, *setting, comparison.duration, &mut collected[contender])
                        .await
                        .with_context(|| format!("{}, {program}, {}", case.name(), comparison.runtime))?;
                }
            }
            for (contender, collected) in contenders.into_iter().zip(collected) {
                measured.push(collected.summarise(contender, comparison.runtime, *setting)?);
            }
        }
        for (_, _, server) in servers {
            server.stop().await?;
        }
        Ok(measured)
    }

    /// One server for each program and deployment, warmed up.
    async fn start(&self, comparison: &Comparison) -> Result<Vec<(Program, Rooms, Server)>> {
        let mut servers: Vec<(Program, Rooms, Server)> = Vec::new();
        self.stub.delay(0);
        for Contender { program, case } in &comparison.contenders {
            if server_of(&servers, program, case.rooms).is_err() {
                let variables = self.deployment.variables(case.rooms);
                let server = self.launcher.start(comparison.runtime, program, &variables).await?;
                servers.push((program.clone(), case.rooms, server));
            }
            let server = server_of(&servers, program, case.rooms)?;
            let exchanges = self.exchanges(program, case).await?;
            let warmed_up = load::run(server.addresses[0], &exchanges, 8, Until::Requests(self.warm_up)).await;
            warmed_up
                .with_context(|| format!("{}, {program}, {}: {}", case.name(), comparison.runtime, server.errors()))?;
        }
        Ok(servers)
    }

    async fn exchanges(&self, program: &Program, case: &Case) -> Result<Vec<Exchange>> {
        let mut exchanges = case.exchanges(self.deployment).await?;
        for exchange in &mut exchanges {
            match program {
                Program::JsHello | Program::RustHello => (exchange.status, exchange.location) = (200, None),
                Program::JsCalls(calls) => {
                    (exchange.status, exchange.location) = (200, None);
                    exchange.path = format!("/?calls={calls}");
                }
                Program::Ours(_) | Program::Baseline(_) | Program::JsRefusal => {}
            }
        }
        Ok(exchanges)
    }

    async fn measure(
        &self,
        server: &Server,
        exchanges: &[Exchange],
        setting: Setting,
        duration: Duration,
        collected: &mut Collected,
    ) -> Result<()> {
        let pid = server.pid()?;
        // At one connection most of the time is waiting; at many without a delay, CPU and throughput are compared.
        let longer =
            setting.connections == 1 && setting.delay_ms >= 50 || setting.connections > 1 && setting.delay_ms == 0;
        let duration = if longer { duration * 2 } else { duration };
        self.stub.take_calls();
        let before = process::cpu_time(pid)?;
        let seen = load::run(server.addresses[0], exchanges, setting.connections, Until::Time(duration)).await?;
        let cpu = process::cpu_time(pid)?.saturating_sub(before);
        for (call, count) in self.stub.take_calls() {
            *collected.calls.entry(call).or_default() += count;
        }
        let requests = seen.latencies.len() as f64;
        collected.rounds.push(Round {
            per_second: requests / seen.elapsed.as_secs_f64(),
            cpu_ms: cpu.as_secs_f64() * 1e3 / requests,
            p50_ms: seen.latencies.value_at_quantile(0.5) as f64 / NANOSECONDS_PER_MS,
        });
        collected.latencies.add(seen.latencies)?;
        Ok(())
    }
}

fn server_of<'a>(servers: &'a [(Program, Rooms, Server)], program: &Program, rooms: Rooms) -> Result<&'a Server> {
    let found = servers.iter().find(|(its_program, its_rooms, _)| its_program == program && *its_rooms == rooms);
    found.map(|(_, _, server)| server).context("no such server")
}

impl Collected {
    fn summarise(self, contender: &Contender, runtime: Runtime, setting: Setting) -> Result<Measured> {
        let Self { rounds, latencies, calls } = self;
        let spread = |figure: fn(&Round) -> f64| {
            let values: Vec<f64> = rounds.iter().map(figure).collect();
            Spread::of(&values).context("no round was measured")
        };
        let requests = latencies.len();
        let p99 = latencies.value_at_quantile(0.99) as f64 / NANOSECONDS_PER_MS;
        Ok(Measured {
            case: contender.case.name(),
            program: contender.program.clone(),
            runtime,
            setting,
            requests,
            requests_per_second: spread(|round| round.per_second)?,
            cpu_ms_per_request: spread(|round| round.cpu_ms)?,
            requests_per_core_second: spread(|round| 1e3 / round.cpu_ms)?,
            p50_ms: spread(|round| round.p50_ms)?,
            p99_ms: (requests >= FEWEST_FOR_P99).then_some(p99),
            calls: calls.into_iter().map(|(call, count)| (call, count as f64 / requests as f64)).collect(),
            rounds,
        })
    }
}

impl Measured {
    /// How many upstream calls one request makes.
    pub(crate) fn calls_per_request(&self) -> f64 {
        self.calls.values().fold(0.0, |sum, calls| sum + calls)
    }

    /// How many times as much of something this has as another that was measured beside it.
    pub(crate) fn times(&self, other: &Self, figure: fn(&Round) -> f64) -> Option<Spread> {
        let values = |measured: &Self| measured.rounds.iter().map(figure).collect::<Vec<_>>();
        Spread::of_ratios(&values(self), &values(other))
    }
}
