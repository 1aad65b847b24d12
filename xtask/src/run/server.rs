//! The server under demonstration: a child that never outlives us.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::{Doing, Failure, Result};
use crate::terminal;

/// What the server says when it is ready, before its address.
const READY: &str = "listening on ";

pub(super) struct Server {
    child: Child,
    url: String,
    log: PathBuf,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub(super) fn start(adw: &Path, repository: &Path, listen: SocketAddr, log: &Path) -> Result<Self> {
        let file = File::create(log).doing(|| format!("making {}", log.display()))?;
        let child = Command::new(adw)
            .args(["serve", "--listen", &listen.to_string()])
            .current_dir(repository)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            // A group of its own, so that Ctrl-C reaches it through us alone: it takes a second signal as "at once".
            .process_group(0)
            .spawn()
            .doing(|| format!("starting {}", adw.display()))?;
        // Made before anything can fail, so that the child is stopped when it does.
        let mut server = Self { child, url: String::new(), log: log.to_owned() };
        server.pass_signals_on()?;
        server.url = server.ready()?;
        Ok(server)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// Waits until it ends, which a signal to us brings about.
    pub(super) fn wait(mut self) -> Result<()> {
        let status = self.child.wait().doing(|| "waiting for the server".to_owned())?;
        if status.success() {
            terminal::say("\nThe server has stopped.");
            return Ok(());
        }
        Err(Failure::new(format!("the server ended with {status}:\n{}", self.last_words())))
    }

    /// Ends it, and sees that it ends well.
    pub(super) fn stop(self) -> Result<()> {
        terminate(&self.child);
        self.wait()
    }

    fn ready(&mut self) -> Result<String> {
        let mut line = String::new();
        if let Some(output) = self.child.stdout.take() {
            BufReader::new(output)
                .read_line(&mut line)
                .doing(|| "reading what the server says".to_owned())?;
        }
        let url = line.trim_end().strip_prefix(READY).map(str::to_owned);
        url.ok_or_else(|| Failure::new(format!("the server did not start:\n{}", self.last_words())))
    }

    /// From here on a signal that would end us ends the server, and its end is ours.
    fn pass_signals_on(&self) -> Result<()> {
        let mut signals =
            Signals::new([SIGINT, SIGTERM, SIGHUP]).doing(|| "listening for signals".to_owned())?;
        let server = self.child.id();
        std::thread::spawn(move || {
            for _ in &mut signals {
                terminate_id(server);
            }
        });
        Ok(())
    }

    /// The end of its log.
    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            terminate(&self.child);
            // Whatever is reported is the reason that led here, not how the server took it.
            let _ = self.child.wait();
        }
    }
}

fn terminate(child: &Child) {
    terminate_id(child.id());
}

fn terminate_id(id: u32) {
    // It fails where the server has just ended by itself, and then there is nothing left to do.
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::TERM);
    }
}
