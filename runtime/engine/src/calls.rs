//! What is noted of a call beside the journal: the worktree as it was before, so that a call whose answer a crash took
//! is done again as if for the first time.
//!
//! A folder for each workflow and, in it, for each attempt; a file for each call. Gone with the workflow's end.

use std::{fs, io, path::PathBuf};

use adw_core::{StageName, Timestamp};
use adw_store::RowId;
use adw_workspace::CommitId;
use serde::{Deserialize, Serialize};

/// The notes of all attempts.
#[derive(Clone, Debug)]
pub(crate) struct Calls {
    folder: PathBuf,
}

/// The notes of one attempt.
#[derive(Clone, Debug)]
pub(crate) struct AttemptCalls {
    folder: PathBuf,
}

/// What was before a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Before {
    /// All that lay in the worktree.
    pub(crate) checkpoint: CommitId,
    /// Where the branch stood.
    pub(crate) head: CommitId,
    /// When the call was first made.
    pub(crate) at: Timestamp,
}

impl Calls {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(crate) fn attempt(&self, workflow: RowId, stage: &StageName, attempt: u32) -> AttemptCalls {
        let folder = self.folder.join(workflow.0.to_string()).join(format!("{stage}-{attempt}"));
        AttemptCalls { folder }
    }

    /// Removes what is noted of a workflow: no attempt of it goes on any more.
    pub(crate) async fn forget(&self, workflow: RowId) {
        let folder = self.folder.join(workflow.0.to_string());
        // Most never call anything that is noted.
        if !folder.exists() {
            return;
        }
        let removed = blocking(move || fs::remove_dir_all(folder)).await;
        if let Err(error) = removed {
            tracing::warn!(workflow = workflow.0, %error, "notes of a workflow's calls can't be removed");
        }
    }
}

impl AttemptCalls {
    /// What was before this call, if an earlier run of the attempt came so far.
    pub(crate) async fn before(&self, n: u32) -> io::Result<Option<Before>> {
        let file = self.file(n);
        blocking(move || match fs::read(file) {
            Ok(note) => serde_json::from_slice(&note).map(Some).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// Notes what is before this call. Durable when this returns.
    pub(crate) async fn note(&self, n: u32, before: &Before) -> io::Result<()> {
        let note = serde_json::to_vec(before).map_err(io::Error::other)?;
        let (folder, file) = (self.folder.clone(), self.file(n));
        blocking(move || {
            fs::create_dir_all(&folder)?;
            let unfinished = file.with_extension("new");
            let mut to = fs::File::create(&unfinished)?;
            io::Write::write_all(&mut to, &note)?;
            to.sync_all()?;
            fs::rename(unfinished, file)?;
            fs::File::open(folder)?.sync_all()
        })
        .await
    }

    fn file(&self, n: u32) -> PathBuf {
        self.folder.join(format!("{n}.json"))
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
