//! `adw serve` as a child process.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    PATIENCE,
    api::Api,
    polling::wait_for,
    repository::{Repository, without_settings},
};

/// The binary that is tested.
pub const ADW: &str = env!("CARGO_BIN_EXE_adw");

/// How long a server may take to stop once a test has failed.
const LAST_CHANCE: Duration = Duration::from_secs(15);

/// What a failing test shows of the log, in lines.
const LAST_WORDS: usize = 60;

/// A server that runs. It ends with the test, at the latest.
pub struct Server<'a> {
    repository: &'a Repository,
    process: Child,
    pub api: Api,
}

impl<'a> Server<'a> {
    /// Starts one on a free port, and waits until it listens.
    pub async fn start(repository: &'a Repository) -> Self {
        Self::start_with(repository, |command| command).await
    }

    /// Starts one in other surroundings.
    pub async fn start_with(
        repository: &'a Repository,
        surround: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let started = Self::try_start_with(repository, surround).await;
        started.unwrap_or_else(|ended| panic!("the server ended ({ended}):\n{}", last_words(repository)))
    }

    /// Starts one in other surroundings, and gives how it ended where that was before it listened.
    pub async fn try_start_with(
        repository: &'a Repository,
        surround: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Result<Self, ExitStatus> {
        // One log for all servers of a repository, in which the reader finds what went before.
        let log = File::options().create(true).append(true).open(repository.beside("server.log")).unwrap();
        let mut command = Command::new(ADW);
        without_settings(&mut command)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("ADW_LOG", "info,adw_engine=debug,sqlx=warn,wasmtime=warn,cranelift=warn")
            .current_dir(repository.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut process = surround(&mut command).spawn().unwrap();
        let stdout = process.stdout.take().unwrap();
        // From here on the log is shown where the test fails.
        let mut server = Self { repository, process, api: Api::new("http://127.0.0.1:0") };
        let first_line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_| line)
        });
        let line =
            tokio::time::timeout(PATIENCE, first_line).await.expect("it starts in time").unwrap().unwrap();
        if line.is_empty() {
            return Err(server.ended().await);
        }
        let address = line.trim_end().strip_prefix("listening on ");
        server.api = Api::new(address.unwrap_or_else(|| panic!("the server said {line:?}")));
        Ok(server)
    }

    /// Where it was started.
    pub fn repository(&self) -> &'a Repository {
        self.repository
    }

    /// Its number.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// Stops it as an operator would, and waits for its end.
    pub async fn terminate(mut self) {
        let status = self.told(Signal::TERM).await;
        assert_eq!(status.code(), Some(0), "a stop that was asked for is no failure");
    }

    /// Ends it as a lack of memory would.
    pub async fn kill(mut self) {
        self.told(Signal::KILL).await;
    }

    /// Sends SIGTERM and goes on.
    pub fn begin_to_stop(&self) {
        kill_process(self.pid(), Signal::TERM).unwrap();
    }

    /// Waits for the end of a server that was told to stop.
    pub async fn stopped(mut self) {
        assert_eq!(self.ended().await.code(), Some(0));
    }

    /// Waits for the end of a server that was told to end at this point.
    pub async fn ends_by_itself(mut self, point: &str) -> ExitStatus {
        let process = &mut self.process;
        let what = format!("the server to come to {point}, and to end there");
        wait_for(&what, PATIENCE, || process.try_wait().unwrap()).await
    }

    async fn told(&mut self, signal: Signal) -> ExitStatus {
        kill_process(self.pid(), signal).unwrap();
        self.ended().await
    }

    async fn ended(&mut self) -> ExitStatus {
        let process = &mut self.process;
        wait_for("the server's end", PATIENCE, || process.try_wait().unwrap()).await
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.process.id()).unwrap()).unwrap()
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        let begun = Instant::now();
        let mut running = matches!(self.process.try_wait(), Ok(None));
        if running {
            // Politely at first, so that it can write down what it has. Its programs end with the repository.
            let _ = kill_process(self.pid(), Signal::TERM);
        }
        while running && begun.elapsed() < LAST_CHANCE {
            std::thread::sleep(Duration::from_millis(10));
            running = matches!(self.process.try_wait(), Ok(None));
        }
        if running {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
        if std::thread::panicking() {
            anstream::eprintln!("The server's log:\n{}", last_words(self.repository));
        }
    }
}

/// The end of what the servers of a repository logged.
pub fn last_words(repository: &Repository) -> String {
    let log = std::fs::read_to_string(repository.beside("server.log")).unwrap_or_default();
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(LAST_WORDS)..].join("\n")
}
