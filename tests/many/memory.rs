//! What a server holds, by the system's own account.

use std::{fmt::Write, time::Duration};

use crate::support::{polling::wait_for, server::Server};

/// How much memory a server had resident, at moments.
pub struct Memory {
    process: u32,
    notes: Vec<(String, u64)>,
}

impl Memory {
    pub fn of(server: &Server<'_>) -> Self {
        let mut memory = Self { process: server.process(), notes: Vec::new() };
        memory.note("at the start".to_owned());
        memory
    }

    pub fn note(&mut self, moment: String) {
        self.notes.push((moment, resident(self.process)));
    }

    /// From the end of this round on, it grew by no more than this.
    pub fn is_flat_after(&self, round: usize, growth: u64) {
        let mut account = String::new();
        for (moment, bytes) in &self.notes {
            writeln!(account, "{moment}: {} MiB", bytes >> 20).unwrap();
        }
        anstream::eprintln!("{account}");
        let settled = self.notes[round + 1].1;
        let last = self.notes.last().unwrap().1;
        assert!(last <= settled + growth, "it grew:\n{account}");
    }

    /// The sockets of those who are gone are closed.
    pub async fn has_no_open_sockets_within(&self, limit: Duration) {
        let folder = format!("/proc/{}/fd", self.process);
        let sockets = || {
            let files = std::fs::read_dir(&folder).unwrap();
            let targets = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
            targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
        };
        // The listener, what the runtime needs for signals, and connections that are kept for the next request.
        wait_for("the end of the sockets", limit, || (sockets() < 16).then_some(())).await;
    }
}

/// In bytes.
pub fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kibibytes: u64 = line.trim().strip_suffix(" kB").unwrap().trim().parse().unwrap();
    kibibytes << 10
}

/// The CPU time that a process has had, in hundredths of a second.
pub fn cpu_ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // After the program's name, which may hold anything, `utime` and `stime` are the 12th and 13th.
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
