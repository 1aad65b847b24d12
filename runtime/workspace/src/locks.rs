//! Locks that a git left which was killed: those in a workflow's own worktree and on its own refs. A person's locks are
//! never touched.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::error::WorkspaceError;
use crate::index::remove_if_there;
use crate::refs;
use crate::workspace::Inner;

/// A ref can be locked from anywhere, and is for an instant: what is older was left.
const AN_INSTANT: Duration = Duration::from_secs(10);

impl Inner {
    /// Clears the locks of the dead away before a stage begins, when no program of the workflow runs. Where somebody
    /// works in the worktree all the same, a person perhaps, the locks may be theirs and stay.
    pub(crate) fn clear_dead_locks(&self) -> Result<(), WorkspaceError> {
        let of_worktree = ["index.lock", "HEAD.lock"].map(|name| self.git_dir.join(name));
        let of_refs = [refs::of_branch(&self.branch), refs::of_checkpoints(&self.adw_id)]
            .map(|name| self.common_dir.join(format!("{name}.lock")));
        let there = of_worktree.into_iter().filter(|lock| lock.exists());
        let left = of_refs.into_iter().filter(|lock| age(lock).is_some_and(|age| age > AN_INSTANT));
        let dead: Vec<PathBuf> = there.chain(left).collect();
        if dead.is_empty() || may_be_in_use(&self.path) {
            return Ok(());
        }
        for lock in dead {
            tracing::info!(lock = %lock.display(), "cleared away a lock that a killed git had left");
            remove_if_there(&lock)?;
        }
        Ok(())
    }
}

fn age(file: &Path) -> Option<Duration> {
    SystemTime::now().duration_since(file.metadata().ok()?.modified().ok()?).ok()
}

/// Whether a process has its working directory in a folder, as git has where it works. Those of other users can't be seen.
fn may_be_in_use(folder: &Path) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return true };
    let mut folders =
        processes.filter_map(|process| std::fs::read_link(process.ok()?.path().join("cwd")).ok());
    folders.any(|cwd| cwd.starts_with(folder))
}
