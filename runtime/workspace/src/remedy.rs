//! What a person can do about a git that failed, read from its words.

/// How the system says that nothing more can be written, and git where the system took only a part.
const WANT_OF_SPACE: &[&str] = &["No space left", "Disk quota exceeded", "Out of diskspace"];

/// What git says (always in English, see [`Git`](crate::git::Git)), and what to do then. The first that fits.
const REMEDIES: &[(&[&str], &str)] = &[
    // First: what git could not write for want of space it may then miss.
    (WANT_OF_SPACE, "Free some space there, and `adw retry ID` what has failed for want of it"),
    (
        &[
            "smudge filter",
            "clean filter",
            "external filter",
            "filter-process",
            "initialization for subprocess",
        ],
        "A filter of .gitattributes fails: `git config --get-regexp ^filter` names its program; install it for the user \
         that runs adw, and see that `git worktree add` works there by hand",
    ),
    (
        &["promisor remote", "Could not read from remote"],
        "The repository lacks this content and its remote doesn't give it: see that `git fetch` works for the user that \
         runs adw, without a question",
    ),
    (
        &[
            "unable to read",
            "is corrupt",
            "bad object",
            "missing blob",
            "invalid object",
            "inflate:",
            "loose object",
        ],
        "An object of the repository is missing or damaged: `git fsck` says which; fetch it again, or restore a backup",
    ),
    (
        &[
            "Permission denied",
            "Read-only file system",
            "insufficient permission",
            "unable to create directory for",
        ],
        "The user that runs adw must be able to write to the repository's .git: branches and checkpoints are kept there",
    ),
    (
        &["File name too long"],
        "A path is longer than the system takes: put adw.toml, and with it .adw, into a folder with a shorter path",
    ),
];

/// What to do, in a line of its own; nothing where git's own words have to do.
pub(crate) fn after(stderr: &str) -> String {
    let fits = |(words, _): &&(&[&str], &str)| words.iter().any(|word| stderr.contains(word));
    REMEDIES.iter().find(fits).map(|(_, remedy)| format!("\n{remedy}")).unwrap_or_default()
}

/// Whether it failed because the disk, or a person's share of it, is full.
pub(crate) fn is_want_of_space(said: &str) -> bool {
    WANT_OF_SPACE.iter().any(|words| said.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `git write-tree`, as seen on a file system that had room for a part of its index.
    const HALF_WRITTEN: &str =
        "fatal: sha1 file '/srv/demo/.adw/index/one/index.lock' write error. Out of diskspace";

    #[test]
    fn a_disk_that_took_a_part_is_a_full_one() {
        assert!(is_want_of_space(HALF_WRITTEN));
        assert!(after(HALF_WRITTEN).contains("Free some space there"));
    }
}
