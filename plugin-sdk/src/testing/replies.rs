//! What a test has the host answer.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::{AgentFailure, Answer, Error, Exit, Output, Response};

/// What something that ran did to the worktree.
#[derive(Debug, Clone, Default)]
pub(super) struct Effect {
    /// A file's new content, or none where it was removed.
    pub(super) edits: Vec<(String, Option<Vec<u8>>)>,
    /// Whether it also committed.
    pub(super) commits: bool,
}

/// What came of a program; see [`exits`].
#[derive(Debug, Clone)]
pub struct ExecReply {
    pub(super) result: Result<Output, Error>,
    pub(super) effect: Effect,
}

/// A program that ends by itself with this code.
pub fn exits(code: i32) -> ExecReply {
    ends(Exit::Code(code))
}

/// A program that a signal ends.
pub fn killed(signal: i32) -> ExecReply {
    ends(Exit::Signal(signal))
}

/// A program that is ended because its time is over.
pub fn timed_out() -> ExecReply {
    ends(Exit::TimedOut)
}

fn ends(exit: Exit) -> ExecReply {
    let output = Output { exit, stdout: Vec::new(), stderr: Vec::new(), duration: Duration::from_millis(10) };
    ExecReply { result: Ok(output), effect: Effect::default() }
}

impl ExecReply {
    /// What it writes.
    #[must_use]
    pub fn stdout(mut self, text: impl Into<Vec<u8>>) -> Self {
        if let Ok(output) = &mut self.result {
            output.stdout = text.into();
        }
        self
    }

    /// What it writes to standard error.
    #[must_use]
    pub fn stderr(mut self, text: impl Into<Vec<u8>>) -> Self {
        if let Ok(output) = &mut self.result {
            output.stderr = text.into();
        }
        self
    }

    /// A file that it leaves in the worktree.
    #[must_use]
    pub fn writes(mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.effect.edits.push((path.into(), Some(content.into())));
        self
    }
}

impl From<Error> for ExecReply {
    fn from(error: Error) -> Self {
        Self { result: Err(error), effect: Effect::default() }
    }
}

/// What an agent answers; see [`reply`] and [`agent_fails`].
#[derive(Debug, Clone)]
pub struct AgentReply {
    pub(super) result: Result<Answer, crate::AgentError>,
    pub(super) effect: Effect,
}

/// An agent called `mock` that ends well with this text.
pub fn reply(text: impl Into<String>) -> AgentReply {
    let answer = Answer {
        agent: "mock".to_owned(),
        text: text.into(),
        structured: None,
        session: None,
        changes: Vec::new(),
        usage: BTreeMap::new(),
    };
    AgentReply { result: Ok(answer), effect: Effect::default() }
}

/// An agent that runs and fails.
pub fn agent_fails(class: impl Into<String>, message: impl Into<String>) -> AgentReply {
    let failure = AgentFailure { class: class.into(), message: message.into(), session: None };
    AgentReply { result: Err(failure.into()), effect: Effect::default() }
}

impl AgentReply {
    /// The agent's name.
    #[must_use]
    pub fn by(self, agent: impl Into<String>) -> Self {
        self.with(|answer| answer.agent = agent.into())
    }

    /// Its structured answer.
    ///
    /// # Panics
    /// Where the value can't be written as JSON.
    #[must_use]
    pub fn structured(self, value: &impl Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(json) => self.with(|answer| answer.structured = Some(json)),
            Err(error) => panic!("the structured answer is no JSON: {error}"),
        }
    }

    /// The session to go on in.
    #[must_use]
    pub fn session(self, session: impl Into<String>) -> Self {
        self.with(|answer| answer.session = Some(session.into()))
    }

    /// What it used.
    #[must_use]
    pub fn usage(self, name: impl Into<String>, amount: impl Into<String>) -> Self {
        self.with(|answer| {
            answer.usage.insert(name.into(), amount.into());
        })
    }

    /// A file that it creates or replaces; it is among the answer's changes.
    #[must_use]
    pub fn writes(mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.effect.edits.push((path.into(), Some(content.into())));
        self
    }

    /// A file that it removes; it is among the answer's changes.
    #[must_use]
    pub fn removes(mut self, path: impl Into<String>) -> Self {
        self.effect.edits.push((path.into(), None));
        self
    }

    /// It commits its changes by itself.
    #[must_use]
    pub fn commits(mut self) -> Self {
        self.effect.commits = true;
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Answer)) -> Self {
        if let Ok(answer) = &mut self.result {
            change(answer);
        }
        self
    }
}

impl From<Error> for AgentReply {
    fn from(error: Error) -> Self {
        Self { result: Err(error.into()), effect: Effect::default() }
    }
}

/// What a web server answers; see [`respond`].
#[derive(Debug, Clone)]
pub struct HttpReply {
    pub(super) result: Result<Response, Error>,
}

/// A web server's answer with this status.
pub fn respond(status: u16) -> HttpReply {
    HttpReply { result: Ok(Response { status, headers: Vec::new(), body: Vec::new() }) }
}

impl HttpReply {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Ok(response) = &mut self.result {
            response.headers.push((name.into(), value.into()));
        }
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        if let Ok(response) = &mut self.result {
            response.body = body.into();
        }
        self
    }
}

impl From<Error> for HttpReply {
    fn from(error: Error) -> Self {
        Self { result: Err(error) }
    }
}
