//! What the system allows a process, against what adw.toml asks of it.

use std::fs;

use rustix::process::{Resource, getrlimit};

use super::{Finding, Surroundings};

/// What a server holds open by itself: its database, its listener, plugins, some clients.
const FILES: u64 = 256;

/// What a workflow at work holds open: the pipes of its programs, its logs, its watchers.
const FILES_EACH: u64 = 32;

/// Below this much free memory a build that a stage starts is likely to be ended by the system.
const MEMORY: u64 = 512 << 20;

pub(super) fn check(surroundings: &Surroundings) -> Vec<Finding> {
    let Some(config) = surroundings.config() else { return Vec::new() };
    let places = config.limits.concurrent_workflows as u64;
    let mut findings = vec![files(getrlimit(Resource::Nofile).current, places)];
    findings.extend(fs::read_to_string("/proc/meminfo").ok().as_deref().and_then(available).map(memory));
    findings
}

fn files(allowed: Option<u64>, places: u64) -> Finding {
    let needed = FILES + places * FILES_EACH;
    match allowed {
        Some(allowed) if allowed < needed => Finding::warn(
            format!("a process may open {allowed} files, and {places} workflows at once may need {needed}"),
            format!("ulimit -n {needed}"),
        ),
        Some(allowed) => {
            Finding::ok(format!("a process may open {allowed} files, enough for {places} workflows at once"))
        }
        None => Finding::ok("a process may open any number of files"),
    }
}

fn memory(available: u64) -> Finding {
    let message = format!("{} MiB of memory are free", available >> 20);
    let fix =
        "ps aux --sort=-rss | head   # and end what is not needed, or lower limits.concurrent_workflows";
    if available < MEMORY { Finding::warn(message, fix) } else { Finding::ok(message) }
}

/// What the system says can be had without swapping, in bytes.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn files_are_counted_for_each_workflow() {
        assert_eq!(files(Some(1024), 10).verdict, Verdict::Ok);
        assert_eq!(files(None, 1_000).verdict, Verdict::Ok);
        let few = files(Some(256), 10);
        assert_eq!(few.verdict, Verdict::Warn { fix: "ulimit -n 576".to_owned() }, "{few:?}");
    }

    #[test]
    fn memory_is_read_as_the_system_writes_it() {
        let text = "MemTotal:       24564 kB\nMemFree:         1 kB\nMemAvailable:    1048576 kB\n";
        assert_eq!(available(text), Some(1 << 30));
        assert_eq!(available(""), None);
        assert!(matches!(memory(1 << 20).verdict, Verdict::Warn { .. }));
    }
}
