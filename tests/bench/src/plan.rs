//! What is compared with what, how often and for how long.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::{
    cases::{Case, Kind},
    comparison::{Comparison, Contender, Setting},
    deployment::Rooms,
    programs::{BASELINES, Program, Runtime, functions},
};

/// How much is measured.
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) warm_up: u64,
    /// How often each program is started.
    pub(crate) starts: usize,
    delays_ms: &'static [u64],
    /// How long one contender is measured in one setting in one round.
    duration: Duration,
    pub(crate) stack_duration: Duration,
    /// After how many requests to each the memory of all functions together is read.
    pub(crate) requests_together: &'static [u64],
}

const CONNECTIONS: [usize; 2] = [1, 16];

impl Plan {
    /// What the figures of the README are from.
    pub(crate) const fn full() -> Self {
        Self {
            rounds: 3,
            warm_up: 300,
            starts: 9,
            delays_ms: &[0, 10, 50],
            duration: Duration::from_millis(300),
            stack_duration: Duration::from_secs(1),
            requests_together: &[10, 500, 5_000],
        }
    }

    /// Whether everything still answers, and a first impression.
    pub(crate) const fn quick() -> Self {
        Self {
            rounds: 1,
            warm_up: 20,
            starts: 1,
            delays_ms: &[0, 10],
            duration: Duration::from_millis(100),
            stack_duration: Duration::from_millis(300),
            requests_together: &[10],
        }
    }

    /// All comparisons, or those with a case whose name has `only` in it.
    pub(crate) fn comparisons(&self, only: Option<&str>) -> Result<Vec<Comparison>> {
        let mut comparisons = Vec::new();
        for runtime in Runtime::ALL {
            comparisons.push(self.refusals(runtime));
            comparisons.extend(served_twice().map(|(case, calls)| self.beside_baseline(runtime, &case, calls)));
            comparisons.extend(self.served_once(runtime)?);
        }
        if let Some(only) = only {
            let only = only.to_lowercase();
            comparisons.retain(|comparison| {
                comparison.contenders.iter().any(|contender| contender.case.name().to_lowercase().contains(&only))
            });
            ensure!(
                !comparisons.is_empty() || ["programs", "stack"].contains(&only.as_str()),
                "no request has '{only}' in its name: try a function's name, Zoom, token, programs or stack"
            );
        }
        Ok(comparisons)
    }

    fn settings(delays_ms: &[u64]) -> Vec<Setting> {
        let delays = delays_ms.iter();
        delays
            .flat_map(|delay_ms| CONNECTIONS.map(|connections| Setting { delay_ms: *delay_ms, connections }))
            .collect()
    }

    /// What an attacker sends, beside the least that there is.
    fn refusals(&self, runtime: Runtime) -> Comparison {
        let case = |detail, kind| Case { detail, kind, ..Case::served("get-openvidu-token") };
        let hello = case("refusals", Kind::Served);
        let mut contenders = vec![
            Contender { program: Program::JsHello, case: hello.clone() },
            Contender { program: Program::RustHello, case: hello },
        ];
        for (detail, kind) in
            [("no token", Kind::NoToken), ("forged token", Kind::ForgedToken), ("bad body", Kind::BadBody)]
        {
            contenders.extend(both(&case(detail, kind)));
        }
        contenders.push(Contender { program: Program::JsRefusal, case: case("refused by hand", Kind::NoToken) });
        Comparison { runtime, contenders, settings: Self::settings(&[0]), duration: self.duration }
    }

    fn beside_baseline(&self, runtime: Runtime, case: &Case, calls: u8) -> Comparison {
        let [ours, baseline] = both(case);
        let contenders = vec![ours, baseline, Contender { program: Program::JsCalls(calls), case: case.clone() }];
        Comparison { runtime, contenders, settings: Self::settings(self.delays_ms), duration: self.duration }
    }

    /// The functions that there are in Rust alone. Under Deno their latency says nothing new.
    fn served_once(&self, runtime: Runtime) -> Result<Vec<Comparison>> {
        let delays_ms = if runtime == Runtime::Workerd { self.delays_ms } else { &[0] };
        let names = functions()?.into_iter().filter(|name| !BASELINES.contains(&name.as_str()));
        let comparisons = names.map(|name| {
            // What OpenVidu 2 reports carries a secret and no signature with a time.
            let rooms = if name == "openvidu-webhook" { Rooms::OpenVidu2 } else { Rooms::LiveKit };
            let case = Case { rooms, ..Case::served(&name) };
            let contenders = vec![Contender { program: Program::Ours(name), case }];
            Comparison { runtime, contenders, settings: Self::settings(delays_ms), duration: self.duration / 2 }
        });
        Ok(comparisons.collect())
    }
}

/// With the calls that ours makes.
fn served_twice() -> impl Iterator<Item = (Case, u8)> {
    let served = Case::served;
    [
        (Case { detail: "LiveKit", ..served("get-openvidu-token") }, 1),
        (
            Case {
                detail: "LiveKit, each time another user",
                kind: Kind::ServedToMany,
                ..served("get-openvidu-token")
            },
            1,
        ),
        (Case { detail: "OpenVidu 2", rooms: Rooms::OpenVidu2, ..served("get-openvidu-token") }, 2),
        (Case { detail: "a link", ..served("create-video-session") }, 1),
        (Case { detail: "Zoom", kind: Kind::ServedByZoom, ..served("create-video-session") }, 3),
        (served("zoom-oauth-callback"), 3),
    ]
    .into_iter()
}

fn both(case: &Case) -> [Contender; 2] {
    [Program::Ours, Program::Baseline]
        .map(|version| Contender { program: version(case.function.clone()), case: case.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_measured_under_both_runtimes() {
        std::env::set_current_dir("../..").unwrap();
        let comparisons = Plan::full().comparisons(None).unwrap();
        for runtime in Runtime::ALL {
            for program in Program::all().unwrap() {
                let is_measured = comparisons.iter().any(|comparison| {
                    comparison.runtime == runtime
                        && comparison.contenders.iter().any(|contender| contender.program == program)
                });
                assert!(is_measured, "{program} in {runtime}");
            }
        }
        let zoom = Plan::quick().comparisons(Some("Zoom")).unwrap();
        assert!(!zoom.is_empty());
        for comparison in zoom {
            assert!(
                comparison.contenders.iter().all(|contender| contender.case.name().to_lowercase().contains("zoom"))
            );
        }
    }
}
