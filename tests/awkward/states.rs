//! What a person may be in the middle of.

use std::path::{Path, PathBuf};

use super::kind::{Kind, commit, git, git_fails, plain, write};

pub const KINDS: &[Kind] = &[
    Kind::made("no-commit", no_commit),
    Kind::made("no-commit-and-a-base", no_commit).from("main"),
    Kind::made("orphan-branch", orphan_branch),
    Kind::changed("detached", detached),
    Kind::changed("dirty", dirty),
    Kind::changed("index-lock", index_lock),
    Kind::changed("merge", |place| in_conflict(place, &["merge", "side"])),
    Kind::changed("rebase", |place| in_conflict(place, &["rebase", "side"])).from("main"),
    Kind::changed("cherry-pick", |place| in_conflict(place, &["cherry-pick", "side"])),
    Kind::changed("bisect", bisect),
    Kind::changed("base-is-a-tag", base_is_a_tag).from("v1"),
    Kind::changed("repository-within", repository_within),
    Kind::changed("repository-recorded-within", repository_recorded_within),
];

fn no_commit(place: &Path) -> PathBuf {
    let path = place.join("repository");
    git(place, &["init", "-q", "-b", "main", "repository"]);
    write(&path, "not-yet.txt", "not yet\n");
    path
}

fn orphan_branch(place: &Path) -> PathBuf {
    let path = plain(place);
    git(&path, &["checkout", "-q", "--orphan", "fresh"]);
    path
}

fn detached(place: &Path) -> PathBuf {
    let path = plain(place);
    git(&path, &["checkout", "-q", "--detach"]);
    git(&path, &["rm", "-q", "README.md"]);
    git(&path, &["checkout", "-q", "main", "--", "README.md"]);
    path
}

/// Everything that can be said of a file by `git status`, and a stash.
fn dirty(place: &Path) -> PathBuf {
    let path = plain(place);
    for name in ["staged.txt", "deleted.txt", "removed.txt", "renamed.txt"] {
        write(&path, name, format!("{name}\n"));
    }
    commit(&path, "more");
    write(&path, "README.md", "stashed\n");
    git(&path, &["stash", "-q"]);
    write(&path, "staged.txt", "staged\n");
    git(&path, &["add", "staged.txt"]);
    write(&path, "staged.txt", "changed again\n");
    std::fs::remove_file(path.join("deleted.txt")).unwrap();
    git(&path, &["rm", "-q", "removed.txt"]);
    git(&path, &["mv", "renamed.txt", "moved.txt"]);
    write(&path, "intended.txt", "intended\n");
    git(&path, &["add", "--intent-to-add", "intended.txt"]);
    write(&path, "README.md", "changed by the person\n");
    write(&path, "hello.txt", "hello from the person\n");
    write(&path, "untracked/deep.txt", "untracked\n");
    git(&path, &["update-index", "--assume-unchanged", "README.md"]);
    path
}

/// Left by a git that died, or held by one that is at work.
fn index_lock(place: &Path) -> PathBuf {
    let path = plain(place);
    for name in ["index.lock", "HEAD.lock", "config.lock"] {
        write(&path.join(".git"), name, "");
    }
    path
}

fn in_conflict(place: &Path, begin: &[&str]) -> PathBuf {
    let path = plain(place);
    git(&path, &["branch", "side"]);
    write(&path, "file.txt", "ours\n");
    commit(&path, "ours");
    git(&path, &["checkout", "-q", "side"]);
    write(&path, "file.txt", "theirs\n");
    commit(&path, "theirs");
    git(&path, &["checkout", "-q", "main"]);
    git_fails(&path, begin);
    path
}

fn bisect(place: &Path) -> PathBuf {
    let path = plain(place);
    for number in 0..4 {
        commit(&path, &format!("{number}"));
    }
    git(&path, &["bisect", "start", "HEAD", "HEAD~4"]);
    path
}

fn base_is_a_tag(place: &Path) -> PathBuf {
    let path = plain(place);
    git(&path, &["tag", "-a", "v1", "-m", "one"]);
    git(&path, &["rm", "-q", "README.md"]);
    commit(&path, "less");
    path
}

fn repository_within(place: &Path) -> PathBuf {
    let path = plain(place);
    git(&path, &["clone", "-q", ".", "inner"]);
    path
}

/// A commit of another repository in the tree, and nothing in .gitmodules about it.
fn repository_recorded_within(place: &Path) -> PathBuf {
    let path = repository_within(place);
    git(&path, &["-c", "advice.addEmbeddedRepo=false", "add", "inner"]);
    commit(&path, "inner");
    path
}
