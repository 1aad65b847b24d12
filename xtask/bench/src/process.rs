//! What a process has used, as the kernel counts it.

use std::time::Duration;

use anyhow::{Context, Result};

/// A process, by its id in `/proc`.
#[derive(Clone, Debug)]
pub(crate) struct Process(String);

impl Process {
    pub(crate) fn of(pid: u32) -> Self {
        Self(pid.to_string())
    }

    /// This program.
    pub(crate) fn own() -> Self {
        Self("self".to_owned())
    }

    /// CPU time since it began, of all its threads.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = self.read("stat")?;
        // The name, in parentheses, may hold anything; what follows it are words.
        let (_, words) = stat.rsplit_once(')').context("/proc/…/stat has no name in it")?;
        let used = words.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks = used.sum::<Result<u64, _>>()?;
        let per_second = rustix::param::clock_ticks_per_second();
        Ok(Duration::from_millis(ticks * 1000 / per_second))
    }

    /// Resident memory now, in MiB.
    pub(crate) fn memory(&self) -> Result<f64> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|rest| rest.split_whitespace().next()).context("no VmRSS in status")?;
        Ok(kibibytes.parse::<f64>()? / 1024.0)
    }

    fn read(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.0);
        std::fs::read_to_string(&path).with_context(|| format!("{path} can't be read"))
    }
}
