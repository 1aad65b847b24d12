//! git's bookkeeping of worktrees: whether one is whole, and its making and removal.

use std::path::{Path, PathBuf};

use crate::error::WorkspaceError;
use crate::git::{Git, path_of};
use crate::refs;

/// What is found where a worktree should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Its folder and git's note of it agree.
    Whole { git_dir: PathBuf },
    /// There is a folder with files, and git doesn't know it as this worktree.
    Stray,
    /// There is no folder, an empty one, or a symlink to one.
    Nothing,
    /// There is a working worktree or checkout of something else.
    Foreign,
}

/// Looks at the folder of a worktree and at git's note of it.
pub(crate) fn find(common_dir: &Path, path: &Path) -> Result<Found, WorkspaceError> {
    match path.symlink_metadata() {
        // Whoever put it there, what it leads to is not ours.
        Ok(found) if found.is_symlink() => return Ok(Found::Nothing),
        Ok(found) if !found.is_dir() => return Ok(Found::Foreign),
        _ => {}
    }
    let is_empty = match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(WorkspaceError::io("reading", path)(error)),
    };
    if is_empty {
        return Ok(Found::Nothing);
    }
    let noted = noted_at(common_dir, path)?;
    let pointed_to = std::fs::read(path.join(".git"))
        .ok()
        .and_then(|pointer| Some(path.join(path_of(line(pointer.strip_prefix(b"gitdir: ")?)))))
        .and_then(|target| target.canonicalize().ok());
    Ok(match (noted, pointed_to) {
        (Some(git_dir), Some(target)) if git_dir == target && git_dir.join("HEAD").is_file() => {
            Found::Whole { git_dir }
        }
        (_, Some(target)) if !target.starts_with(common_dir) => Found::Foreign,
        // Another worktree of the repository, moved here.
        (noted, Some(target)) if is_note(common_dir, &target) && noted.as_ref() != Some(&target) => {
            Found::Foreign
        }
        _ => Found::Stray,
    })
}

/// Whether a path has a folder of its own, and no symlink to one.
pub(crate) fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_dir())
}

/// Whether git notes a worktree in a folder.
fn is_note(common_dir: &Path, folder: &Path) -> bool {
    folder.parent() == Some(&common_dir.join("worktrees")) && folder.join("HEAD").is_file()
}

/// The folder in which git notes the worktree at a path.
fn noted_at(common_dir: &Path, path: &Path) -> Result<Option<PathBuf>, WorkspaceError> {
    let notes = common_dir.join("worktrees");
    let entries = match std::fs::read_dir(&notes) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(WorkspaceError::io("reading", notes)(error)),
    };
    let dot_git = path.join(".git");
    let ours = |note: &PathBuf| {
        std::fs::read(note.join("gitdir")).is_ok_and(|told| note.join(path_of(line(&told))) == dot_git)
    };
    let found = entries.filter_map(Result::ok).map(|entry| entry.path()).find(ours);
    found.map(|note| note.canonicalize().map_err(WorkspaceError::io("finding", &note))).transpose()
}

/// Whether a worktree has no file but the `.git` that leads to git's folder.
pub(crate) fn has_no_file(path: &Path) -> Result<bool, WorkspaceError> {
    let mut entries = std::fs::read_dir(path).map_err(WorkspaceError::io("reading", path))?;
    Ok(entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == ".git")))
}

/// A line without the break at its end; the path in it may have others.
fn line(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\n").unwrap_or(bytes)
}

/// Makes the worktree on a branch that exists, and gives git's folder for it.
pub(crate) async fn add(common_dir: &Path, path: &Path, branch: &str) -> Result<PathBuf, WorkspaceError> {
    let add = ["worktree", "add", "--quiet", "--"].map(AsRef::as_ref);
    let add = add.into_iter().chain([path.as_os_str(), branch.as_ref()]);
    if let Err(failed) = Git::new(add).git_dir(common_dir).cwd(common_dir).bytes().await {
        return Err(in_use(common_dir, branch).await?.unwrap_or(failed));
    }
    match find(common_dir, path)? {
        Found::Whole { git_dir } => Ok(git_dir),
        _ => Err(WorkspaceError::ForeignFolder { path: path.to_owned() }),
    }
}

/// The other checkout that has a branch, if there is one.
async fn in_use(common_dir: &Path, branch: &str) -> Result<Option<WorkspaceError>, WorkspaceError> {
    let list = ["for-each-ref", "--format=%(worktreepath)", &refs::of_branch(branch)];
    let mut path = Git::new(list).git_dir(common_dir).bytes().await?;
    path.pop();
    let taken = || WorkspaceError::BranchInUse { branch: branch.to_owned(), path: path_of(&path) };
    Ok((!path.is_empty()).then(taken))
}

/// Removes the folder and git's note of it, each as far as it is there. `git worktree prune` would also drop notes of
/// the person's worktrees on disks that are not mounted now.
pub(crate) async fn remove(common_dir: &Path, path: &Path) -> Result<(), WorkspaceError> {
    if path.is_symlink() {
        std::fs::remove_file(path).map_err(WorkspaceError::io("removing the symlink", path))?;
    }
    let noted = noted_at(common_dir, path)?.is_some();
    if noted {
        let remove = ["worktree", "remove", "--force", "--force", "--"].map(AsRef::as_ref);
        let remove = remove.into_iter().chain([path.as_os_str()]);
        let removed = Git::new(remove).git_dir(common_dir).cwd(common_dir).output().await?;
        if removed.status.success() {
            return Ok(());
        }
    }
    remove_folder(path)?;
    // git refuses a folder that has lost its `.git`; without the folder it drops its note.
    if noted_at(common_dir, path)?.is_some() {
        let remove = ["worktree", "remove", "--force", "--force", "--"].map(AsRef::as_ref);
        let remove = remove.into_iter().chain([path.as_os_str()]);
        Git::new(remove).git_dir(common_dir).cwd(common_dir).bytes().await?;
    }
    Ok(())
}

fn remove_folder(path: &Path) -> Result<(), WorkspaceError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(WorkspaceError::io("removing the folder", path)(error))
        }
        _ => Ok(()),
    }
}
