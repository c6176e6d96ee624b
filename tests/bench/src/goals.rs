//! What the functions are meant to reach, and whether they do.

use serde::Serialize;

use crate::{
    at_rest::Together,
    comparison::{Measured, Round},
    process::Memory,
    programs::{BASELINES, Program, Runtime},
    results::Results,
};

const LARGEST_BYTES: usize = 200_000;
const LEAST_REFUSED: f64 = 0.8;
const LEAST_SERVED: f64 = 3.0;
const MOST_MEMORY: f64 = 1.5;
const MOST_ES256_MS: f64 = 1.0;
const LONGEST_P50_MS: [(&str, f64); 2] = [(LIVEKIT, 15.0), (OPENVIDU, 26.0)];

/// The names of cases, as tables have them.
pub(crate) const LIVEKIT: &str = "get-openvidu-token: LiveKit";
pub(crate) const OPENVIDU: &str = "get-openvidu-token: OpenVidu 2";
pub(crate) const NO_TOKEN: &str = "get-openvidu-token: no token";
pub(crate) const FORGED_TOKEN: &str = "get-openvidu-token: forged token";
pub(crate) const BAD_BODY: &str = "get-openvidu-token: bad body";

/// One goal.
#[derive(Serialize)]
pub(crate) struct Goal {
    pub(crate) says: &'static str,
    pub(crate) is_met: bool,
    /// What was measured.
    pub(crate) measured: String,
}

/// All goals that these results say something of.
pub(crate) fn of(results: &Results) -> Vec<Goal> {
    let mut goals = vec![
        sizes(results),
        start_up(results),
        refusals(results),
        latency(results),
        throughput(results),
        signature(results),
    ];
    goals.push(memory(&results.together));
    goals
}

fn goal(says: &'static str, measured: &[(bool, String)]) -> Goal {
    let is_met = !measured.is_empty() && measured.iter().all(|(is_met, _)| *is_met);
    let measured: Vec<&str> = measured.iter().map(|(_, measured)| measured.as_str()).collect();
    Goal { says, is_met, measured: measured.join("; ") }
}

fn sizes(results: &Results) -> Goal {
    let ours = results.at_rest.iter().filter(|at_rest| matches!(at_rest.program, Program::Ours(_)));
    let mut largest: Vec<_> = ours.map(|at_rest| (at_rest.gzipped_bytes, at_rest.program.to_string())).collect();
    largest.sort_by(|a, b| b.cmp(a));
    let above = largest.iter().filter(|(bytes, _)| *bytes > LARGEST_BYTES).count().max(1);
    let measured: Vec<_> = largest
        .iter()
        .take(above)
        .map(|(bytes, name)| (*bytes <= LARGEST_BYTES, format!("{name} {:.1} KB", *bytes as f64 / 1e3)))
        .collect();
    goal("every function at most 200 KB gzipped", &measured)
}

fn start_up(results: &Results) -> Goal {
    let mut measured = Vec::new();
    for name in BASELINES {
        let of = |program: Program| results.at_rest.iter().find(|at_rest| at_rest.program == program);
        let (Some(ours), Some(baseline)) = (of(Program::Ours(name.to_owned())), of(Program::Baseline(name.to_owned())))
        else {
            continue;
        };
        let quotients = [
            (Runtime::Workerd, ours.start_up_times(baseline, |starts| starts.workerd)),
            (Runtime::Deno, ours.start_up_times(baseline, |starts| starts.deno)),
        ];
        for (runtime, times) in quotients {
            if let Some(times) = times {
                measured.push((times.median <= 1.0, format!("{name} in {runtime} {:.2} times", times.median)));
            }
        }
    }
    goal("start-up not slower than the TypeScript one's", &measured)
}

fn refusals(results: &Results) -> Goal {
    let mut measured = Vec::new();
    for runtime in Runtime::ALL {
        let at_load = |measured: &&Measured| {
            measured.runtime == runtime && measured.setting.connections > 1 && measured.setting.delay_ms == 0
        };
        let Some(hello) = results.load.iter().filter(at_load).find(|measured| measured.program == Program::JsHello)
        else {
            continue;
        };
        let is_refusal = |measured: &&Measured| {
            matches!(measured.program, Program::Ours(_)) && REFUSALS.contains(&measured.case.as_str())
        };
        for refused in results.load.iter().filter(at_load).filter(is_refusal) {
            if let (Some(times), Some(cpu)) = (refused.times(hello, per_second), hello.times(refused, cpu)) {
                let detail = refused.case.split(": ").last().unwrap_or_default();
                let text = format!("{detail} in {runtime} {:.2} times ({:.2} by CPU)", times.median, cpu.median);
                measured.push((times.median >= LEAST_REFUSED, text));
            }
        }
    }
    goal("a refused request at least 0.8 times the JavaScript hello-world's requests/s", &measured)
}

/// The cases that are refused.
pub(crate) const REFUSALS: [&str; 3] = [NO_TOKEN, FORGED_TOKEN, BAD_BODY];

fn latency(results: &Results) -> Goal {
    let mut measured = Vec::new();
    for (case, most) in LONGEST_P50_MS {
        for found in results.load.iter().filter(|measured| {
            measured.case == case
                && matches!(measured.program, Program::Ours(_))
                && measured.setting.delay_ms == 10
                && measured.setting.connections == 1
        }) {
            let p50 = found.p50_ms.median;
            let rooms = case.split(": ").last().unwrap_or_default();
            measured.push((p50 <= most, format!("{rooms} in {} {p50:.1} ms", found.runtime)));
        }
    }
    goal("get-openvidu-token with upstreams of 10 ms: p50 at most 15 ms (LiveKit), 26 ms (OpenVidu 2)", &measured)
}

fn throughput(results: &Results) -> Goal {
    let mut measured = Vec::new();
    for runtime in Runtime::ALL {
        let mut compared: Vec<_> = results
            .load
            .iter()
            .filter(|ours| {
                matches!(ours.program, Program::Ours(_))
                    && ours.runtime == runtime
                    && ours.setting.delay_ms == 0
                    && ours.setting.connections > 1
                    && !REFUSALS.contains(&ours.case.as_str())
            })
            .filter_map(|ours| {
                let baseline = results.beside(ours)?;
                Some((ours.times(baseline, per_second)?.median, baseline.times(ours, cpu)?.median, &ours.case))
            })
            .collect();
        compared.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (times, by_cpu, case) in compared.first().into_iter().chain(compared.last()) {
            measured
                .push((*times >= LEAST_SERVED, format!("{case} in {runtime} {times:.2} times ({by_cpu:.2} by CPU)")));
        }
    }
    goal("with upstreams of 0 ms at least 3 times the TypeScript one's requests/s (least and most)", &measured)
}

/// A forged token is verified as the first request of a genuine one is.
fn signature(results: &Results) -> Goal {
    let mut measured = Vec::new();
    for runtime in Runtime::ALL {
        let cpu_of = |case: &str| {
            let found = results.load.iter().find(|measured| {
                measured.case == case
                    && matches!(measured.program, Program::Ours(_))
                    && measured.runtime == runtime
                    && measured.setting.connections > 1
            });
            found.map(|measured| measured.cpu_ms_per_request.median)
        };
        if let (Some(without), Some(forged)) = (cpu_of(NO_TOKEN), cpu_of(FORGED_TOKEN)) {
            let cost = forged - without;
            measured.push((cost < MOST_ES256_MS, format!("{cost:.3} ms in {runtime} at its first request")));
        }
    }
    goal("an ES256 token verified for less than 1 ms of CPU", &measured)
}

fn memory(together: &[Together]) -> Goal {
    let measured = together.iter().map(|Together { requests, ours, js_hellos, .. }| {
        let times = |figure: fn(&Memory) -> u64| figure(ours) as f64 / figure(js_hellos) as f64;
        let (resident, anonymous) = (times(|memory| memory.resident), times(|memory| memory.anonymous));
        let text = format!(
            "{resident:.2} times after {requests} preflight requests of each ({anonymous:.2} without the runtime's own program)"
        );
        (resident <= MOST_MEMORY, text)
    });
    let measured: Vec<_> = measured.collect();
    goal("all functions in one workerd take at most 1.5 times the memory of as many JavaScript hello-worlds", &measured)
}

/// Requests per second, for ratios.
pub(crate) fn per_second(round: &Round) -> f64 {
    round.per_second
}

/// CPU per request, for ratios.
pub(crate) fn cpu(round: &Round) -> f64 {
    round.cpu_ms
}
