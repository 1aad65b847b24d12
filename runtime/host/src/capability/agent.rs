//! `agent`: asking a coding agent.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

use super::bounds::{self, KIB, MIB};
use crate::bindings::adw::stage::agent as bindings;
use crate::call::{self, CallError};
use crate::guest::{Guest, Refused};

/// What an agent is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The prompt.
    pub prompt: String,
    /// An agent's name in adw.toml; the runtime chooses when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Goes on in a session that an earlier answer named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Whether it may change the worktree.
    pub writes: bool,
    /// JSON Schema that its answer is to satisfy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// How long it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// What an agent answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The agent that did it.
    pub agent: String,
    /// What it said.
    pub text: String,
    /// A JSON value, where a schema was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structured: Option<Value>,
    /// The session to go on in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Paths that differ from before the call, sorted.
    pub changes: Vec<String>,
    /// `cost_usd`, `input_tokens`, … as far as they are known.
    pub usage: BTreeMap<String, String>,
}

/// An agent that ran, and failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// `rate_limit`, `auth`, `timeout`, `bad_patch`, …
    pub class: String,
    /// What happened.
    pub message: String,
    /// The session to go on in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

const PROMPT: usize = MIB;
const NAME: usize = 256;
const SESSION: usize = KIB;

impl bindings::Host for Guest {
    async fn run(&mut self, request: bindings::Request) -> Result<bindings::Answer, Refused> {
        let request = checked(request)?;
        let answer = self
            .ask(call::Call::Agent(request), |reply| match reply {
                call::Reply::Agent(answer) => Some(answer),
                _ => None,
            })
            .await?;
        Ok(answer.into())
    }

    fn convert_failure(&mut self, refused: Refused) -> wasmtime::Result<bindings::Failure> {
        match refused {
            Refused::Answer(CallError::Agent(failed)) => Ok(bindings::Failure::Agent(failed.into())),
            Refused::Answer(error) => Ok(bindings::Failure::Call(error.into())),
            Refused::End(end) => Err(end),
        }
    }
}

fn checked(request: bindings::Request) -> Result<Request, CallError> {
    let bindings::Request { prompt, agent, session, writes, schema, timeout_ms } = request;
    bounds::at_most("the prompt's length", prompt.len(), PROMPT)?;
    if let Some(agent) = &agent {
        bounds::name("the agent", agent, NAME)?;
    }
    if let Some(session) = &session {
        bounds::name("the session", session, SESSION)?;
    }
    Ok(Request { prompt, agent, session, writes, schema: bounds::schema(schema)?, timeout_ms })
}

impl From<Answer> for bindings::Answer {
    fn from(answer: Answer) -> Self {
        Self {
            agent: answer.agent,
            text: answer.text,
            structured: answer.structured.map(|value| value.to_string()),
            session: answer.session,
            changes: answer.changes,
            usage: answer.usage.into_iter().collect(),
        }
    }
}

impl From<Failed> for bindings::Failed {
    fn from(Failed { class, message, session }: Failed) -> Self {
        Self { class, message, session }
    }
}
