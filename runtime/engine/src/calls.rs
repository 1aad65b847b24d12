//! What is noted of a call beside the journal: the worktree as it was before, so that a call whose answer a crash took
//! is done again as if for the first time.
//!
//! A folder for each workflow and, in it, for each attempt; a file for each call and, beside it, the folder of the program
//! that the call runs. Gone with the workflow's end.
//!
//! ```text
//! <row of the workflow>/<stage>-<attempt>/<n>.json   what was before call n
//!                                         <n>.run/   the program of call n: `adw_agents::supervisor` has its layout
//! ```

use std::{fs, io, path::PathBuf};

use adw_agents::supervisor::{self, FoundRun};
use adw_core::{StageName, Timestamp};
use adw_store::RowId;
use adw_workspace::CommitId;
use serde::{Deserialize, Serialize};

use crate::programs;

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
    /// Whose program it ran, where an agent was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<Asked>,
}

/// The agent that a call asked: adw.toml may say something else by the time that it answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) agent: String,
    /// How long it may take.
    pub(crate) timeout_ms: u64,
}

impl Calls {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(crate) fn attempt(&self, workflow: RowId, stage: &StageName, attempt: u32) -> AttemptCalls {
        AttemptCalls { folder: self.of(workflow).join(format!("{stage}-{attempt}")) }
    }

    /// The folder of a workflow.
    pub(crate) fn of(&self, workflow: RowId) -> PathBuf {
        self.folder.join(workflow.0.to_string())
    }

    /// The programs of all workflows.
    pub(crate) fn programs(&self) -> io::Result<Vec<FoundRun>> {
        let mut found = Vec::new();
        for workflow in self.folder.read_dir()? {
            found.extend(supervisor::survey(&workflow?.path())?);
        }
        Ok(found)
    }

    /// The programs of a workflow.
    pub(crate) fn programs_of(&self, workflow: RowId) -> io::Result<Vec<FoundRun>> {
        supervisor::survey(&self.of(workflow))
    }

    /// Removes what is noted of a workflow: no attempt of it goes on any more. What still runs of it is ended.
    pub(crate) async fn forget(&self, workflow: RowId) {
        let folder = self.of(workflow);
        // Most never call anything that is noted.
        if !folder.exists() {
            return;
        }
        programs::end(programs::or_none(self.programs_of(workflow))).await;
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

    /// The folder of the program that a call runs.
    pub(crate) fn program(&self, n: u32) -> PathBuf {
        self.folder.join(format!("{n}.run"))
    }

    /// The folder of the attempt.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    fn file(&self, n: u32) -> PathBuf {
        self.folder.join(format!("{n}.json"))
    }
}

/// Work on files, off the threads that must not wait.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
