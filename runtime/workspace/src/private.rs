//! A repository of our own for a folder that has none.
//!
//! It lies in the runtime's folder; its `main` has the folder's content as it was when the last workflow began. The
//! folder itself stays as it is.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::commit::{self, NewCommit};
use crate::error::WorkspaceError;
use crate::git::Git;
use crate::identity::Identity;
use crate::ids::{CommitId, TreeId};
use crate::nested::without_commit;

const BRANCH: &str = "refs/heads/main";

/// Makes the repository of a folder, or finds it.
pub(crate) async fn prepare(folder: &Path, data_dir: &Path) -> Result<PathBuf, WorkspaceError> {
    let home = data_dir.join("repositories");
    std::fs::create_dir_all(&home).map_err(WorkspaceError::io("making the folder", &home))?;
    let git_dir = home.join(format!("{}.git", name_of(folder)));
    // Doing it again to a repository that is there changes nothing.
    let init = Git::new(["init", "--quiet", "--bare", "--initial-branch=main", "--template="]);
    init.env("GIT_DIR", &git_dir).cwd(&home).bytes().await?;
    leave_out(data_dir, folder, &git_dir)?;
    git_dir.canonicalize().map_err(WorkspaceError::io("finding", &git_dir))
}

/// Takes in what the folder holds now, as a commit on `main`, if it changed.
pub(crate) async fn take_in(
    folder: &Path,
    git_dir: &Path,
    identity: &Identity,
) -> Result<(), WorkspaceError> {
    let index = git_dir.join("adw-index");
    let on_folder =
        |args: &[&str]| Git::new(args.iter().copied()).git_dir(git_dir).work_tree(folder).index(&index);
    let left_out = without_commit(&on_folder(&["add", "--all", "--ignore-errors"]).output().await?)?;
    if !left_out.is_empty() {
        tracing::warn!(?left_out, folder = %folder.display(), "left repositories without a commit out of the private copy");
    }
    let tree: TreeId = on_folder(&["write-tree"]).text().await?.parse()?;
    let found = Git::new(["rev-parse", "--verify", "--quiet", BRANCH]).git_dir(git_dir).output().await?;
    let last: Option<CommitId> = String::from_utf8_lossy(&found.stdout).trim().parse().ok();
    if let Some(last) = &last {
        let its_tree = format!("{last}^{{tree}}");
        if Git::new(["rev-parse", &its_tree]).git_dir(git_dir).text().await? == tree.as_str() {
            return Ok(());
        }
    }
    let new = NewCommit {
        tree: &tree,
        parents: last.as_slice(),
        message: "The folder as it is\n",
        identity,
        date: Timestamp::now(),
    };
    let id = commit::write(git_dir, &new).await?;
    Git::new(["update-ref", BRANCH, id.as_str()]).git_dir(git_dir).bytes().await?;
    Ok(())
}

/// A name for the repository of a folder: its path may be longer than a file's name.
fn name_of(folder: &Path) -> String {
    let digest = Sha256::digest(folder.as_os_str().as_encoded_bytes());
    digest.iter().take(12).fold(String::new(), |mut name, byte| {
        let _infallible = write!(name, "{byte:02x}");
        name
    })
}

/// The runtime's folder often lies within the project's: it is no part of its content.
fn leave_out(data_dir: &Path, folder: &Path, git_dir: &Path) -> Result<(), WorkspaceError> {
    let Ok(within) = data_dir.strip_prefix(folder) else { return Ok(()) };
    let info = git_dir.join("info");
    let exclude = info.join("exclude");
    let pattern = format!("/{}/\n", escaped(&within.to_string_lossy()));
    std::fs::create_dir_all(&info)
        .and_then(|()| std::fs::write(&exclude, pattern))
        .map_err(WorkspaceError::io("writing", exclude))
}

/// A path as a pattern that matches it alone.
fn escaped(path: &str) -> String {
    path.chars().fold(String::new(), |mut pattern, letter| {
        if matches!(letter, '\\' | '*' | '?' | '[' | '!' | '#' | ' ') {
            pattern.push('\\');
        }
        pattern.push(letter);
        pattern
    })
}
