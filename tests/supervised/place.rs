//! A run of a workflow that no other test has, and a look at who supervises it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use adw_agents::{
    Environment, Owner,
    exec::{Command, ExecError, Exit, Output, Stdin, Stream},
    supervisor::{self, Found, Supervised, Supervisor},
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::support::{
    PATIENCE,
    polling::{Process, wait_for},
};

/// What was told, in order.
pub(crate) type Lines = Vec<(Stream, String)>;

pub(crate) struct Place {
    folder: tempfile::TempDir,
    pub(crate) owner: Owner,
    pub(crate) stop: CancellationToken,
}

/// A supervisor that no earlier one knows of, as a server that was just started has it.
pub(crate) fn supervisor() -> Supervisor {
    Supervisor::new(env!("CARGO_BIN_EXE_adw"), ["supervise"])
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let adw_id = folder.path().file_name().unwrap().to_string_lossy().into_owned();
        let server = format!("tests-{adw_id}");
        Self { folder, owner: Owner { server, adw_id }, stop: CancellationToken::new() }
    }

    /// Where programs run, and leave what the test looks at.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// The folder of all runs.
    pub(crate) fn calls(&self) -> PathBuf {
        self.file("calls")
    }

    /// The folder of the run that most tests are about.
    pub(crate) fn run_folder(&self) -> PathBuf {
        self.calls().join("workflow").join("implement-1-0")
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
            timeout: Some(PATIENCE),
            silence: None,
        }
    }

    /// Runs it as a server does that was just started.
    pub(crate) async fn run(&self, command: Command) -> Result<Supervised, ExecError> {
        self.run_in(&self.run_folder(), command, &mut |_, _| ()).await
    }

    pub(crate) async fn run_in(
        &self,
        folder: &Path,
        command: Command,
        on_line: &mut (dyn FnMut(Stream, &str) + Send),
    ) -> Result<Supervised, ExecError> {
        let supervisor = supervisor();
        supervisor::run(&supervisor, folder, command, &self.owner, &self.stop, on_line).await
    }

    /// Runs it to its end, and says what was told.
    pub(crate) async fn hear(&self, command: Command) -> (Output, Found, Lines) {
        let mut lines = Lines::new();
        let mut on_line = |stream: Stream, line: &str| lines.push((stream, line.to_owned()));
        let answer = self.run_in(&self.run_folder(), command, &mut on_line).await;
        let (output, found) = ended(answer);
        (output, found, lines)
    }

    /// Runs it, and is gone as soon as it has told this line, as a server that is killed.
    pub(crate) async fn leave_after(&self, last: &str, command: Command) -> Lines {
        self.leave_in(&self.run_folder(), last, command).await
    }

    pub(crate) async fn leave_in(&self, folder: &Path, last: &str, command: Command) -> Lines {
        let mut lines = Lines::new();
        let heard = tokio::sync::Notify::new();
        let mut on_line = |stream: Stream, line: &str| {
            lines.push((stream, line.to_owned()));
            if line == last {
                heard.notify_one();
            }
        };
        tokio::select! {
            biased;
            () = heard.notified() => {}
            answer = self.run_in(folder, command, &mut on_line) => panic!("{answer:?}"),
        }
        lines
    }

    /// Runs it, and stops it as soon as it has told `ready`.
    pub(crate) async fn stop_when_ready(&self, command: Command) -> Output {
        let stop = self.stop.clone();
        let mut on_line = move |_: Stream, line: &str| {
            if line == "ready" {
                stop.cancel();
            }
        };
        ended(self.run_in(&self.run_folder(), command, &mut on_line).await).0
    }

    /// Who supervises a try of the run that most tests are about.
    pub(crate) fn supervised_by(&self, of: u32) -> Process {
        supervised_by(&self.run_folder().join(of.to_string()))
    }

    /// Waits until somebody has written down how a try ended.
    pub(crate) async fn ends_unseen(&self, of: u32) {
        let exit = self.run_folder().join(of.to_string()).join("exit");
        wait_for("an exit", PATIENCE, || exit.exists().then_some(())).await;
    }

    /// Those who bear this workflow's mark and live.
    pub(crate) fn living(&self) -> Vec<String> {
        let mark = format!("ADW_ID={}", self.owner.adw_id);
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            if environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()) {
                let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
                found.push(String::from_utf8_lossy(&words).replace('\0', " "));
            }
        }
        found
    }
}

impl Drop for Place {
    /// A test that fails leaves nobody behind.
    fn drop(&mut self) {
        for entry in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
            let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).into_owned();
            let number = entry.file_name().to_string_lossy().parse();
            if let (true, Ok(number)) = (words.starts_with("adw\0supervise\0"), number)
                && words.contains(&*self.calls().to_string_lossy())
            {
                kill(Process(number), rustix::process::Signal::TERM);
            }
        }
    }
}

/// Who supervises the try of a folder.
pub(crate) fn supervised_by(folder: &Path) -> Process {
    let claim: Value = serde_json::from_slice(&std::fs::read(folder.join("claim")).unwrap()).unwrap();
    Process(u32::try_from(claim["supervisor"]["pid"].as_u64().unwrap()).unwrap())
}

/// The answer of a run that has one.
pub(crate) fn ended(answer: Result<Supervised, ExecError>) -> (Output, Found) {
    match answer.unwrap() {
        Supervised::Ended { output, found } => (output, found),
        Supervised::Lost(lost) => panic!("{lost:?}"),
    }
}

/// Lines of one stream, joined.
pub(crate) fn told(lines: &Lines, of: Stream) -> Vec<&str> {
    lines.iter().filter(|(stream, _)| *stream == of).map(|(_, line)| line.as_str()).collect()
}

pub(crate) fn kill(process: Process, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(process.0).unwrap()).unwrap();
    // Who is gone by itself needs none.
    let _gone = rustix::process::kill_process(pid, signal);
}

/// Longer than the ladder from polite to final.
pub(crate) const LADDER: Duration = Duration::from_secs(8);

pub(crate) const SUCCESS: Exit = Exit::Code(0);
