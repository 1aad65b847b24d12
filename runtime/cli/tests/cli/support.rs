//! Folders, repositories, servers, and the command itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
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
    // CI too: where it is set, a terminal that says it can do nothing is shown colours.
    for name in ["COLUMNS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        adw.env_remove(name);
    }
    adw.env("TZ", "UTC");
    adw
}

/// Every command that there is, by its help.
pub(crate) fn subcommands() -> Vec<String> {
    let help = run(Path::new("."), ["--help"]).stdout;
    let list = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
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

const FIX: &str = "\
--- a/greeting.txt
+++ b/greeting.txt
@@ -1 +1 @@
-Helo
+Hello
";

/// An address that was free a moment ago, and is nobody's.
pub(crate) fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Sends a signal by its name.
pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
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

    /// One in which nothing is committed, though there is a file.
    pub(crate) fn without_commits() -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::write(repository.path().join("greeting.txt"), "Helo\n").unwrap();
        repository.git(["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// One with an adw.toml, a word that is misspelt, and beside it `fix.diff`, which mends that.
    pub(crate) fn with_a_fix() -> Self {
        let repository = Self::new(&[("greeting.txt", "Helo\n")]);
        std::fs::write(repository.path().join("fix.diff"), FIX).unwrap();
        assert_eq!(run(&repository.path(), ["init"]).code, Some(0));
        repository
    }

    /// Adds to its adw.toml.
    pub(crate) fn configure(&self, more: &str) {
        let file = self.path().join("adw.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text + more).unwrap();
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

impl Drop for Repository {
    /// Programs outlive their server, and are not to outlive the test.
    fn drop(&mut self) {
        let data = self.path().join(".adw").display().to_string();
        let sweep = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.map(|runtime| runtime.block_on(adw_agents::sweep_all(&data)))
        });
        let _ = sweep.join();
    }
}

/// A server of a repository, on a port of its own; it ends with the test.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(folder: &Path) -> Self {
        let (child, line) = serve(folder, &[]);
        let url = line.strip_prefix("listening on ").expect("the server says where it listens");
        Self { url: url.to_owned(), child }
    }

    /// One at an address of the test's own choice.
    pub(crate) fn start_at(folder: &Path, address: &str) -> Self {
        let (child, line) = serve_at(folder, address, &[]);
        let url = line.strip_prefix("listening on ").expect("the server says where it listens");
        Self { url: url.to_owned(), child }
    }

    /// One that logs there.
    pub(crate) fn start_with_log(folder: &Path, log: impl Into<Stdio>) -> Self {
        let (child, line) = started(adw(folder).args(["serve", "--listen", "127.0.0.1:0"]).stderr(log));
        let url = line.strip_prefix("listening on ").expect("the server says where it listens");
        Self { url: url.to_owned(), child }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// One whose first line is JSON, and that line.
    pub(crate) fn start_json(folder: &Path) -> (Self, Value) {
        let (child, line) = serve(folder, &["--json"]);
        let line: Value = serde_json::from_str(&line).unwrap();
        (Self { url: line["listening"].as_str().unwrap().to_owned(), child }, line)
    }

    /// What it answers there.
    pub(crate) fn get(&self, path: &str) -> Value {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address());
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// Sends it a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Sends it a signal by name, and waits for its end.
    pub(crate) fn end(mut self, name: &str) -> Option<i32> {
        signal(&self.child, name);
        self.child.wait().unwrap().code()
    }
}

/// Starts one, and reads its first line.
fn serve(folder: &Path, more: &[&str]) -> (Child, String) {
    serve_at(folder, "127.0.0.1:0", more)
}

fn serve_at(folder: &Path, address: &str, more: &[&str]) -> (Child, String) {
    let mut command = adw(folder);
    started(command.args(["serve", "--listen", address]).args(more).stderr(Stdio::null()))
}

fn started(command: &mut Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim_end().to_owned())
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}
