//! What the tests share: programs of a workflow of their own, and a look at who of it lives.

#![allow(dead_code, reason = "each test file uses its part")]

use std::path::Path;
use std::time::{Duration, Instant};

use adw_agents::exec::{self, Command, ExecError, Output, Stdin, Stream};
use adw_agents::{Environment, Owner};
use tokio_util::sync::CancellationToken;

/// A folder, and an owner that no other test has.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) owner: Owner,
    pub(crate) cancel: CancellationToken,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let adw_id = folder.path().file_name().unwrap().to_string_lossy().into_owned();
        let server = format!("tests-{}", std::process::id());
        Self { folder, owner: Owner { server, adw_id }, cancel: CancellationToken::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn shell(&self, script: &str) -> Command {
        self.program("sh", &["-c", script])
    }

    pub(crate) fn program(&self, program: &str, args: &[&str]) -> Command {
        Command {
            program: program.to_owned(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            env: Environment::inherit([""; 0]),
            cwd: self.path().to_owned(),
            stdin: Stdin::Null,
            timeout: Some(Duration::from_mins(1)),
            silence: None,
        }
    }

    pub(crate) async fn run(&self, command: Command) -> Result<Output, ExecError> {
        exec::run(command, &self.owner, &self.cancel, &mut |_, _| ()).await
    }

    /// Runs it, and cancels it as soon as it prints `ready`.
    pub(crate) async fn cancel_when_ready(&self, command: Command) -> Output {
        let cancel = self.cancel.clone();
        let mut on_line = move |_: Stream, line: &str| {
            if line == "ready" {
                cancel.cancel();
            }
        };
        exec::run(command, &self.owner, &self.cancel, &mut on_line).await.unwrap()
    }

    /// Those who bear this workflow's mark and live.
    pub(crate) fn living(&self) -> Vec<String> {
        let mark = format!("ADW_ID={}", self.owner.adw_id);
        living(|variable| variable == mark)
    }

    /// Waits, for a while, until nobody of this workflow lives.
    pub(crate) fn wait_until_empty(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        while !self.living().is_empty() {
            assert!(Instant::now() < until, "still alive: {:?}", self.living());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The command lines of the processes that have a certain variable.
pub(crate) fn living(is_marked: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if String::from_utf8_lossy(&environment).split('\0').any(&is_marked) {
            let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push(String::from_utf8_lossy(&words).replace('\0', " "));
        }
    }
    found
}

/// Whether a process lives: is there, and not dead with nobody having asked for its exit.
pub(crate) fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}
