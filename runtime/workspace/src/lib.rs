//! Git worktrees, checkpoints and diffs.
//!
//! A workflow works in a [`Workspace`]: a git worktree in the runtime's own folder, on a branch of its own. The
//! person's checkout, index, hooks, branches and configuration are never touched; what a workspace adds to their
//! repository is its branch, one ref `refs/adw/<adw_id>` that holds its checkpoints, and git's note of the worktree.
//!
//! ```text
//! Workspaces::new(data_dir) ── open(path, base) ──> Repository
//!            └── ensure(adw_id, &repository, branch) ──> Workspace: read, write, glob, diff,
//!                                                        commit, checkpoint, restore, apply_patch, remove
//! ```
//!
//! Every operation that changes something runs to its end even when the future that asked for it is dropped.

mod checkpoint;
mod commit;
mod diff;
mod error;
mod files;
mod git;
mod glob;
mod hunks;
mod identity;
mod ids;
mod index;
mod locks;
mod nested;
mod patch;
mod private;
mod refs;
mod remedy;
mod repository;
mod sparse;
mod trees;
mod workspace;
mod workspaces;

pub use checkpoint::{Checkpoint, Restored};
pub use error::{ErrorKind, WorkspaceError};
pub use git::git_version;
pub use identity::Identity;
pub use ids::{CommitId, TreeId};
pub use nested::{Held, Work};
pub use patch::PatchError;
pub use repository::Repository;
pub use workspace::Workspace;
pub use workspaces::{Tip, Workspaces};
