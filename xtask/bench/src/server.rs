//! `adw serve` in a folder of its own.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{options::Options, process::Process};

/// Three stages that do nothing: what is left is what the runtime costs.
const ADW_TOML: &str = r#"
[projects.default]
repo = "."
[stages.first]
plugin = "builtin:noop"
[stages.second]
plugin = "builtin:noop"
[stages.third]
plugin = "builtin:noop"
[pipelines.default]
stages = ["first", "second", "third"]
"#;

/// A folder with an adw.toml and what the server keeps beside it; gone when this is dropped.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new(options: &Options) -> Result<Self> {
        let folder = tempfile::tempdir_in(&options.scratch)?;
        std::fs::write(folder.path().join("adw.toml"), ADW_TOML)?;
        Ok(Self(folder))
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join(".adw/adw.db")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A server that runs. It ends with this.
pub(crate) struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts one with as many places as there are clients, and waits until it listens.
    pub(crate) fn start(options: &Options, home: &Home, clients: usize) -> Result<Self> {
        let log = File::options().create(true).append(true).open(home.path().join("server.log"))?;
        // Absolute, since it is run from another folder.
        let mut command = Command::new(std::path::absolute(&options.adw)?);
        // What is measured is what is installed, not what this shell has set for another server.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ADW_")) {
            command.env_remove(name);
        }
        let mut process = command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("ADW_LIMITS_CONCURRENT_WORKFLOWS", clients.to_string())
            .current_dir(home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} can't be run", options.adw.display()))?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        // From here on the process is ended where something fails.
        let mut server = Self { process, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let Some(address) = line.trim_end().strip_prefix("listening on http://") else {
            let log = std::fs::read_to_string(home.path().join("server.log")).unwrap_or_default();
            bail!("the server did not start, and its log says:\n{log}");
        };
        server.address = address.parse()?;
        Ok(server)
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn process(&self) -> Process {
        Process::of(self.process.id())
    }

    /// Stops it as an operator would.
    pub(crate) fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw).context("no process")?;
        kill_process(pid, Signal::TERM)?;
        let status = self.process.wait()?;
        anyhow::ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
