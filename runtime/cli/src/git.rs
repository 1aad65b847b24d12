//! What is asked of git.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Command, Output};

/// What git finds in a folder.
#[derive(Debug)]
pub(crate) enum Found {
    /// A repository, there or above.
    Repository,
    /// None.
    Nothing,
    /// One that it doesn't open, and its own words why.
    Unreadable(String),
}

/// Looks for the repository of a folder.
pub(crate) fn find(folder: &Path) -> Found {
    match ask(folder, ["rev-parse", "--git-dir"]) {
        Ok(output) if output.status.success() => Found::Repository,
        Ok(output) => {
            let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            let is_none = reason.contains("not a git repository") && !folder.join(".git").exists();
            if is_none { Found::Nothing } else { Found::Unreadable(reason) }
        }
        Err(error) => Found::Unreadable(format!("git can't be run: {error}")),
    }
}

/// What git answers in a folder; none where it has no answer, or isn't there.
pub(crate) fn answer<S: AsRef<OsStr>>(
    folder: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Option<String> {
    let output = ask(folder, arguments).ok()?;
    let answer = String::from_utf8(output.stdout).ok()?.trim_end_matches('\n').to_owned();
    (output.status.success() && !answer.is_empty()).then_some(answer)
}

/// In words that are the same everywhere, of the folder's own repository even where a hook calls.
fn ask<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> io::Result<Output> {
    let mut git = Command::new("git");
    git.current_dir(folder).args(arguments).env("LC_ALL", "C").env_remove("LANGUAGE");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE"] {
        git.env_remove(name);
    }
    git.output()
}
