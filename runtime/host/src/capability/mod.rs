//! What a guest can be given, one file each: its requests and answers, its limits, its part of the bindings.

pub mod agent;
pub mod artifacts;
mod bounds;
pub mod clock;
pub mod exec;
pub mod http;
pub mod human;
pub mod log;
pub mod random;
pub mod state;
pub mod workspace;
pub mod workspace_write;

use std::fmt;

use adw_core::{Grants, WorkspaceAccess};

/// An interface of the contract that a plugin may import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Lines for the person who watches.
    Log,
    /// Reading the worktree.
    Workspace,
    /// Changing the worktree.
    WorkspaceWrite,
    /// Running programs.
    Exec,
    /// Asking coding agents.
    Agent,
    /// Outgoing HTTP.
    Http,
    /// Asking a person.
    Human,
    /// Time.
    Clock,
    /// Random bytes.
    Random,
    /// Small values that outlive an attempt.
    State,
    /// Named results.
    Artifacts,
}

impl Capability {
    /// All of them, in the contract's order.
    pub const ALL: [Self; 11] = [
        Self::Log,
        Self::Workspace,
        Self::WorkspaceWrite,
        Self::Exec,
        Self::Agent,
        Self::Http,
        Self::Human,
        Self::Clock,
        Self::Random,
        Self::State,
        Self::Artifacts,
    ];

    /// The interface's name in the contract.
    pub const fn interface(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Workspace => "workspace",
            Self::WorkspaceWrite => "workspace-write",
            Self::Exec => "exec",
            Self::Agent => "agent",
            Self::Http => "http",
            Self::Human => "human",
            Self::Clock => "clock",
            Self::Random => "random",
            Self::State => "state",
            Self::Artifacts => "artifacts",
        }
    }

    /// The capability behind an interface's name.
    pub fn from_interface(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.interface() == name)
    }

    /// The smallest grant with which a plugin that imports it loads, as it would stand in adw.toml below
    /// `[stages.<name>.grants]`; none for what reaches nothing outside.
    pub const fn least_grant(self) -> Option<&'static str> {
        match self {
            Self::Workspace => Some("workspace = \"read\""),
            Self::WorkspaceWrite => Some("workspace = \"write\""),
            Self::Exec => Some(
                "exec = []   # and in it each command that may be run, as in [[\"cargo\", \"test\", \"**\"]]",
            ),
            Self::Agent => Some("agent = [\"*\"]"),
            Self::Http => Some("http = []"),
            Self::Log | Self::Human | Self::Clock | Self::Random | Self::State | Self::Artifacts => None,
        }
    }

    /// Whether these grants say anything about it: what exactly is allowed is judged call by call.
    pub fn is_granted(self, grants: &Grants) -> bool {
        match self {
            Self::Workspace => grants.workspace.is_some(),
            Self::WorkspaceWrite => grants.workspace == Some(WorkspaceAccess::Write),
            Self::Exec => grants.exec.is_some(),
            Self::Agent => grants.agent.is_some(),
            Self::Http => grants.http.is_some(),
            Self::Log | Self::Human | Self::Clock | Self::Random | Self::State | Self::Artifacts => true,
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.interface())
    }
}
