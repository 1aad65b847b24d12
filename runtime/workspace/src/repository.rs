//! The repository that a project's workflows work on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::commit::{self, NewCommit};
use crate::error::WorkspaceError;
use crate::git::{Git, path_of};
use crate::identity::Identity;
use crate::ids::{CommitId, TreeId};
use crate::private;
use crate::workspace::blocking;

/// A repository to work on: the person's, in whatever form (a checkout, bare, itself a worktree), or for a folder that
/// has none a private one in the runtime's folder.
///
/// Made by [`Workspaces::open`](crate::Workspaces::open). Cheap to clone.
#[derive(Debug, Clone)]
pub struct Repository {
    root: PathBuf,
    common_dir: PathBuf,
    /// git's folder for the checkout or worktree that was opened, whose `HEAD` is its own.
    own_git_dir: PathBuf,
    base: Option<String>,
    kind: Kind,
    lock: Arc<Mutex<()>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Own,
    Private,
}

/// While it is held, no other of our tasks or processes adds or removes worktrees of the repository.
pub(crate) struct RepositoryTurn {
    _here: OwnedMutexGuard<()>,
    _elsewhere: Option<std::fs::File>,
}

impl Repository {
    /// The folder that was opened.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// git's own folder, which all worktrees of the repository share: where the workflow's branch is.
    pub fn git_dir(&self) -> &Path {
        &self.common_dir
    }

    /// Whether the folder has no git repository, and the runtime keeps a private one for it.
    pub fn is_private(&self) -> bool {
        self.kind == Kind::Private
    }

    /// Opens the repository at a folder. `lock_of` gives the lock that belongs to git's own folder.
    pub(crate) async fn open(
        path: &Path,
        base: Option<&str>,
        data_dir: &Path,
        lock_of: impl FnOnce(&Path) -> Arc<Mutex<()>> + Send,
    ) -> Result<Self, WorkspaceError> {
        let missing = || WorkspaceError::NoSuchFolder { path: path.to_owned() };
        let root = path.canonicalize().map_err(|_missing| missing())?;
        if !root.is_dir() {
            return Err(missing());
        }
        let (common_dir, own_git_dir, kind) = if let Some((common_dir, own)) = discover(&root).await? {
            (common_dir, own, Kind::Own)
        } else {
            let git_dir = private::prepare(&root, data_dir).await?;
            (git_dir.clone(), git_dir, Kind::Private)
        };
        let lock = lock_of(&common_dir);
        Ok(Self { root, common_dir, own_git_dir, base: base.map(str::to_owned), kind, lock })
    }

    /// The commit that a new workflow begins from, made where there is none yet.
    pub(crate) async fn begin(&self, identity: &Identity) -> Result<CommitId, WorkspaceError> {
        if self.kind == Kind::Private {
            private::take_in(&self.root, &self.common_dir, identity).await?;
        }
        match self.find_base().await? {
            Some(base) => Ok(base),
            None => self.write_empty_commit().await,
        }
    }

    /// Waits for the repository's turn.
    pub(crate) async fn turn(&self) -> Result<RepositoryTurn, WorkspaceError> {
        let here = Arc::clone(&self.lock).lock_owned().await;
        let common_dir = self.common_dir.clone();
        // Another runtime may work on the same repository with a data folder of its own. Locking the folder itself
        // leaves nothing in it.
        let elsewhere = blocking(move || {
            let folder = std::fs::File::open(&common_dir).map_err(WorkspaceError::io("opening", &common_dir))?;
            match folder.lock() {
                Ok(()) => Ok(Some(folder)),
                Err(error) => {
                    tracing::debug!(%error, folder = %common_dir.display(), "this file system can't lock a folder");
                    Ok(None)
                }
            }
        })
        .await?;
        Ok(RepositoryTurn { _here: here, _elsewhere: elsewhere })
    }

    /// The commit that the base names now; none while the repository has no commit at all.
    async fn find_base(&self) -> Result<Option<CommitId>, WorkspaceError> {
        let base = self.base.as_deref().unwrap_or("HEAD");
        let revision = format!("{base}^{{commit}}");
        let verify = ["rev-parse", "--verify", "--quiet", "--end-of-options", &revision];
        let found = Git::new(verify).git_dir(&self.own_git_dir).output().await?;
        if found.status.success() {
            let id = String::from_utf8_lossy(&found.stdout).trim().parse()?;
            return Ok(Some(id));
        }
        if self.is_unborn().await? || !self.has_commits().await? {
            return Ok(None);
        }
        Err(WorkspaceError::NoSuchBase { path: self.root.clone(), base: base.to_owned() })
    }

    async fn has_commits(&self) -> Result<bool, WorkspaceError> {
        let branches = Git::new(["for-each-ref", "--count=1", "refs/heads", "refs/remotes", "refs/tags"]);
        Ok(!branches.git_dir(&self.common_dir).text().await?.is_empty())
    }

    /// Whether the base, which names no commit, is the branch that the person's first commit will make.
    async fn is_unborn(&self) -> Result<bool, WorkspaceError> {
        let head = Git::new(["symbolic-ref", "--quiet", "HEAD"]).git_dir(&self.own_git_dir).output().await?;
        let head = String::from_utf8_lossy(&head.stdout);
        let branch = head.trim_end().strip_prefix("refs/heads/");
        Ok(branch
            .is_some_and(|branch| self.base.as_deref().is_none_or(|base| base == branch || base == "HEAD")))
    }

    /// Begins the history of a workflow in a repository that has none: the same commit each time.
    async fn write_empty_commit(&self) -> Result<CommitId, WorkspaceError> {
        let tree: TreeId = Git::new(["mktree"]).git_dir(&self.common_dir).stdin("").text().await?.parse()?;
        let new = NewCommit {
            tree: &tree,
            parents: &[],
            message: "Begin\n",
            identity: &Identity::default(),
            date: Timestamp::UNIX_EPOCH,
        };
        commit::write(&self.common_dir, &new).await
    }
}

/// git's folders for a folder, the one that all worktrees share and its own; none where it lies in no repository.
async fn discover(root: &Path) -> Result<Option<(PathBuf, PathBuf)>, WorkspaceError> {
    let asked = git_folder(root, "--git-common-dir").await?;
    match asked {
        Ok(common_dir) => {
            let git_dir = git_folder(root, "--git-dir").await?.unwrap_or_else(|_| common_dir.clone());
            Ok(Some((common_dir, git_dir)))
        }
        Err(reason) if reason.contains("not a git repository") && !has_dot_git(root) => Ok(None),
        Err(reason) => Err(WorkspaceError::Unreadable { path: root.to_owned(), reason }),
    }
}

/// One of git's folders, or its words why there is none. Asked for alone, since a path may hold line breaks.
async fn git_folder(root: &Path, name: &str) -> Result<Result<PathBuf, String>, WorkspaceError> {
    let output = Git::new(["rev-parse", "--path-format=absolute", name]).cwd(root).output().await?;
    if !output.status.success() {
        return Ok(Err(output.stderr.trim().to_owned()));
    }
    let folder = path_of(output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout));
    folder.canonicalize().map(Ok).map_err(WorkspaceError::io("finding", &folder))
}

/// Whether there is something that should be a repository.
fn has_dot_git(root: &Path) -> bool {
    root.join(".git").symlink_metadata().is_ok()
}
