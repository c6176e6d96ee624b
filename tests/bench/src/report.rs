//! The results as tables in Markdown, which the README can take as they are.

use std::fmt::Write as _;

use anyhow::Result;

use crate::{
    at_rest::Together,
    comparison::{Measured, Setting},
    figures::Spread,
    goals::{REFUSALS, cpu, per_second},
    process::Memory,
    programs::{Program, Runtime},
    results::Results,
};

/// All tables.
pub(crate) fn markdown(results: &Results) -> Result<String> {
    let mut text = format!(
        "{}; medians of {} rounds, or {} starts (least to most)\n\n",
        results.machine.line(),
        results.rounds,
        results.starts
    );
    for table in [
        goals(results)?,
        served(results)?,
        refused(results)?,
        latencies(results)?,
        at_rest(results)?,
        together(results)?,
        stack(results)?,
    ] {
        // A heading alone is no table.
        if table.trim_end().lines().count() > 2 {
            text.push_str(&table);
        }
    }
    Ok(text)
}

fn goals(results: &Results) -> Result<String> {
    let mut text = String::from("| goal | met | measured |\n|---|---|---|\n");
    for goal in &results.goals {
        writeln!(text, "| {} | {} | {} |", goal.says, if goal.is_met { "yes" } else { "no" }, goal.measured)?;
    }
    text.push('\n');
    Ok(text)
}

/// What requests cost on upstreams that answer at once, ours beside those in TypeScript.
fn served(results: &Results) -> Result<String> {
    let mut text = String::from(
        "| Rust / TypeScript, 16 connections, upstreams of 0 ms | in | calls | CPU a request | of which the calls alone \
         | requests/s | requests/s and core | requests/s, times | by CPU, times | with the calls alone, times |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for ours in at_full_load(results).filter(|measured| matches!(measured.program, Program::Ours(_))) {
        let Some(other) = results.beside(ours).filter(|other| !REFUSALS.contains(&other.case.as_str())) else {
            continue;
        };
        let calls = results.calls_alone(ours);
        writeln!(
            text,
            "| {} | {} | {:.0} / {:.0} | {:.3} / {:.3} ms | {} | {:.0} / {:.0} | {:.0} / {:.0} | {} | {} | {} |",
            ours.case,
            ours.runtime,
            ours.calls_per_request(),
            other.calls_per_request(),
            ours.cpu_ms_per_request.median,
            other.cpu_ms_per_request.median,
            cpu_of(calls),
            ours.requests_per_second.median,
            other.requests_per_second.median,
            ours.requests_per_core_second.median,
            other.requests_per_core_second.median,
            times(ours.times(other, per_second)),
            times(other.times(ours, cpu)),
            times(calls.and_then(|calls| other.times(calls, cpu))),
        )?;
    }
    text.push('\n');
    Ok(text)
}

/// What refusals cost, beside the least that there is.
fn refused(results: &Results) -> Result<String> {
    let mut text = String::from(
        "| refused, 16 connections | in | CPU a request | in TypeScript | by hand in JavaScript \
         | hello-world in JavaScript | in Rust | requests/s of the JavaScript hello-world's | by CPU |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    let is_refusal = |measured: &&Measured| REFUSALS.contains(&measured.case.as_str());
    let refusals = at_full_load(results).filter(is_refusal);
    for ours in refusals.filter(|measured| matches!(measured.program, Program::Ours(_))) {
        let floor = |program: Program| {
            at_full_load(results).find(|other| other.program == program && other.runtime == ours.runtime)
        };
        let (js_hello, rust_hello) = (floor(Program::JsHello), floor(Program::RustHello));
        write!(text, "| {} | {} |", ours.case, ours.runtime)?;
        for measured in [Some(ours), results.beside(ours), floor(Program::JsRefusal), js_hello, rust_hello] {
            write!(text, " {} |", cpu_of(measured))?;
        }
        let by_requests = js_hello.and_then(|hello| ours.times(hello, per_second));
        let by_cpu = js_hello.and_then(|hello| hello.times(ours, cpu));
        writeln!(text, " {} | {} |", times(by_requests), times(by_cpu))?;
    }
    text.push('\n');
    Ok(text)
}

fn cpu_of(measured: Option<&Measured>) -> String {
    measured.map(|measured| format!("{:.3} ms", measured.cpu_ms_per_request.median)).unwrap_or_default()
}

fn at_full_load(results: &Results) -> impl Iterator<Item = &Measured> {
    let full = Setting { delay_ms: 0, connections: 16 };
    results.load.iter().filter(move |measured| measured.setting == full)
}

fn latencies(results: &Results) -> Result<String> {
    let mut settings: Vec<Setting> = Vec::new();
    let is_program = |measured: &&Measured| matches!(measured.program, Program::Ours(_) | Program::Baseline(_));
    for measured in results.load.iter().filter(is_program) {
        if !settings.contains(&measured.setting) {
            settings.push(measured.setting);
        }
    }
    settings.sort_by_key(|setting| (setting.delay_ms, setting.connections));
    let mut text = String::from("| p50 / p99 in ms | |");
    for Setting { delay_ms, connections } in &settings {
        write!(text, " {delay_ms} ms, {connections} |")?;
    }
    writeln!(text, "\n|---|---|{}", "---|".repeat(settings.len()))?;
    let mut rows: Vec<(&str, &Program, Runtime)> = Vec::new();
    for measured in results.load.iter().filter(is_program) {
        let row = (measured.case.as_str(), &measured.program, measured.runtime);
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    for (case, program, runtime) in rows {
        write!(text, "| {case} | {} in {runtime} |", version(program))?;
        for setting in &settings {
            let found = results.load.iter().find(|measured| {
                (measured.case.as_str(), &measured.program, measured.runtime) == (case, program, runtime)
                    && measured.setting == *setting
            });
            write!(text, " {} |", found.map(latency).unwrap_or_default())?;
        }
        text.push('\n');
    }
    text.push('\n');
    Ok(text)
}

fn latency(measured: &Measured) -> String {
    let p99 = measured.p99_ms.map_or("-".to_owned(), |p99| format!("{p99:.1}"));
    format!("{:.1} / {p99}", measured.p50_ms.median)
}

fn at_rest(results: &Results) -> Result<String> {
    let mut text = String::from(
        "| workerd / Deno | gzipped | start-up | instantiation | memory | a request's calls | its CPU |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for at_rest in &results.at_rest {
        writeln!(
            text,
            "| {} | {:.1} KB | {} / {} | {} | {} / {} | {} |",
            at_rest.program,
            at_rest.gzipped_bytes as f64 / 1e3,
            milliseconds(&at_rest.workerd_start_up_ms),
            milliseconds(&at_rest.deno_start_up_ms),
            milliseconds(&at_rest.instantiation_ms),
            memory(at_rest.workerd_memory),
            memory(at_rest.deno_memory),
            request(results, &at_rest.program),
        )?;
    }
    text.push('\n');
    Ok(text)
}

fn together(results: &Results) -> Result<String> {
    let mut text = String::from(
        "| in one workerd, after so many preflight requests to each | functions | as many hello-worlds in JavaScript | in Rust |\n\
         |---|---|---|---|\n",
    );
    for Together { requests, ours, js_hellos, rust_hellos } in &results.together {
        writeln!(text, "| {requests} | {} | {} | {} |", memory(*ours), memory(*js_hellos), memory(*rust_hellos))?;
    }
    text.push('\n');
    Ok(text)
}

/// The last two columns for a program: its first request that is no refusal.
fn request(results: &Results, program: &Program) -> String {
    let of = |runtime: Runtime| {
        at_full_load(results).find(|measured| {
            measured.program == *program && measured.runtime == runtime && !REFUSALS.contains(&measured.case.as_str())
        })
    };
    let (in_workerd, in_deno) = (of(Runtime::Workerd), of(Runtime::Deno));
    let Some((in_workerd, in_deno)) = in_workerd.zip(in_deno) else { return "|".to_owned() };
    let cpu = |measured: &Measured| format!("{:.3}", measured.cpu_ms_per_request.median);
    format!("{:.0} | {} / {} ms", in_workerd.calls_per_request(), cpu(in_workerd), cpu(in_deno))
}

fn stack(results: &Results) -> Result<String> {
    if results.stack.is_empty() {
        return Ok(String::new());
    }
    let mut text = String::from(
        "| on the development stack, in workerd | connections | | requests/s | p50 | p99 |\n|---|---|---|---|---|---|\n",
    );
    for on_stack in &results.stack {
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {:.1} ms |",
            on_stack.case,
            on_stack.connections,
            if on_stack.is_ours { "Rust" } else { "TypeScript" },
            spread(&on_stack.requests_per_second, 0),
            milliseconds(&on_stack.p50_ms),
            on_stack.p99_ms,
        )?;
    }
    text.push('\n');
    Ok(text)
}

fn version(program: &Program) -> &'static str {
    if matches!(program, Program::Ours(_)) { "Rust" } else { "TypeScript" }
}

fn spread(spread: &Spread, digits: usize) -> String {
    let Spread { median, least, most } = spread;
    format!("{median:.digits$} ({least:.digits$} to {most:.digits$})")
}

fn times(times: Option<Spread>) -> String {
    times.map(|times| spread(&times, 2)).unwrap_or_default()
}

fn milliseconds(figures: &Spread) -> String {
    let digits = usize::from(figures.median < 10.0);
    format!("{:.digits$} ms ({:.digits$} to {:.digits$})", figures.median, figures.least, figures.most)
}

/// What the process wrote itself stands in brackets.
fn memory(memory: Memory) -> String {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    format!("{:.0} MB ({:.0})", megabytes(memory.resident), megabytes(memory.anonymous))
}
