//! A guest's call as one value, and its answer as another.
//!
//! Both are written into journals, so their encodings are only ever added to: a variant or a field keeps its name
//! and meaning for good, a new field is optional and left out where it has its default, and thus what was recorded
//! keeps its bytes and its hash.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;
use crate::capability::{
    Capability, agent, artifacts, clock, exec, http, human, log, random, state, workspace, workspace_write,
};
use crate::digest::Sha256;

/// Something that a guest asks of its host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Lines for the person who watches.
    Log(log::Call),
    /// Reading the worktree.
    Workspace(workspace::Call),
    /// Changing the worktree.
    WorkspaceWrite(workspace_write::Call),
    /// Running a program.
    Exec(exec::Command),
    /// Asking a coding agent.
    Agent(agent::Request),
    /// Outgoing HTTP.
    Http(http::Request),
    /// Asking a person.
    Human(human::Question),
    /// Time.
    Clock(clock::Call),
    /// Random bytes.
    Random(random::Request),
    /// Small values that outlive an attempt.
    State(state::Call),
    /// Named results.
    Artifacts(artifacts::Call),
}

/// What a call brought. Its variant is that of the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The line was taken.
    Log,
    /// What was read.
    Workspace(workspace::Reply),
    /// What the change is known by.
    WorkspaceWrite(workspace_write::Reply),
    /// The program ended.
    Exec(exec::Output),
    /// The agent is done.
    Agent(agent::Answer),
    /// The response.
    Http(http::Response),
    /// The person's answer, a JSON value.
    Human(serde_json::Value),
    /// The time, or that it has passed.
    Clock(clock::Reply),
    /// Random bytes.
    Random(Bytes),
    /// The value.
    State(state::Reply),
    /// The artifact, or its name.
    Artifacts(artifacts::Reply),
}

/// The answer that a guest gets.
pub type Answer = Result<Reply, CallError>;

/// Why a call was not carried out: the contract's `error`, and an agent's own failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum CallError {
    /// adw.toml doesn't grant this; the text holds the line that would.
    #[error("denied: {0}")]
    Denied(String),
    /// The request is wrong, or passes a limit.
    #[error("invalid: {0}")]
    Invalid(String),
    /// What it names isn't there.
    #[error("not found: {0}")]
    NotFound(String),
    /// It took too long.
    #[error("timed out: {0}")]
    Timeout(String),
    /// The budget is used up.
    #[error("over budget: {0}")]
    Budget(String),
    /// It was started and its outcome is not known.
    #[error("interrupted: {0}")]
    Interrupted(String),
    /// It can't be done now or here.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The agent ran, and failed: an answer to agent calls only.
    #[error("the agent failed ({}): {}", .0.class, .0.message)]
    Agent(agent::Failed),
}

/// How a call is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// Not at all, and not repeated on replay.
    Never,
    /// It reaches nothing outside: its answer is written with the next effect.
    Read,
    /// Its intent is durable before it starts, its answer before the guest sees it.
    Effect,
}

impl Call {
    /// The interface that it belongs to.
    pub fn capability(&self) -> Capability {
        match self {
            Self::Log(_) => Capability::Log,
            Self::Workspace(_) => Capability::Workspace,
            Self::WorkspaceWrite(_) => Capability::WorkspaceWrite,
            Self::Exec(_) => Capability::Exec,
            Self::Agent(_) => Capability::Agent,
            Self::Http(_) => Capability::Http,
            Self::Human(_) => Capability::Human,
            Self::Clock(_) => Capability::Clock,
            Self::Random(_) => Capability::Random,
            Self::State(_) => Capability::State,
            Self::Artifacts(_) => Capability::Artifacts,
        }
    }

    /// Its name for people, like `workspace.read`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Log(call) => call.name(),
            Self::Workspace(call) => call.name(),
            Self::WorkspaceWrite(call) => call.name(),
            Self::Exec(_) => "exec.run",
            Self::Agent(_) => "agent.run",
            Self::Http(_) => "http.send",
            Self::Human(_) => "human.ask",
            Self::Clock(call) => call.name(),
            Self::Random(_) => "random.bytes",
            Self::State(call) => call.name(),
            Self::Artifacts(call) => call.name(),
        }
    }

    /// How it is written down.
    pub fn recording(&self) -> Recording {
        match self {
            Self::Log(_) => Recording::Never,
            Self::Workspace(_)
            | Self::Random(_)
            | Self::Clock(clock::Call::Now)
            | Self::State(state::Call::Get { .. })
            | Self::Artifacts(artifacts::Call::Get { .. }) => Recording::Read,
            Self::WorkspaceWrite(_)
            | Self::Exec(_)
            | Self::Agent(_)
            | Self::Http(_)
            | Self::Human(_)
            | Self::Clock(clock::Call::Sleep { .. })
            | Self::State(state::Call::Set { .. })
            | Self::Artifacts(artifacts::Call::Put { .. }) => Recording::Effect,
        }
    }

    /// Its canonical encoding, the body of an `asked` entry.
    pub fn encode(&self) -> String {
        to_json(&CallRecord { v: 1, call: self })
    }

    /// Reads an encoding back.
    pub fn decode(body: &str) -> Result<Self, DecodeError> {
        let CallRecord { call, .. } = from_json("call", body)?;
        Ok(call)
    }

    /// The SHA-256 of its canonical encoding: two requests are the same if this is.
    pub fn hash(&self) -> Sha256 {
        Sha256::of(self.encode().as_bytes())
    }
}

/// A record that this version of the runtime can't read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not the JSON that was once written.
    #[error("the recorded {what} can't be read: {reason}")]
    Malformed {
        /// What was expected to stand there.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Written by a newer runtime.
    #[error(
        "the recorded {what} has format {found}, this runtime reads 1: run the version of adw that wrote it"
    )]
    Newer {
        /// What was expected to stand there.
        what: &'static str,
        /// Its format.
        found: u32,
    },
}

#[derive(Serialize, Deserialize)]
struct CallRecord<C> {
    v: u32,
    call: C,
}

/// The encoding of everything that a journal keeps.
#[expect(
    clippy::expect_used,
    reason = "serialising fails only on maps without string keys, and there are none"
)]
pub(crate) fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("journal records are plain JSON")
}

/// Reads a record, after its format: an unknown one explains itself better than its unknown members.
pub(crate) fn from_json<T: DeserializeOwned>(what: &'static str, body: &str) -> Result<T, DecodeError> {
    #[derive(Deserialize)]
    struct Format {
        v: u32,
    }
    let malformed = |error: serde_json::Error| DecodeError::Malformed { what, reason: error.to_string() };
    match serde_json::from_str::<Format>(body).map_err(malformed)?.v {
        1 => serde_json::from_str(body).map_err(malformed),
        found => Err(DecodeError::Newer { what, found }),
    }
}
