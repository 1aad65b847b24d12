//! Which agent does the work.
//!
//! The one that the plugin names; else the task's; else the stage's; else `patch` where the task carries a unified
//! diff; else the first of adw.toml whose program is there; else `manual`, a person's own hands.

use std::{env, fmt, path::Path};

use adw_agents::extract_patch;
use adw_config::{AgentConfig, AgentProfile, Config};
use adw_core::{StageSpec, Task};
use adw_host::{CallError, capability::agent::Request};

/// The agent that is a person.
pub(crate) const MANUAL: &str = "manual";

/// An agent that is to be asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chosen {
    pub(crate) name: String,
    pub(crate) profile: AgentProfile,
}

/// Who is asked, or why nobody is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Choice {
    Agent(Chosen),
    ByHand(ByHand),
    Unavailable(CallError),
}

/// Why a person is asked to do the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByHand {
    /// Somebody named the agent `manual`.
    Named,
    /// There is nobody else.
    NobodyElse,
}

impl fmt::Display for ByHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Named => "the agent manual was named for it",
            Self::NobodyElse => {
                "the task carries no diff and adw.toml has no agent whose program is installed"
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
pub(crate) fn choose(config: &Config, task: &Task, stage: &StageSpec, request: &Request) -> Choice {
    let named = request.agent.as_deref().or(task.agent.as_deref()).or(stage.agent.as_deref());
    let choice = match named {
        Some(name) => by_name(config, name),
        None if task.diff().is_some() => {
            Choice::Agent(Chosen { name: "patch".to_owned(), profile: AgentProfile::Patch })
        }
        None => first_found(config).map_or(Choice::ByHand(ByHand::NobodyElse), Choice::Agent),
    };
    if request.writes { choice } else { for_words_alone(choice) }
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

fn by_name(config: &Config, name: &str) -> Choice {
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
        AgentProfile::Command { command, .. } => command.first().is_some_and(|program| is_installed(program)),
        // It has nothing to apply.
        AgentProfile::Patch => false,
    })
}

/// Whether the program of an agent is on this machine, by its path or on PATH.
pub fn is_installed(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).exists();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
