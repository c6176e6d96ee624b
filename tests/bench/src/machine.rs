//! What the figures were taken on.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use serde::Serialize;
use tokio::process::Command;

use crate::programs::Runtimes;

/// The machine, and the versions of what ran there.
#[derive(Serialize)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory_gb: u64,
    kernel: String,
    /// How many processes wanted a core in the minute before.
    load_before: f64,
    workerd: String,
    deno: String,
}

impl Machine {
    pub(crate) async fn look(runtimes: &Runtimes) -> Result<Self> {
        let cpuinfo = read("/proc/cpuinfo")?;
        let processor = field(&cpuinfo, "model name").unwrap_or("an unknown processor").to_owned();
        let kilobytes: u64 =
            field(&read("/proc/meminfo")?, "MemTotal").unwrap_or_default().trim_end_matches(" kB").parse()?;
        let load = read("/proc/loadavg")?;
        Ok(Self {
            processor,
            cores: std::thread::available_parallelism()?.get(),
            memory_gb: (kilobytes + 500_000) / 1_000_000,
            kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            load_before: load.split(' ').next().unwrap_or_default().parse()?,
            workerd: version(&runtimes.workerd).await?,
            deno: version(&runtimes.deno).await?,
        })
    }

    /// In one line, without a full stop.
    pub(crate) fn line(&self) -> String {
        let Self { processor, cores, memory_gb, kernel, load_before, workerd, deno } = self;
        format!(
            "{processor}, {cores} cores, {memory_gb} GB, Linux {kernel}; {workerd}, {deno}; load before the run {load_before}"
        )
    }
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{path} cannot be read; scripts/bench needs Linux"))
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

async fn version(program: &Path) -> Result<String> {
    let output = Command::new(program).arg("--version").output().await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let first = text.lines().next().unwrap_or_default();
    Ok(first.split(" (").next().unwrap_or_default().to_owned())
}
