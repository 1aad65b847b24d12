//! The signals that end what runs.

use std::fmt;
use std::fs;
use std::future::pending;
use std::pin::pin;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// Ctrl-C and SIGTERM, and where it is asked for the end of the terminal. From the moment that it listens, none of them
/// ends the process by itself.
pub(crate) struct Stop {
    /// The first that came.
    by: Option<StopBy>,
    interrupt: Signal,
    terminate: Signal,
    /// Until it comes.
    hangup: Option<Signal>,
}

/// What ends a command that would go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopBy {
    Interrupt,
    Terminate,
    Hangup,
}

impl fmt::Display for StopBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "stopped by Ctrl-C",
            Self::Terminate => "stopped by SIGTERM",
            Self::Hangup => "stopped by the end of its terminal",
        })
    }
}

impl Stop {
    pub(crate) fn listen() -> Result<Self, Failure> {
        Ok(Self {
            by: None,
            interrupt: of(SignalKind::interrupt())?,
            terminate: of(SignalKind::terminate())?,
            hangup: None,
        })
    }

    /// The same, and SIGHUP: the terminal is closed. Where that is ignored, as `nohup` has it, it stays so.
    pub(crate) fn listen_for_hangup_too() -> Result<Self, Failure> {
        let hangup = if ignores_hangup() { None } else { Some(of(SignalKind::hangup())?) };
        Ok(Self { hangup, ..Self::listen()? })
    }

    pub(crate) async fn once(&mut self) {
        let by = tokio::select! {
            _ = self.interrupt.recv() => StopBy::Interrupt,
            _ = self.terminate.recv() => StopBy::Terminate,
            () = hung_up(&mut self.hangup) => StopBy::Hangup,
        };
        self.by.get_or_insert(by);
    }

    /// The first signal that came.
    pub(crate) const fn by(&self) -> Option<StopBy> {
        self.by
    }

    pub(crate) async fn twice(&mut self) {
        self.once().await;
        self.once().await;
    }

    /// What comes of the work, which is not broken off, and whether a signal came meanwhile.
    pub(crate) async fn during<T>(&mut self, work: impl Future<Output = T>) -> (T, bool) {
        let mut work = pin!(work);
        tokio::select! {
            biased;
            () = self.once() => (work.await, true),
            done = &mut work => (done, false),
        }
    }

    /// What comes of the work; nothing where a signal comes first.
    pub(crate) async fn unless<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.once() => None,
        }
    }
}

fn of(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|source| Failure::File { what: "listen for signals".to_owned(), source })
}

/// Counts once: for one terminal that is closed it comes from the kernel and from the shell, and nobody is in a hurry.
async fn hung_up(hangup: &mut Option<Signal>) {
    match hangup {
        Some(signal) => {
            signal.recv().await;
            *hangup = None;
        }
        None => pending().await,
    }
}

/// Whether whoever started this process had it ignore SIGHUP.
fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // A bit for each signal, the lowest for the first, and that is SIGHUP.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::future::ready;

    use rustix::process::{Signal, getpid, kill_process};

    use super::{Stop, StopBy};

    #[tokio::test]
    async fn work_that_is_not_to_be_broken_off_ends_and_the_signal_is_known() {
        let mut stop = Stop::listen().unwrap();
        assert_eq!(stop.during(ready(7)).await, (7, false));
        let mut other = Stop::listen().unwrap();
        let work = async {
            kill_process(getpid(), Signal::TERM).unwrap();
            other.once().await;
            tokio::task::yield_now().await;
            7
        };
        assert_eq!(stop.during(work).await, (7, true));
        assert_eq!(stop.by(), Some(StopBy::Terminate));
    }
}
