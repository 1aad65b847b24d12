//! Which agent does the work.
//!
//! The one that the plugin names; else the task's; else the stage's; else `patch` where the task carries a unified
//! diff; else the first of adw.toml whose program is there; else `manual`, a person's own hands.
//!
//! A diff that a later stage found wanting has nothing more to give: then those after `patch` are asked, and where there
//! is none, or `patch` was named, the work has failed for what that stage found.

mod spent;

use std::{env, fmt, path::Path};

use adw_agents::{Program, extract_patch};
use adw_config::{AgentConfig, AgentProfile, Config, UsagePointers};
use adw_core::{StageSpec, Task, Workflow};
use adw_host::{Call, CallError, capability::agent::Request};

use spent::SpentDiff;

/// The agent that is a person.
pub(crate) const MANUAL: &str = "manual";

/// An agent that is to be asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chosen {
    pub(crate) name: String,
    pub(crate) profile: AgentProfile,
}

impl Chosen {
    /// Whether it is to say what it uses.
    pub(crate) fn says_usage(&self) -> bool {
        matches!(&self.profile, AgentProfile::Command { usage, .. } if *usage != UsagePointers::default())
    }
}

/// Who is asked, or why nobody is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Choice {
    Agent(Chosen),
    ByHand(ByHand),
    Unavailable(CallError),
}

impl Choice {
    /// Who is asked.
    fn name(&self) -> Option<&str> {
        match self {
            Self::Agent(chosen) => Some(&chosen.name),
            Self::ByHand(_) => Some(MANUAL),
            Self::Unavailable(_) => None,
        }
    }

    /// Whether the stage's grants let it ask this one.
    pub(crate) fn admitted(&self, stage: &StageSpec, request: &Request) -> Result<(), CallError> {
        let Some(name) = self.name() else { return Ok(()) };
        let named = Call::Agent(Request { agent: Some(name.to_owned()), ..request.clone() });
        match (adw_host::check(&stage.grants, stage.name.as_str(), &named), self) {
            (Err(CallError::Denied(line)), Self::ByHand(why)) => {
                Err(CallError::Denied(format!("{why}, and {line}")))
            }
            (judged, _) => judged,
        }
    }
}

/// Why a person is asked to do the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByHand {
    /// Somebody named the agent `manual`.
    Named,
    /// There is nobody else.
    NobodyElse,
    /// There is nobody else who could mend what the task's diff made.
    DiffSpent,
}

impl fmt::Display for ByHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Named => "the agent manual was named for it",
            Self::NobodyElse => {
                "the task carries no diff and adw.toml has no agent whose program is installed"
            }
            Self::DiffSpent => {
                "the task's diff is applied and doesn't pass, and adw.toml has no agent whose program is installed"
            }
        })
    }
}

/// A task's diff, wherever it stands.
pub(crate) trait CarriesDiff {
    /// The field `patch`, or the diff within the description, bare or fenced.
    fn diff(&self) -> Option<String>;
}

impl CarriesDiff for Task {
    fn diff(&self) -> Option<String> {
        self.patch.clone().or_else(|| extract_patch(self.description.as_deref()?))
    }
}

/// Decides who does the work.
pub(crate) fn choose(config: &Config, workflow: &Workflow, stage: &StageSpec, request: &Request) -> Choice {
    let task = &workflow.task;
    let named = request.agent.as_deref().or(task.agent.as_deref()).or(stage.agent.as_deref());
    let spent = SpentDiff::of(workflow, &stage.name);
    let choice = match (named, &spent) {
        (Some(name), _) => by_name(config, name),
        (None, Some(_)) => Some(beyond_patch(config, ByHand::DiffSpent))
            .filter(|next| next.admitted(stage, request).is_ok())
            .unwrap_or_else(patch),
        (None, None) if task.diff().is_some() => patch(),
        (None, None) => beyond_patch(config, ByHand::NobodyElse),
    };
    let choice = match (choice, spent) {
        (Choice::Agent(Chosen { profile: AgentProfile::Patch, .. }), Some(spent)) => {
            Choice::Unavailable(spent.failure(&stage.name))
        }
        (choice, _) => choice,
    };
    if request.writes { choice } else { for_words_alone(choice) }
}

fn patch() -> Choice {
    Choice::Agent(Chosen { name: "patch".to_owned(), profile: AgentProfile::Patch })
}

/// Who is asked where there is no diff to apply.
fn beyond_patch(config: &Config, why: ByHand) -> Choice {
    first_found(config).map_or(Choice::ByHand(why), Choice::Agent)
}

/// Neither a diff, nor a program of which nothing is known, nor a person's hands can be kept from changing files.
fn for_words_alone(choice: Choice) -> Choice {
    let why = match choice {
        Choice::Agent(chosen) => {
            format!("the agent {} can't be asked for words alone: it may change files", chosen.name)
        }
        Choice::ByHand(_) | Choice::Unavailable(_) => "no agent can be asked for words alone".to_owned(),
    };
    Choice::Unavailable(CallError::Unavailable(why))
}

/// The agent of this name.
pub(crate) fn by_name(config: &Config, name: &str) -> Choice {
    let profile = match (config.agent(name), name) {
        (Some(agent), _) => agent.profile.clone(),
        (None, "patch") => AgentProfile::Patch,
        (None, MANUAL) => return Choice::ByHand(ByHand::Named),
        (None, _) => {
            let unknown = format!("adw.toml has no agent {name:?}; add [agents.{name}]");
            return Choice::Unavailable(CallError::NotFound(unknown));
        }
    };
    Choice::Agent(Chosen { name: name.to_owned(), profile })
}

fn first_found(config: &Config) -> Option<Chosen> {
    let found = first_installed(config)?;
    Some(Chosen { name: found.name.clone(), profile: found.profile.clone() })
}

/// The agent of a task that names none and carries no diff, where its stage names none either: the first of adw.toml
/// whose program is there.
pub fn first_installed(config: &Config) -> Option<&AgentConfig> {
    config.agents.iter().find(|agent| match &agent.profile {
        AgentProfile::Command { command, .. } => {
            command.first().is_some_and(|program| find_program(program) == Program::Installed)
        }
        // It has nothing to apply.
        AgentProfile::Patch => false,
    })
}

/// What there is of an agent's program on this machine, by its path or on PATH.
pub fn find_program(program: &str) -> Program {
    Program::find(program, &env::var_os("PATH").unwrap_or_default(), Path::new("."))
}
