//! Why the engine did not do what it was asked.

use std::path::PathBuf;

use adw_config::ConfigErrors;
use adw_core::{AdwId, Refusal};
use adw_store::StoreError;

/// Why a task was not taken.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Something that the task names doesn't exist or doesn't fit. `field` is the member of the request.
    #[error("{message}")]
    Invalid {
        /// The member of the request that is wrong, like `stages`.
        field: &'static str,
        /// What is wrong, and what would do.
        message: String,
    },
    /// The id belongs to another task.
    #[error("adw_id {0} is taken by another task: choose another, or leave it out to have one made")]
    Taken(AdwId),
    /// As many workflows wait as `limits.queue` allows.
    #[error("the queue is full: {limit} workflows wait. Try again later, or raise limits.queue")]
    QueueFull {
        /// What `limits.queue` says.
        limit: u64,
    },
    /// The server is about to stop.
    #[error("the server is stopping: try again when it is back")]
    Stopping,
    /// The store didn't take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a command on a workflow was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no such workflow.
    #[error("there is no workflow {0}")]
    NotFound(AdwId),
    /// The workflow has changed since the client read it.
    #[error("the workflow is at version {actual}, not {expected}: read it again")]
    Stale {
        /// What the client's `If-Match` named.
        expected: u64,
        /// What it is.
        actual: u64,
    },
    /// The workflow's state doesn't allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The server is about to stop.
    #[error("the server is stopping: try again when it is back")]
    Stopping,
    /// The store didn't give or take something.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something that the workflow left can't be read now.
    #[error("workflow {adw_id}: {reason}")]
    Unreadable {
        /// The workflow.
        adw_id: AdwId,
        /// What, and why.
        reason: String,
    },
    /// What the workflow changed was taken out of the repository.
    #[error(
        "workflow {adw_id}: its branch {branch} is gone from {}, and so is what adw kept beside it (refs/adw/{adw_id}): \
         what it changed can be seen where it was merged or pushed to; else `git fsck --lost-found` there finds its last \
         commit for as long as git keeps that",
        repository.display()
    )]
    BranchGone {
        /// The workflow.
        adw_id: AdwId,
        /// Its branch.
        branch: String,
        /// Where that was.
        repository: PathBuf,
    },
    /// The pinned document, or something else that was kept, can't be read.
    #[error("workflow {adw_id} can't be continued: {reason}")]
    Broken {
        /// The workflow.
        adw_id: AdwId,
        /// What is missing or wrong.
        reason: String,
    },
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Plugins can't be used as adw.toml has it; each names stage, cause and remedy.
    #[error(transparent)]
    Plugins(ConfigErrors),
    /// The WebAssembly host didn't start.
    #[error(transparent)]
    Host(#[from] adw_host::HostError),
    /// The store didn't answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// git, or the folder of worktrees, can't be used.
    #[error("{0}")]
    Workspaces(String),
    /// The data folder can't be used.
    #[error("{path}: {source}. Make it writable for the user that runs adw")]
    DataFolder {
        /// What was to be made or opened.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
