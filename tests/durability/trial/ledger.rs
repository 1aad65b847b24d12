//! What the agents wrote down themselves.

use std::collections::HashMap;

use super::workplace::LEDGER;
use crate::support::{polling::Process, repository::Repository};

/// A run of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub process: u32,
    pub has_ended: bool,
    /// Begun although one for the same task had ended.
    pub is_after_an_end: bool,
}

impl Run {
    /// Whether it is at work now.
    pub fn is_at_work(self) -> bool {
        !self.has_ended && Process(self.process).lives()
    }
}

/// The runs for each task, in the order in which they began.
pub type Ledger = HashMap<String, Vec<Run>>;

pub fn read(repository: &Repository) -> Ledger {
    // No agent, no ledger.
    parse(&std::fs::read_to_string(repository.beside(LEDGER)).unwrap_or_default())
}

pub fn parse(text: &str) -> Ledger {
    let mut ledger = Ledger::new();
    for line in text.lines() {
        let [what, task, process] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let process = process.parse().unwrap();
        let runs = ledger.entry(task.to_owned()).or_default();
        if what == "begin" {
            let is_after_an_end = runs.iter().any(|run| run.has_ended);
            runs.push(Run { process, has_ended: false, is_after_an_end });
            continue;
        }
        runs.iter_mut().rfind(|run| run.process == process).unwrap().has_ended = true;
    }
    ledger
}
