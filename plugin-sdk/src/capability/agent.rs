//! Coding agents.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::capability::{handle, milliseconds};
use crate::imports::agent;
use crate::{Cx, Error};

handle! {
    /// The coding agents that the operator configured.
    Agents
}

impl<'cx> Agents<'cx> {
    /// A question or an order to an agent. It may change the worktree unless you say [`Ask::read_only`].
    pub fn ask(self, prompt: impl Into<String>) -> Ask<'cx> {
        let request = agent::Request {
            prompt: prompt.into(),
            agent: None,
            session: None,
            writes: true,
            schema: None,
            timeout_ms: None,
        };
        Ask { request, run: PhantomData }
    }
}

/// A question or an order to an agent.
#[derive(Debug, Clone)]
#[must_use = "an agent is asked nothing until you `run` it"]
pub struct Ask<'cx> {
    request: agent::Request,
    run: PhantomData<&'cx Cx>,
}

impl<'cx> Ask<'cx> {
    /// Asks the agent of this name in adw.toml; otherwise the runtime chooses.
    pub fn named(mut self, agent: impl Into<String>) -> Self {
        self.request.agent = Some(agent.into());
        self
    }

    /// Goes on in the session that an earlier answer named.
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.request.session = Some(session.into());
        self
    }

    /// The agent may look at the worktree and not change it.
    pub fn read_only(mut self) -> Self {
        self.request.writes = false;
        self
    }

    /// Ends it after a while. What is left of the stage's own timeout bounds it in any case.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.request.timeout_ms = Some(milliseconds(timeout));
        self
    }

    /// Asks for an answer of a type of yours, by its JSON Schema.
    pub fn schema<T: JsonSchema + DeserializeOwned>(mut self) -> AskFor<'cx, T> {
        self.request.schema = Some(crate::glue::schema_of::<T>());
        AskFor { ask: self, answer: PhantomData }
    }

    /// Asks, and waits for the answer.
    pub fn run(self) -> Result<Answer, AgentError> {
        let answer = agent::run(&self.request)?;
        Ok(Answer {
            agent: answer.agent,
            text: answer.text,
            structured: answer.structured,
            session: answer.session,
            changes: answer.changes,
            usage: answer.usage.into_iter().collect(),
        })
    }
}

/// A question to an agent whose answer has a type.
#[derive(Debug, Clone)]
#[must_use = "an agent is asked nothing until you `run` it"]
pub struct AskFor<'cx, T> {
    ask: Ask<'cx>,
    answer: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> AskFor<'_, T> {
    /// Asks, and waits for the answer. One that doesn't fit is the failure `empty_or_unparsable_output`.
    pub fn run(self) -> Result<(T, Answer), AgentError> {
        let answer = self.ask.run()?;
        let Some(text) = &answer.structured else {
            return Err(answer.unusable("it gave no structured answer").into());
        };
        match serde_json::from_str(text) {
            Ok(value) => Ok((value, answer)),
            Err(error) => Err(answer.unusable(format!("its answer doesn't fit: {error}")).into()),
        }
    }
}

/// What an agent answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The agent that did it.
    pub agent: String,
    /// Its last words.
    pub text: String,
    /// A JSON value, where a schema was asked for.
    pub structured: Option<String>,
    /// To go on with later.
    pub session: Option<String>,
    /// Paths that differ from before the call, sorted: read off the worktree, not the agent's word.
    pub changes: Vec<String>,
    /// `cost_usd`, `input_tokens`, `output_tokens`, `model`, `turns`, … as far as they are known.
    pub usage: BTreeMap<String, String>,
}

impl Answer {
    /// The failure of an agent that ended well with an answer that is none: `empty_or_unparsable_output`.
    pub fn unusable(&self, why: impl std::fmt::Display) -> AgentFailure {
        AgentFailure {
            class: "empty_or_unparsable_output".to_owned(),
            message: format!("{}: {why}", self.agent),
            session: self.session.clone(),
        }
    }

    /// [`usage`](Self::usage) as JSON, with numbers where they are numbers.
    pub fn usage_as_json(&self) -> BTreeMap<String, Value> {
        let value = |text: &String| {
            text.parse::<serde_json::Number>().map_or_else(|_| text.clone().into(), Value::Number)
        };
        self.usage.iter().map(|(name, text)| (name.clone(), value(text))).collect()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgentError {
    /// The call was not carried out.
    #[error(transparent)]
    Call(#[from] Error),
    /// The agent ran, and failed.
    #[error(transparent)]
    Failed(#[from] AgentFailure),
}

/// How an agent failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the agent failed ({class}): {message}")]
#[non_exhaustive]
pub struct AgentFailure {
    /// `rate_limit`, `auth`, `quota`, `context_overflow`, `model_not_found`, `network`, `missing_executable`,
    /// `empty_or_unparsable_output`, `refused`, `timeout`, `cancelled`, `crashed`, `bad_patch`, …
    pub class: String,
    /// What it said, or what was seen.
    pub message: String,
    /// To go on with later.
    pub session: Option<String>,
}

impl AgentFailure {
    /// Whether somebody has to change something before another try can end otherwise.
    ///
    /// What isn't known here is left to the operator's retry policy, which names the classes it retries.
    pub fn needs_a_change(&self) -> bool {
        matches!(
            self.class.as_str(),
            "auth"
                | "quota"
                | "context_overflow"
                | "model_not_found"
                | "missing_executable"
                | "refused"
                | "bad_patch"
        )
    }
}

impl From<agent::Failure> for AgentError {
    fn from(failure: agent::Failure) -> Self {
        match failure {
            agent::Failure::Call(error) => Self::Call(error.into()),
            agent::Failure::Agent(failed) => Self::Failed(AgentFailure {
                class: failed.class,
                message: failed.message,
                session: failed.session,
            }),
        }
    }
}
