//! The host while a stage runs: what the test scripted, and what was asked.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::Value;

use super::call::Call;
use super::replies::{AgentReply, ExecReply, HttpReply};
use super::run::Line;
use super::worktree::Worktree;
use crate::Error;

/// What the test scripted, and what was asked so far.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) worktree: Worktree,
    pub(super) programs: Vec<(Vec<String>, ExecReply)>,
    pub(super) agents: VecDeque<AgentReply>,
    pub(super) diffs: VecDeque<String>,
    pub(super) requests: Vec<(String, String, HttpReply)>,
    pub(super) people: VecDeque<Result<Value, Error>>,
    /// Errors by the call's name, and whether one was met.
    pub(super) failing: BTreeMap<String, (Error, bool)>,
    /// Since the epoch.
    pub(super) now: Duration,
    pub(super) random: u64,
    pub(super) state: BTreeMap<String, Vec<u8>>,
    pub(super) artifacts: BTreeMap<String, Vec<u8>>,
    pub(super) calls: Vec<Call>,
    pub(super) lines: Vec<Line>,
}

impl Script {
    /// Writes a call down; an error where the test has such calls fail.
    pub(super) fn ask(&mut self, call: Call) -> Result<(), Error> {
        let failing = self.failing.get_mut(call.name());
        self.calls.push(call);
        match failing {
            Some((error, met)) => {
                *met = true;
                Err(error.clone())
            }
            None => Ok(()),
        }
    }

    /// What the test scripted and nothing asked for, as the lines that did so.
    pub(super) fn unused(&self) -> Vec<String> {
        let programs = self.programs.iter().map(|(argv, _)| format!(".exec({argv:?}, …)"));
        let agents = self.agents.iter().map(|reply| match &reply.result {
            Ok(answer) => format!(".agent(reply({:?}))", answer.text),
            Err(error) => format!(".agent(…), which fails: {error}"),
        });
        let diffs = self.diffs.iter().map(|_| ".diff(…)".to_owned());
        let requests = self.requests.iter().map(|(method, url, _)| format!(".http({method:?}, {url:?}, …)"));
        let people = self.people.iter().map(|answer| format!(".human({answer:?})"));
        let failing = self.failing.iter().filter(|(_, (_, met))| !met);
        let failing = failing.map(|(name, (error, _))| format!(".failing({name:?}, {error:?})"));
        programs.chain(agents).chain(diffs).chain(requests).chain(people).chain(failing).collect()
    }
}

thread_local! {
    static RUNNING: RefCell<Option<Script>> = const { RefCell::new(None) };
}

/// Runs a stage with a script in place, and gives the script back; it is taken away also after a panic.
pub(super) fn run<T>(script: Script, stage: impl FnOnce() -> T) -> (T, Script) {
    struct TakenAway;

    impl Drop for TakenAway {
        fn drop(&mut self) {
            RUNNING.with_borrow_mut(|running| *running = None);
        }
    }

    RUNNING.with_borrow_mut(|running| *running = Some(script));
    let _at_the_end = TakenAway;
    let result = stage();
    let script = RUNNING.with_borrow_mut(Option::take).unwrap_or_default();
    (result, script)
}

/// Answers a call from the script of the stage that runs on this thread.
pub(super) fn with<T>(answer: impl FnOnce(&mut Script) -> T) -> T {
    RUNNING.with_borrow_mut(|running| match running {
        Some(script) => answer(script),
        None => panic!(
            "there is no host on this thread: run the stage with `TestHost::new()….run(stage, config)`"
        ),
    })
}
