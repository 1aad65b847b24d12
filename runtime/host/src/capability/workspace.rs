//! `workspace`: reading the worktree.

use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;

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
