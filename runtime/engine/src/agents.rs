//! Which agent does the work.
//!
//! The one that the plugin names; else the task's; else the stage's; else `patch` where the task carries a unified
//! diff; else the first of adw.toml whose program is there; else nobody, and the answer says what to do.

use std::{env, path::Path};

use adw_agents::extract_patch;
use adw_config::{AgentConfig, AgentProfile, Config};
use adw_core::{StageSpec, Task};
use adw_host::{CallError, capability::agent::Request};

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
    Unavailable(CallError),
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
    let chosen = match named {
        Some(name) => by_name(config, name),
        None if task.diff().is_some() => {
            Ok(Chosen { name: "patch".to_owned(), profile: AgentProfile::Patch })
        }
        None => first_found(config),
    };
    // Neither a diff, nor a program of which nothing is known, nor a person's hands can be kept from changing files.
    if !request.writes {
        let why = match chosen {
            Ok(chosen) => {
                format!("the agent {} can't be asked for words alone: it may change files", chosen.name)
            }
            Err(_) => "no agent can be asked for words alone".to_owned(),
        };
        return Choice::Unavailable(CallError::Unavailable(why));
    }
    match chosen {
        Err(error) => Choice::Unavailable(error),
        Ok(chosen) => Choice::Agent(chosen),
    }
}

fn by_name(config: &Config, name: &str) -> Result<Chosen, CallError> {
    let profile = match (config.agent(name), name) {
        (Some(agent), _) => agent.profile.clone(),
        (None, "patch") => AgentProfile::Patch,
        (None, "manual") => return Err(by_hand()),
        (None, _) => {
            return Err(CallError::NotFound(format!("adw.toml has no agent {name:?}; add [agents.{name}]")));
        }
    };
    Ok(Chosen { name: name.to_owned(), profile })
}

fn first_found(config: &Config) -> Result<Chosen, CallError> {
    match first_installed(config) {
        Some(agent) => Ok(Chosen { name: agent.name.clone(), profile: agent.profile.clone() }),
        None => Err(by_hand()),
    }
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

fn by_hand() -> CallError {
    CallError::NotFound(
        "no agent can do this: put a unified diff into the task's description, or add to adw.toml an agent whose \
         program is installed, such as\n[agents.mine]\nprofile = \"command\"\ncommand = [\"my-agent\", \"{prompt}\"]"
            .to_owned(),
    )
}

/// Whether the program of an agent is on this machine, by its path or on PATH.
///
/// A relative path is taken from the worktree, which may not be there yet: that is found out when it runs.
pub fn is_installed(program: &str) -> bool {
    if program.contains('/') {
        return !Path::new(program).is_absolute() || Path::new(program).exists();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
