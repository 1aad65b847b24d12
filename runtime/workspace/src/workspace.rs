//! A workflow's worktree.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};

use crate::checkpoint::Record;
use crate::error::WorkspaceError;
use crate::git::Git;
use crate::identity::Identity;
use crate::ids::CommitId;
use crate::index::remove_if_there;
use crate::refs::{self, Head, Refs};
use crate::repository::Repository;
use crate::trees::{self, Found};

/// A workflow's worktree on a branch of its own. Cheap to clone; operations on one workspace take turns.
#[derive(Debug, Clone)]
pub struct Workspace {
    inner: Arc<Inner>,
    repository: Repository,
}

/// What the operations on a workspace need to know of it.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) adw_id: String,
    pub(crate) branch: String,
    /// The folder of the worktree.
    pub(crate) path: PathBuf,
    /// git's folder that all worktrees of the repository share.
    pub(crate) common_dir: PathBuf,
    /// git's folder for this worktree alone.
    pub(crate) git_dir: PathBuf,
    pub(crate) private_index: PathBuf,
    pub(crate) base: CommitId,
    pub(crate) identity: Identity,
    pub(crate) turn: Arc<Mutex<()>>,
}

impl Workspace {
    pub(crate) fn new(inner: Inner, repository: Repository) -> Self {
        Self { inner: Arc::new(inner), repository }
    }

    pub(crate) fn inner(&self) -> Arc<Inner> {
        Arc::clone(&self.inner)
    }

    /// The worktree's folder.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// The workflow's branch, without `refs/heads/`.
    pub fn branch(&self) -> &str {
        &self.inner.branch
    }

    /// The commit that the workflow began from.
    pub fn base(&self) -> &CommitId {
        &self.inner.base
    }

    /// In whose name it commits, pinned at the workflow's first touch.
    pub fn identity(&self) -> &Identity {
        &self.inner.identity
    }

    /// Where the branch is now.
    pub async fn head(&self) -> Result<CommitId, WorkspaceError> {
        Ok(self.inner.refs().await?.0.id)
    }

    /// Environment for programs that run in the worktree: should one break its `.git`, git doesn't go up and find the
    /// person's checkout instead.
    pub fn environment(&self) -> Vec<(String, String)> {
        let trees = self.inner.path.parent().unwrap_or(&self.inner.path);
        vec![("GIT_CEILING_DIRECTORIES".to_owned(), trees.to_string_lossy().into_owned())]
    }

    /// Removes the worktree if its branch holds all that is in it, and so lets the person check the branch out; answers
    /// whether it did. [`Workspaces::ensure`](crate::Workspaces::ensure) makes it again.
    pub async fn remove_if_committed(&self) -> Result<bool, WorkspaceError> {
        let (inner, repository) = (self.inner(), self.repository.clone());
        to_the_end(async move {
            let _repository_turn = repository.turn().await?;
            let _turn = inner.turn().await;
            if !trees::is_folder(&inner.path) || !inner.is_committed().await? {
                return Ok(false);
            }
            trees::remove(&inner.common_dir, &inner.path).await?;
            remove_if_there(&inner.private_index)?;
            Ok(true)
        })
        .await
    }

    /// Removes the worktree. Its branch and checkpoints stay, and
    /// [`Workspaces::ensure`](crate::Workspaces::ensure) makes it again. Work that neither holds is
    /// [`WorkspaceError::Unsaved`], and nothing is removed.
    pub async fn remove(&self) -> Result<(), WorkspaceError> {
        let (inner, repository) = (self.inner(), self.repository.clone());
        to_the_end(async move {
            let _repository_turn = repository.turn().await?;
            let _turn = inner.turn().await;
            if trees::is_folder(&inner.path) {
                inner.refuse_unsaved().await?;
            }
            trees::remove(&inner.common_dir, &inner.path).await?;
            remove_if_there(&inner.private_index)
        })
        .await
    }
}

impl Inner {
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// The branch and the last checkpoint. A branch that was deleted is a move by someone else.
    pub(crate) async fn refs(&self) -> Result<(Head, Record), WorkspaceError> {
        match refs::read(&self.common_dir, &self.branch, &self.adw_id).await? {
            Refs { head: Some(head), last: Some(record) } => Ok((head, record)),
            Refs { head: None, last: Some(record) } => {
                Err(refs::moved(&self.branch, &record.checkpoint.head, ""))
            }
            Refs { last: None, .. } => Err(WorkspaceError::Gone { path: self.path.clone() }),
        }
    }

    /// Nothing is staged, cleaned or run where the worktree's folder was replaced: by a symlink to the person's checkout, say.
    pub(crate) fn refuse_what_is_not_ours(&self) -> Result<(), WorkspaceError> {
        if !trees::is_folder(&self.path) {
            return Err(WorkspaceError::Gone { path: self.path.clone() });
        }
        match trees::find(&self.common_dir, &self.path)? {
            Found::Foreign => Err(WorkspaceError::ForeignFolder { path: self.path.clone() }),
            _ => Ok(()),
        }
    }

    /// Whether the branch holds all that is in the worktree.
    async fn is_committed(&self) -> Result<bool, WorkspaceError> {
        let head = self.refs().await?.0;
        Ok(self.snapshot(&head.tree).await? == head.tree
            && !self.has_loose_commits().await?
            && self.held_within(&head.tree).await?.is_empty())
    }

    async fn refuse_unsaved(&self) -> Result<(), WorkspaceError> {
        let unsaved = |what| Err(WorkspaceError::Unsaved { path: self.path.clone(), what });
        let (head, record) = self.refs().await?;
        let tree = self.snapshot(&head.tree).await?;
        if tree != head.tree && tree != record.checkpoint.tree {
            return unsaved("changed files");
        }
        if self.has_loose_commits().await? {
            return unsaved("commits on no branch");
        }
        if !self.held_within(&tree).await?.is_empty() {
            return unsaved("a repository of its own");
        }
        Ok(())
    }

    /// Whether somebody committed in the worktree to no branch.
    async fn has_loose_commits(&self) -> Result<bool, WorkspaceError> {
        let checkpoints = format!("--glob={}", refs::of_checkpoints(&self.adw_id));
        let loose =
            ["rev-list", "--max-count=1", "HEAD", "--not", "--branches", "--tags", "--remotes", &checkpoints];
        let loose = Git::new(loose).git_dir(&self.git_dir).output().await?;
        Ok(loose.status.success() && !loose.stdout.is_empty())
    }
}

/// Runs an operation to its end even when nobody waits for it any more: half of one is worse than none.
pub(crate) async fn to_the_end<T, F>(operation: F) -> Result<T, WorkspaceError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, WorkspaceError>> + Send + 'static,
{
    join(tokio::spawn(operation)).await
}

/// Runs file-system work where it holds nobody up.
pub(crate) async fn blocking<T, F>(work: F) -> Result<T, WorkspaceError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, WorkspaceError> + Send + 'static,
{
    join(tokio::task::spawn_blocking(work)).await
}

async fn join<T>(task: tokio::task::JoinHandle<Result<T, WorkspaceError>>) -> Result<T, WorkspaceError> {
    match task.await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_cancelled) => Err(WorkspaceError::Stopped),
        },
    }
}
