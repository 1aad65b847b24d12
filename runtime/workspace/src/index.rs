//! The worktree's content as a tree, by way of an index of our own.
//!
//! Each workspace has a private index in the runtime's folder. It is only a cache of what files looked like when they
//! were last hashed: what a snapshot holds depends on the branch's head and the files alone. The worktree's own index,
//! which agents and people use, is written only where a commit or restore has to leave it clean.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::WorkspaceError;
use crate::git::{Git, failed, path_of};
use crate::ids::TreeId;
use crate::workspace::{Inner, blocking};

impl Inner {
    /// A tree of all files that git doesn't ignore. Afterwards the private index has that tree.
    pub(crate) async fn snapshot(&self, head_tree: &TreeId) -> Result<TreeId, WorkspaceError> {
        self.refuse_what_is_not_ours()?;
        let left_out = self.left_out().await?;
        let scratch = Scratch::beside(&self.private_index)?;
        let index = scratch.index();
        copy_with_time(&self.private_index, &index).await?;
        // Starting from the head's tree forgets files that an earlier snapshot took in and that are ignored since.
        if self.git(["read-tree", "-m", head_tree.as_str()], &index).bytes().await.is_err() {
            remove_if_there(&index)?;
            self.git(["read-tree", head_tree.as_str()], &index).bytes().await?;
        }
        self.stage_all(head_tree, &index).await?;
        self.put_back(&left_out, &index).await?;
        let tree = self.git(["write-tree"], &index).text().await?.parse()?;
        rename(&index, &self.private_index)?;
        Ok(tree)
    }

    /// The last snapshot with files added to it that git ignores.
    pub(crate) async fn force_into_snapshot(&self, paths: &[PathBuf]) -> Result<TreeId, WorkspaceError> {
        self.clear_own_lock()?;
        let list = paths.iter().map(|path| path.as_os_str().as_bytes()).collect::<Vec<_>>().join(&0);
        let add = ["--literal-pathspecs", "add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul"];
        self.git(add, &self.private_index).stdin(list).bytes().await?;
        self.git(["write-tree"], &self.private_index).text().await?.parse()
    }

    /// Paths that are in the wanted tree and not in the found one, and yet are there: git ignores them.
    pub(crate) async fn ignored_in_the_way(
        &self,
        found: &TreeId,
        wanted: &TreeId,
    ) -> Result<Vec<PathBuf>, WorkspaceError> {
        let added = self.added(found, wanted).await?;
        let paths = added.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(path_of);
        Ok(paths.filter(|path| self.is_there(path)).collect())
    }

    /// Whether the worktree has something at a path. What a symlink above it leads to is no part of the worktree.
    fn is_there(&self, path: &Path) -> bool {
        let above = path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
        let kind = |path: &Path| self.path.join(path).symlink_metadata();
        kind(path).is_ok() && above.into_iter().all(|above| kind(above).is_ok_and(|kind| kind.is_dir()))
    }

    /// One of the paths that only the later tree has which git ignores, if there is one.
    pub(crate) async fn first_ignored(
        &self,
        earlier: &TreeId,
        later: &TreeId,
    ) -> Result<Option<String>, WorkspaceError> {
        let added = self.added(earlier, later).await?;
        if added.is_empty() {
            return Ok(None);
        }
        let check = self.git(["check-ignore", "--no-index", "--stdin", "-z"], &self.private_index);
        let ignored = check.stdin(added).output().await?;
        // It ends with 1 where it names none, and without a code where it was killed.
        if !matches!(ignored.status.code(), Some(0 | 1)) {
            return Err(failed("check-ignore".to_owned(), &ignored));
        }
        let first = ignored.stdout.split(|byte| *byte == 0).find(|path| !path.is_empty());
        Ok(first.map(|path| String::from_utf8_lossy(path).into_owned()))
    }

    /// The paths that only the later tree has, each with a NUL behind it.
    async fn added(&self, earlier: &TreeId, later: &TreeId) -> Result<Vec<u8>, WorkspaceError> {
        let args = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A"];
        let args = args.into_iter().chain([earlier.as_str(), later.as_str()]);
        Git::new(args).git_dir(&self.common_dir).bytes().await
    }

    /// Turns the files from one tree, which the private index has, into another.
    pub(crate) async fn make_tree(&self, from: &TreeId, to: &TreeId) -> Result<(), WorkspaceError> {
        if from != to {
            self.clear_own_lock()?;
            self.git(["read-tree", "--reset", "-u", to.as_str()], &self.private_index).bytes().await?;
        }
        Ok(())
    }

    /// Leaves the worktree as git would: on its branch, its own index at the head, no lock left over. The private
    /// index has the worktree's tree.
    ///
    /// No program of the workflow runs in the worktree meanwhile, so a lock there is a dead one's.
    pub(crate) async fn settle(&self, head_tree: &TreeId, tree: &TreeId) -> Result<(), WorkspaceError> {
        self.attach_head().await?;
        let left_out = self.left_out().await?;
        let index = self.git_dir.join("index");
        let scratch = Scratch::beside(&index)?;
        let fresh = scratch.index();
        copy_with_time(&self.private_index, &fresh).await?;
        if head_tree != tree {
            self.git(["read-tree", "-m", head_tree.as_str()], &fresh).bytes().await?;
        }
        self.mark_left_out(&left_out, &fresh).await?;
        remove_if_there(&self.git_dir.join("index.lock"))?;
        rename(&fresh, &index)
    }

    /// Whoever holds the turn is alone with the private index: a lock on it was left by a git that was killed.
    pub(crate) fn clear_own_lock(&self) -> Result<(), WorkspaceError> {
        let mut lock = self.private_index.clone().into_os_string();
        lock.push(".lock");
        remove_if_there(Path::new(&lock))
    }

    /// Puts the worktree's HEAD back on the workflow's branch, whatever was checked out there.
    async fn attach_head(&self) -> Result<(), WorkspaceError> {
        let branch = crate::refs::of_branch(&self.branch);
        let head = std::fs::read_to_string(self.git_dir.join("HEAD")).unwrap_or_default();
        if head.trim_end() != format!("ref: {branch}") {
            let attach = ["symbolic-ref", "-m", "adw: back to the workflow's branch", "HEAD", &branch];
            Git::new(attach).git_dir(&self.git_dir).bytes().await?;
        }
        Ok(())
    }

    /// git on this worktree's files with an index of our choice. It is told the repository rather than left to find
    /// it: where an agent broke the worktree's `.git` file, git would look further up and find the person's checkout.
    pub(crate) fn git<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>, index: &Path) -> Git {
        Git::new(args).git_dir(&self.common_dir).work_tree(&self.path).index(index)
    }
}

/// A place for an index in the making, on the same file system as the one that it is to replace.
pub(crate) struct Scratch(TempDir);

impl Scratch {
    pub(crate) fn beside(index: &Path) -> Result<Self, WorkspaceError> {
        let folder = index.parent().unwrap_or(index);
        let scratch = tempfile::Builder::new().prefix("adw-").tempdir_in(folder);
        scratch.map(Self).map_err(WorkspaceError::io("making a folder", folder))
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.0.path().join("index")
    }
}

/// Copies an index, if there is one, with the time of its last change: git judges by it which files may have changed
/// since in the same instant, and has to be looked at again.
pub(crate) async fn copy_with_time(from: &Path, to: &Path) -> Result<(), WorkspaceError> {
    let (from, to) = (from.to_owned(), to.to_owned());
    blocking(move || {
        let copy = || {
            std::fs::copy(&from, &to)?;
            let changed = std::fs::metadata(&from)?.modified()?;
            std::fs::File::options().write(true).open(&to)?.set_modified(changed)
        };
        match copy() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(WorkspaceError::io("copying an index", &from)),
        }
    })
    .await
}

pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), WorkspaceError> {
    std::fs::rename(from, to).map_err(WorkspaceError::io("replacing a file", to))
}

pub(crate) fn remove_if_there(path: &Path) -> Result<(), WorkspaceError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(WorkspaceError::io("removing a file", path)(error))
        }
        _ => Ok(()),
    }
}
