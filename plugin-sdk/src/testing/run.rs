//! What came of a stage that ran against the scripted host.

use std::borrow::Cow;

use super::call::Call;
use super::script::Script;
use crate::bindings::adw::stage::log;
use crate::{Failure, Outcome, StageResult};

/// What came of a stage that ran against a [`TestHost`](super::TestHost).
#[derive(Debug)]
pub struct Run<T> {
    /// What the stage returned.
    pub result: StageResult<T>,
    /// What it asked, in order.
    pub calls: Vec<Call>,
    /// What it told the person who watches, in order.
    pub lines: Vec<Line>,
    script: Script,
}

/// Something told to the person who watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A line of the log.
    Log(Level, String),
    /// How far the stage is, in percent.
    Progress(u8, String),
}

/// How much a line of the log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "named for the methods of `Log`")]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl<T> Run<T> {
    pub(super) fn new(result: StageResult<T>, mut script: Script) -> Self {
        let calls = std::mem::take(&mut script.calls);
        let lines = std::mem::take(&mut script.lines);
        Self { result, calls, lines, script }
    }

    /// The output of a stage that is done.
    ///
    /// # Panics
    /// Where the stage ended otherwise.
    #[track_caller]
    pub fn data(&self) -> &T {
        self.done().1
    }

    /// The summary of a stage that is done.
    ///
    /// # Panics
    /// Where the stage ended otherwise.
    #[track_caller]
    pub fn summary(&self) -> &str {
        self.done().0
    }

    /// Why the stage was skipped.
    ///
    /// # Panics
    /// Where the stage ended otherwise.
    #[track_caller]
    pub fn skipped(&self) -> &str {
        match &self.result {
            Ok(Outcome::Skipped { reason }) => reason,
            Ok(Outcome::Done { summary, .. }) => panic!("the stage wasn't skipped but is done: {summary}"),
            Err(failure) => panic!("the stage wasn't skipped but failed: {failure:?}"),
        }
    }

    /// How the stage failed.
    ///
    /// # Panics
    /// Where it didn't.
    #[track_caller]
    pub fn failure(&self) -> &Failure {
        match &self.result {
            Ok(Outcome::Done { summary, .. }) => panic!("the stage didn't fail but is done: {summary}"),
            Ok(Outcome::Skipped { reason }) => panic!("the stage didn't fail but was skipped: {reason}"),
            Err(failure) => failure,
        }
    }

    /// A file of the worktree as the stage left it.
    pub fn file(&self, path: &str) -> Option<Cow<'_, str>> {
        self.script.worktree.files.get(path).map(|bytes| String::from_utf8_lossy(bytes))
    }

    /// An artifact as the stage left it.
    pub fn artifact(&self, name: &str) -> Option<&[u8]> {
        self.script.artifacts.get(name).map(Vec::as_slice)
    }

    /// What agents were asked, in order.
    pub fn prompts(&self) -> Vec<&str> {
        let mut prompts = Vec::new();
        for call in &self.calls {
            if let Call::Agent { prompt, .. } = call {
                prompts.push(prompt.as_str());
            }
        }
        prompts
    }

    /// The messages of the commits that the stage made, in order.
    pub fn commits(&self) -> Vec<&str> {
        let mut messages = Vec::new();
        for call in &self.calls {
            if let Call::Commit { message, id: Some(_) } = call {
                messages.push(message.as_str());
            }
        }
        messages
    }

    /// The programs that the stage ran, as one would type them, in order.
    pub fn programs(&self) -> Vec<String> {
        let program = |call: &Call| match call {
            Call::Exec { argv, .. } => Some(argv.join(" ")),
            _ => None,
        };
        self.calls.iter().filter_map(program).collect()
    }

    #[track_caller]
    fn done(&self) -> (&str, &T) {
        match &self.result {
            Ok(Outcome::Done { summary, data }) => (summary, data),
            Ok(Outcome::Skipped { reason }) => panic!("the stage isn't done but was skipped: {reason}"),
            Err(failure) => panic!("the stage isn't done but failed: {failure:?}"),
        }
    }
}

impl From<log::Level> for Level {
    fn from(level: log::Level) -> Self {
        match level {
            log::Level::Debug => Self::Debug,
            log::Level::Info => Self::Info,
            log::Level::Warn => Self::Warn,
            log::Level::Error => Self::Error,
        }
    }
}
