//! One way to ask an agent, whichever backend it has.

use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::command::{self, Argv};
use crate::event::AgentEvent;
use crate::exec::Runner;
use crate::failure::{AgentFailure, ErrorClass};
use crate::patch::{self, ApplyPatch};
use crate::process::environment::Environment;
use crate::usage::UsageRules;

/// An agent as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgentSpec {
    /// Applies the unified diff that the task carries.
    Patch,
    /// Runs a program; its outcome is its exit code and what it did to the files.
    Command {
        /// The program.
        argv: Argv,
        /// Where it says what it has used.
        usage: UsageRules,
    },
}

/// What an agent is asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// What it is to do.
    pub prompt: String,
    /// The unified diff that the task carries.
    pub patch: Option<String>,
    /// Whether it may change files.
    pub writes: bool,
    /// JSON Schema that its answer is to satisfy.
    pub schema: Option<String>,
    /// A session to go on in.
    pub session: Option<String>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// How long its program may write nothing.
    pub silence: Option<Silence>,
    /// The environment of its program.
    pub env: Environment,
}

/// How long a program may write nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Then it is stopped.
    pub longest: Duration,
    /// What allows it more, for a person.
    pub remedy: String,
}

impl Silence {
    /// Why this program was stopped.
    pub fn told(&self, program: &str) -> String {
        let Self { longest, remedy } = self;
        format!("`{program}` was stopped after {} s of silence ({remedy})", longest.as_secs_f64())
    }
}

/// What an agent is given to work with.
pub struct Tools<'a> {
    /// The workspace's folder.
    pub cwd: &'a Path,
    /// Runs its program, or goes on with it.
    pub runner: &'a dyn Runner,
    /// Stops what it does without a program.
    pub cancel: &'a CancellationToken,
    /// Applies a diff to the workspace.
    pub patch: &'a dyn ApplyPatch,
    /// Is told what it does, as it does it.
    pub events: &'a mut (dyn FnMut(AgentEvent) + Send),
}

/// What an agent answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// What it said.
    pub text: String,
    /// A JSON value, where a schema was given. It parses; whether it satisfies the schema is the caller's to check.
    pub structured: Option<String>,
    /// What it can be resumed by.
    pub session: Option<String>,
    /// `cost_usd`, `input_tokens`, `model`, …, as far as they are known.
    pub usage: Vec<(String, String)>,
}

impl AgentSpec {
    /// Whether this agent can keep its hands off the files when it is told to. One that can't is not asked where
    /// `writes` is false.
    pub fn can_only_read(&self) -> bool {
        match self {
            Self::Patch | Self::Command { .. } => false,
        }
    }
}

/// Asks an agent and waits for its answer. What changed in the files is for the caller to read off them.
pub async fn run_agent(spec: &AgentSpec, request: Request, tools: Tools<'_>) -> Result<Answer, AgentFailure> {
    if !request.writes && !spec.can_only_read() {
        let message = "this agent can't be kept from changing files, and it was asked for words alone";
        return Err(AgentFailure::new(ErrorClass::Refused, message));
    }
    match spec {
        AgentSpec::Patch => patch::run(&request, tools).await,
        AgentSpec::Command { argv, usage } => command::run(argv, usage, request, tools).await,
    }
}
