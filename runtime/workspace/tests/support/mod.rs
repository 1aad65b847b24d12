//! What the tests share: a person's repository, and a runtime's folder apart from it.

#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use adw_workspace::{Repository, Workspace, Workspaces};
use jiff::Timestamp;

/// When everything in the tests happens.
pub(crate) const DATE: Timestamp = Timestamp::UNIX_EPOCH;

/// A moment after [`DATE`].
pub(crate) fn second(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// Runs git as the person would.
pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let output = try_git(folder, args);
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

pub(crate) fn try_git(folder: &Path, args: &[&str]) -> std::process::Output {
    Command::new("git")
        .args(["-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always"])
        .args(args)
        .current_dir(folder)
        .env("GIT_AUTHOR_DATE", "@1700000000 +0000")
        .env("GIT_COMMITTER_DATE", "@1700000000 +0000")
        .output()
        .unwrap()
}

/// A place with a person's repository and a runtime's folder.
pub(crate) struct Place {
    root: tempfile::TempDir,
    pub(crate) workspaces: Workspaces,
}

impl Place {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let workspaces = Workspaces::new(root.path().join("data")).unwrap();
        Self { root, workspaces }
    }

    /// With a repository of two files and one commit.
    pub(crate) fn with_repository() -> Self {
        let place = Self::new();
        make_repository(&place.repo());
        place
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.root.path().canonicalize().unwrap()
    }

    pub(crate) fn repo(&self) -> PathBuf {
        self.root().join("repo")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.root().join("data")
    }

    pub(crate) async fn open(&self) -> Repository {
        self.workspaces.open(self.repo(), None).await.unwrap()
    }

    /// The workspace of workflow `one` on its branch `adw-task/one`.
    pub(crate) async fn workspace(&self) -> Workspace {
        self.workspace_of("one").await
    }

    pub(crate) async fn workspace_of(&self, adw_id: &str) -> Workspace {
        let repository = self.open().await;
        self.workspaces.ensure(adw_id, &repository, &format!("adw-task/{adw_id}")).await.unwrap()
    }
}

/// A repository of the person's, with two files and one commit.
pub(crate) fn make_repository(path: &Path) {
    std::fs::create_dir_all(path).unwrap();
    git(path, &["init", "--quiet"]);
    git(path, &["config", "user.name", "Ada"]);
    git(path, &["config", "user.email", "ada@example.com"]);
    write(path, "README.md", "# Sums\n");
    write(path, "src/sum.py", "def sum(a, b):\n    return a - b\n\n\ndef twice(a):\n    return a * 2\n");
    commit_all(path, "first");
}

pub(crate) fn write(folder: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

pub(crate) fn read(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).unwrap()
}

pub(crate) fn commit_all(folder: &Path, message: &str) -> String {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "--quiet", "--no-verify", "-m", message]);
    git(folder, &["rev-parse", "HEAD"])
}

/// What `git status` says of a worktree.
pub(crate) fn status(folder: &Path) -> String {
    git(folder, &["status", "--porcelain", "--branch"])
}

/// All files beneath a folder that git doesn't call its own, with their content; a symlink's is its target.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(folder, folder, &|name| name == ".git", &mut found);
    found
}

/// All files beneath a folder but those that are skipped by their path.
pub(crate) fn all_files(folder: &Path, skip: &dyn Fn(&str) -> bool) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(folder, folder, skip, &mut found);
    found
}

fn collect(root: &Path, folder: &Path, skip: &dyn Fn(&str) -> bool, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        if skip(&name) {
            continue;
        }
        let kind = path.symlink_metadata().unwrap().file_type();
        if kind.is_dir() {
            collect(root, &path, skip, found);
        } else if kind.is_symlink() {
            let target = std::fs::read_link(&path).unwrap();
            found.insert(name, target.into_os_string().into_encoded_bytes());
        } else {
            found.insert(name, std::fs::read(&path).unwrap());
        }
    }
}
