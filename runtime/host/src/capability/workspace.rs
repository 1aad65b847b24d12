//! `workspace`: reading the worktree.

use serde::{Deserialize, Serialize};

use super::bounds::{self, KIB};
use crate::bindings::adw::stage::workspace as bindings;
use crate::bytes::Bytes;
use crate::call;
use crate::guest::{Guest, Refused};

/// A call of this interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// A file's bytes.
    Read {
        /// Relative to the worktree.
        path: String,
    },
    /// Files that match a glob.
    Glob {
        /// Like `**/*.rs`.
        pattern: String,
    },
    /// A unified diff.
    Diff {
        /// A commit, a checkpoint or `base`; the head of the branch when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<String>,
    },
}

impl Call {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Read { .. } => "workspace.read",
            Self::Glob { .. } => "workspace.glob",
            Self::Diff { .. } => "workspace.diff",
        }
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To `read`: the file.
    File(Bytes),
    /// To `glob`: paths, sorted.
    Paths(Vec<String>),
    /// To `diff`: the diff.
    Diff(String),
}

const PATTERN: usize = KIB;

impl bindings::Host for Guest {
    async fn read(&mut self, path: String) -> Result<Vec<u8>, Refused> {
        bounds::path("the path", &path)?;
        self.ask(call::Call::Workspace(Call::Read { path }), |reply| match reply {
            call::Reply::Workspace(Reply::File(bytes)) => Some(bytes.0),
            _ => None,
        })
        .await
    }

    async fn glob(&mut self, pattern: String) -> Result<Vec<String>, Refused> {
        bounds::pattern("the pattern", &pattern, PATTERN)?;
        self.ask(call::Call::Workspace(Call::Glob { pattern }), |reply| match reply {
            call::Reply::Workspace(Reply::Paths(paths)) => Some(paths),
            _ => None,
        })
        .await
    }

    async fn diff(&mut self, since: Option<String>) -> Result<String, Refused> {
        if let Some(since) = &since {
            bounds::revision("since", since)?;
        }
        self.ask(call::Call::Workspace(Call::Diff { since }), |reply| match reply {
            call::Reply::Workspace(Reply::Diff(diff)) => Some(diff),
            _ => None,
        })
        .await
    }
}
