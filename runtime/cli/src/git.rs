//! What is asked of git.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// What git answers in a folder; none where it has no answer, or isn't there.
pub(crate) fn answer<S: AsRef<OsStr>>(
    folder: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Option<String> {
    let output = Command::new("git").current_dir(folder).args(arguments).output().ok()?;
    let answer = String::from_utf8(output.stdout).ok()?.trim_end_matches('\n').to_owned();
    (output.status.success() && !answer.is_empty()).then_some(answer)
}
