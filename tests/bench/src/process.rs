//! What a process has used, from the kernel's own accounting.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};
use nix::{
    time::{clock_getcpuclockid, clock_gettime},
    unistd::Pid,
};
use serde::Serialize;

/// The CPU time of all threads of a process since it started, to the nanosecond. (`/proc/<pid>/stat` counts in steps of 10 ms.)
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let clock = clock_getcpuclockid(Pid::from_raw(pid.try_into()?)).context("a server has ended")?;
    Ok(clock_gettime(clock)?.into())
}

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Memory {
    /// All that is resident, with the runtime's program, which other processes may share.
    pub(crate) resident: u64,
    /// What it wrote itself: heaps, stacks, compiled code.
    pub(crate) anonymous: u64,
}

/// The memory of a process now.
pub(crate) fn memory(pid: u32) -> Result<Memory> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
    let bytes = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).with_context(|| format!("{path} has no {name}"))?;
        let kilobytes: u64 = line[name.len()..].trim().trim_end_matches(" kB").parse()?;
        anyhow::Ok(kilobytes * 1024)
    };
    Ok(Memory { resident: bytes("Rss:")?, anonymous: bytes("Anonymous:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_uses_cpu_and_memory() {
        let own = std::process::id();
        let before = cpu_time(own).unwrap();
        let worked: u64 = (0..2_000_000_u64).map(std::hint::black_box).sum();
        assert!(worked > 0 && cpu_time(own).unwrap() > before);
        let memory = memory(own).unwrap();
        assert!(memory.resident >= memory.anonymous && memory.anonymous > 0, "{memory:?}");
    }

    #[test]
    fn a_process_that_is_not_there_has_used_nothing_that_could_be_read() {
        assert!(cpu_time(u32::MAX / 2 - 7).is_err());
        assert!(memory(u32::MAX / 2 - 7).is_err());
    }
}
