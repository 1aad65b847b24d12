//! Folders, repositories, servers, and the command itself.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The command, in a folder, untouched by whatever the environment says.
pub(crate) fn adw(folder: &Path) -> Command {
    let mut adw = Command::new(env!("CARGO_BIN_EXE_adw"));
    adw.current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ADW_") {
            adw.env_remove(name);
        }
    }
    adw.env_remove("COLUMNS").env("TZ", "UTC");
    adw
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Its only document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Runs the command with these arguments.
pub(crate) fn run<const N: usize>(folder: &Path, arguments: [&str; N]) -> Ended {
    adw(folder).args(arguments).output().unwrap().into()
}

/// A folder with a git repository in it, of one commit.
pub(crate) struct Repository {
    folder: TempDir,
}

impl Repository {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        for (name, content) in files {
            std::fs::write(repository.path().join(name), content).unwrap();
        }
        repository.git(["init", "--quiet", "--initial-branch=main"]);
        repository.git(["add", "--all"]);
        let identity =
            ["-c", "user.name=A Person", "-c", "user.email=person@localhost", "-c", "commit.gpgsign=false"];
        let commit = ["commit", "--quiet", "--allow-empty", "--message", "one"];
        repository.git(identity.into_iter().chain(commit));
        repository
    }

    /// Its folder, as git names it.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub(crate) fn git<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        let output = Command::new("git").current_dir(self.folder.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// A server of a repository, on a port of its own; it ends with the test.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_at(folder, "127.0.0.1:0")
    }

    pub(crate) fn start_at(folder: &Path, address: &str) -> Self {
        let mut command = adw(folder);
        command.args(["serve", "--listen", address]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").expect("the server says where it listens");
        Self { url: url.to_owned(), child }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Sends it a signal by name, and waits for its end.
    pub(crate) fn end(mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
        self.child.wait().unwrap().code()
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-s", signal, &id]).status().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal("KILL");
            self.child.wait().unwrap();
        }
    }
}
