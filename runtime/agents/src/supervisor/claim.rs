//! `claim` and `started`: who supervises a try, and what runs in it.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use crate::process::mark::RunMark;
use crate::process::table::ProcessId;
use crate::supervisor::folder::Try;
use crate::supervisor::record::{self, Reading, VERSION};

const CLAIM: &str = "claim";
const STARTED: &str = "started";

/// Says that a try is begun, and by whom. Of several who claim one, one wins, for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claim {
    version: u32,
    supervisor: ProcessId,
    /// A start time says nothing after the machine was started anew.
    boot: String,
    run: RunMark,
}

/// The program of a try.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Started {
    version: u32,
    program: ProcessId,
}

impl Claim {
    pub(crate) fn of_this_process(run: RunMark) -> io::Result<Self> {
        let own = ProcessId::of(std::process::id()).ok_or_else(|| io::Error::other("/proc is not there"))?;
        Ok(Self { version: VERSION, supervisor: own, boot: boot()?, run })
    }

    pub(crate) fn read(of: &Try) -> Reading<Self> {
        record::read(&of.file(CLAIM))
    }

    /// Whether this claim is the one that won. It appears whole: one that is found half is damaged.
    pub(crate) fn stake(&self, on: &Try) -> io::Result<bool> {
        let aside = on.file(&format!("{CLAIM}.{}", std::process::id()));
        let written = record::write_aside(&aside, self).and_then(|file| file.sync_all());
        let staked = written.and_then(|()| fs::hard_link(&aside, on.file(CLAIM)));
        let _left_behind = fs::remove_file(&aside);
        match staked {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
            Ok(()) => on.sync().map(|()| true),
        }
    }

    /// The supervisor, unless the machine was started anew since.
    pub(crate) fn supervisor(&self) -> Option<ProcessId> {
        (boot().ok()? == self.boot).then_some(self.supervisor)
    }

    pub(crate) fn run(&self) -> &RunMark {
        &self.run
    }
}

/// Writes down who the program is. It need not outlast the machine, since no program does.
pub(crate) fn write_started(of: &Try, program: ProcessId) -> io::Result<()> {
    let aside = of.file(&format!("{STARTED}.new"));
    record::write_aside(&aside, &Started { version: VERSION, program })?;
    fs::rename(&aside, of.file(STARTED))
}

/// The program, where it is known and still the one that was started.
pub(crate) fn living_program(of: &Try) -> Option<ProcessId> {
    match record::read::<Started>(&of.file(STARTED)) {
        Reading::There(started) => Some(started.program).filter(|program| program.is_alive()),
        Reading::Absent | Reading::Unreadable => None,
    }
}

fn boot() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}
