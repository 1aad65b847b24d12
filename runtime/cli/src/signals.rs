//! The signals that end what runs.

use std::pin::pin;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// Ctrl-C and SIGTERM. From the moment that it listens, neither ends the process by itself.
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    pub(crate) fn listen() -> Result<Self, Failure> {
        let failed = |source| Failure::File { what: "listen for signals".to_owned(), source };
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate()).map_err(failed)? })
    }

    pub(crate) async fn once(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::future::ready;

    use rustix::process::{Signal, getpid, kill_process};

    use super::Stop;

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
    }
}
