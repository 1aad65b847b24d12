//! A kind of repository: how it is made, what work begins from, and how a task in it ends.

use std::path::{Path, PathBuf};

pub use crate::support::repository::git;

/// A kind of repository.
pub struct Kind {
    /// It names the project, the workflow and the snapshot too.
    pub name: &'static str,
    /// What adw.toml says of where work begins.
    pub base: Option<&'static str>,
    pub end: End,
    /// Makes one in an empty folder, and answers with the project's `repo`.
    pub make: fn(&Path) -> PathBuf,
}

/// How a task ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The branch has what the task's diff does: it changes the file README.md, and makes another.
    Changed,
    /// There is no README.md: the diff only makes a file.
    Made,
    /// With an error that is a snapshot.
    Failed,
}

impl Kind {
    pub const fn changed(name: &'static str, make: fn(&Path) -> PathBuf) -> Self {
        Self { name, base: None, end: End::Changed, make }
    }

    pub const fn made(name: &'static str, make: fn(&Path) -> PathBuf) -> Self {
        Self { name, base: None, end: End::Made, make }
    }

    pub const fn failed(name: &'static str, make: fn(&Path) -> PathBuf) -> Self {
        Self { name, base: None, end: End::Failed, make }
    }

    pub const fn from(mut self, base: &'static str) -> Self {
        self.base = Some(base);
        self
    }

    /// The diff that a task carries.
    pub fn diff(&self) -> String {
        match self.end {
            End::Made => MAKE.to_owned(),
            End::Changed | End::Failed => format!("{CHANGE}{MAKE}"),
        }
    }

    /// The files that the diff is about.
    pub fn files(&self) -> &'static [&'static str] {
        match self.end {
            End::Changed => &["README.md", "hello.txt"],
            End::Made => &["hello.txt"],
            End::Failed => &[],
        }
    }
}

const CHANGE: &str = "\
--- a/README.md
+++ b/README.md
@@ -1,3 +1,3 @@
 # Awkward
 
-Says nothing.
+Says hello.
";

const MAKE: &str = "\
--- /dev/null
+++ b/hello.txt
@@ -0,0 +1 @@
+hello
";

const README: &str = "# Awkward\n\nSays nothing.\n";

/// A plain checkout with one commit on `main`.
pub fn plain(place: &Path) -> PathBuf {
    checkout(place.join("repository"), &[])
}

/// A checkout at a path, made with more options.
pub fn checkout(path: PathBuf, options: &[&str]) -> PathBuf {
    std::fs::create_dir_all(&path).unwrap();
    git(&path, &[&["init", "-q", "-b", "main"], options].concat());
    git(&path, &["config", "user.name", "P"]);
    git(&path, &["config", "user.email", "p@example.org"]);
    // git's own housekeeping, which goes on in the background, would be in the photograph.
    git(&path, &["config", "maintenance.auto", "false"]);
    git(&path, &["config", "gc.auto", "0"]);
    write(&path, "README.md", README);
    commit(&path, "begin");
    path
}

pub fn write(folder: &Path, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

pub fn commit(path: &Path, message: &str) {
    git(path, &["add", "-A"]);
    git(path, &["commit", "-q", "--allow-empty", "-m", message]);
}

/// git, where it is to fail: on conflicts it says so by its exit.
pub fn git_fails(path: &Path, arguments: &[&str]) {
    let mut git = std::process::Command::new("git");
    let output =
        crate::support::repository::without_settings(git.args(arguments).current_dir(path)).output().unwrap();
    assert!(!output.status.success(), "git {arguments:?}");
}
