//! `workspace-write`: changing the worktree.

use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;

/// A call of this interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Creates or replaces a file.
    Write {
        /// Relative to the worktree.
        path: String,
        /// What it shall hold.
        content: Bytes,
    },
    /// Removes a file.
    Remove {
        /// Relative to the worktree.
        path: String,
    },
    /// Commits all that changed.
    Commit {
        /// The commit's message.
        message: String,
    },
    /// Keeps the worktree as it is.
    Checkpoint {
        /// What it is kept as, for people.
        label: String,
    },
    /// Makes the worktree what it was.
    Restore {
        /// The checkpoint's name.
        checkpoint: String,
    },
}

impl Call {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Write { .. } => "workspace-write.write",
            Self::Remove { .. } => "workspace-write.remove",
            Self::Commit { .. } => "workspace-write.commit",
            Self::Checkpoint { .. } => "workspace-write.checkpoint",
            Self::Restore { .. } => "workspace-write.restore",
        }
    }
}

/// What the change is known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To `write`, `remove` and `restore`.
    Done,
    /// To `commit`: its id, none when nothing had changed.
    Commit(Option<String>),
    /// To `checkpoint`: its name.
    Checkpoint(String),
}
