//! `workspace-write`: changing the worktree.

use serde::{Deserialize, Serialize};

use super::bounds::{self, KIB, MIB};
use crate::bindings::adw::stage::workspace_write as bindings;
use crate::bytes::Bytes;
use crate::call::{self, CallError};
use crate::guest::{Guest, Refused};

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

const CONTENT: usize = 16 * MIB;
const MESSAGE: usize = 64 * KIB;
const LABEL: usize = 256;

impl bindings::Host for Guest {
    async fn write(&mut self, path: String, content: Vec<u8>) -> Result<(), Refused> {
        bounds::path("the path", &path)?;
        bounds::at_most("the content's length", content.len(), CONTENT)?;
        self.change(Call::Write { path, content: Bytes(content) }).await
    }

    async fn remove(&mut self, path: String) -> Result<(), Refused> {
        bounds::path("the path", &path)?;
        self.change(Call::Remove { path }).await
    }

    async fn commit(&mut self, message: String) -> Result<Option<String>, Refused> {
        bounds::at_most("the message's length", message.len(), MESSAGE)?;
        if message.trim().is_empty() {
            return Err(CallError::Invalid("a commit needs a message".to_owned()).into());
        }
        self.ask(call::Call::WorkspaceWrite(Call::Commit { message }), |reply| match reply {
            call::Reply::WorkspaceWrite(Reply::Commit(id)) => Some(id),
            _ => None,
        })
        .await
    }

    async fn checkpoint(&mut self, label: String) -> Result<String, Refused> {
        bounds::name("the label", &label, LABEL)?;
        self.ask(call::Call::WorkspaceWrite(Call::Checkpoint { label }), |reply| match reply {
            call::Reply::WorkspaceWrite(Reply::Checkpoint(name)) => Some(name),
            _ => None,
        })
        .await
    }

    async fn restore(&mut self, checkpoint: String) -> Result<(), Refused> {
        bounds::revision("the checkpoint", &checkpoint)?;
        self.change(Call::Restore { checkpoint }).await
    }
}

impl Guest {
    /// A call that is answered with no more than that it is done.
    async fn change(&mut self, call: Call) -> Result<(), Refused> {
        self.ask(call::Call::WorkspaceWrite(call), |reply| match reply {
            call::Reply::WorkspaceWrite(Reply::Done) => Some(()),
            _ => None,
        })
        .await
    }
}
