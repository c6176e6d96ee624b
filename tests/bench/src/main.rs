//! The driver of `scripts/bench`: our functions, the same ones in TypeScript and hello-worlds, side by side in one run.
#![expect(clippy::cast_precision_loss, reason = "figures need no more digits than a float has")]

mod at_rest;
mod cases;
mod chart;
mod comparison;
mod deployment;
mod figures;
mod goals;
mod load;
mod machine;
mod plan;
mod process;
mod programs;
mod report;
mod results;
mod server;
mod stack;
mod stub;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    comparison::Bench, deployment::Deployment, machine::Machine, plan::Plan, programs::Runtimes, results::Results,
    server::Launcher, stub::Reserved,
};

/// What `scripts/bench` passes on.
#[derive(Parser)]
struct Arguments {
    /// One short round of everything.
    #[arg(long)]
    quick: bool,
    /// Only the cases whose name has this in it, or the `programs`, or the `stack`.
    #[arg(long)]
    only: Option<String>,
    /// Where the results go as JSON.
    #[arg(long)]
    json: PathBuf,
    /// Where the chart goes.
    #[arg(long)]
    svg: Option<PathBuf>,
    #[arg(long)]
    workerd: PathBuf,
    #[arg(long)]
    deno: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let plan = if arguments.quick { Plan::quick() } else { Plan::full() };
    let launcher = Launcher::new(Runtimes { workerd: arguments.workerd, deno: arguments.deno })?;
    let reserved = Reserved::new()?;
    let deployment = Deployment::new(&reserved.url()?)?;
    let stub = reserved.serve(&deployment).await?;
    let bench =
        Bench { launcher: &launcher, deployment: &deployment, stub: &stub, rounds: plan.rounds, warm_up: plan.warm_up };
    // Before minutes are spent.
    can_be_written(&arguments.json, "--json")?;
    if let Some(svg) = &arguments.svg {
        can_be_written(svg, "--svg")?;
    }
    let results = tokio::select! {
        results = measure(&bench, &plan, arguments.only.as_deref()) => results?,
        stopped = stopped() => return stopped,
    };
    print!("{}", report::markdown(&results)?);
    fs::write(&arguments.json, serde_json::to_string_pretty(&results)?)?;
    if let Some(svg) = &arguments.svg {
        fs::write(svg, chart::svg(&results)?)?;
    }
    Ok(())
}

/// Leaves what is there until there is something new.
fn can_be_written(path: &Path, option: &str) -> Result<()> {
    let opened = File::options().create(true).append(true).open(path);
    opened.with_context(|| format!("{} cannot be written: name another file with {option}", path.display()))?;
    Ok(())
}

/// What was started ends when the measuring is dropped.
async fn stopped() -> Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    bail!("stopped")
}

async fn measure(bench: &Bench<'_>, plan: &Plan, only: Option<&str>) -> Result<Results> {
    let machine = Machine::look(&bench.launcher.runtimes).await?;
    let comparisons = plan.comparisons(only)?;
    let mut load = Vec::new();
    for (number, comparison) in comparisons.iter().enumerate() {
        let case = comparison.contenders.first().map(|contender| contender.case.name()).unwrap_or_default();
        eprintln!("{} of {}: {case} in {}", number + 1, comparisons.len(), comparison.runtime);
        load.extend(bench.compare(comparison).await?);
    }
    let (rounds, starts) = (plan.rounds, plan.starts);
    let mut results = Results {
        machine,
        rounds,
        starts,
        goals: Vec::new(),
        at_rest: Vec::new(),
        together: Vec::new(),
        load,
        stack: Vec::new(),
    };
    if only.is_none_or(|only| only == "programs") {
        results.at_rest = bench.at_rest(starts).await?;
        results.together = bench.together(plan.requests_together).await?;
    }
    if only.is_none() {
        results.goals = goals::of(&results);
    }
    if only.is_none_or(|only| only == "stack") {
        eprintln!("the development stack");
        results.stack = stack::measure(rounds, plan.stack_duration).await?;
    }
    Ok(results)
}
