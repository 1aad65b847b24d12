//! Following a run that somebody supervises, to its end.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::unix::AsyncFd;
use tokio_util::sync::CancellationToken;

use crate::exec::LineSink;
use crate::process::ladder::{AT_ONCE, STOP};
use crate::process::sweep::Swept;
use crate::process::table::ProcessId;
use crate::supervisor::claim::Claim;
use crate::supervisor::exit::Ended;
use crate::supervisor::folder::Try;
use crate::supervisor::lines::Untold;
use crate::supervisor::lost::{self, Lost, LostBy};
use crate::supervisor::readiness::readable;
use crate::supervisor::record::Reading;
use crate::supervisor::watch::Watch;

/// How long a supervisor may take to stop its program: longer than its ladder is.
pub(crate) const STOPPING: Duration = Duration::from_secs(15);

pub(crate) struct Follow<'a> {
    of: &'a Try,
    watch: Watch,
    claim: Reading<Claim>,
    life: Life,
    untold: Option<Untold<'a>>,
}

/// What a follower saw.
pub(crate) enum Followed {
    Ended(Ended),
    /// It was stopped, and how it ended was not written down.
    Stopped,
    Lost(Lost),
}

/// Whether a process lives.
pub(crate) struct Life(Option<AsyncFd<OwnedFd>>);

impl Life {
    pub(crate) fn of(process: Option<ProcessId>) -> io::Result<Self> {
        let handle = process.map(ProcessId::open).transpose()?.flatten();
        Ok(Self(handle.map(readable).transpose()?))
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.is_none()
    }

    /// Waits until it is over.
    pub(crate) async fn end(&mut self) {
        if let Some(handle) = &self.0 {
            // The only thing that can be read from it is that the process has ended.
            let _ended = handle.readable().await;
            self.0 = None;
        }
    }
}

impl<'a> Follow<'a> {
    /// Of a try that was claimed or has ended.
    pub(crate) fn new(of: &'a Try, watch: Watch) -> io::Result<Self> {
        let claim = Claim::read(of);
        let supervisor = match &claim {
            Reading::There(claim) => claim.supervisor(),
            Reading::Absent | Reading::Unreadable => None,
        };
        Ok(Self { of, watch, claim, life: Life::of(supervisor)?, untold: Some(Untold::new(of)) })
    }

    /// Follows it until its end is written down, or never will be.
    pub(crate) async fn see_through(
        mut self,
        stop: &CancellationToken,
        on_line: LineSink<'_>,
    ) -> io::Result<Followed> {
        let too_late = tokio::time::sleep(STOPPING);
        tokio::pin!(too_late);
        let mut is_stopping = false;
        loop {
            // Seen in this order: who is dead has written all that it ever will, and who has written the end has
            // written all lines.
            let is_dead = self.life.is_over();
            let ended = Ended::read(self.of);
            self.tell(on_line).await;
            match ended {
                Reading::There(ended) => {
                    self.tell_rest(&ended, on_line);
                    return Ok(Followed::Ended(ended));
                }
                Reading::Unreadable => return self.lose(LostBy::UnreadableExit, stop).await,
                Reading::Absent if is_dead => {
                    let why = match self.claim {
                        Reading::Unreadable => LostBy::UnreadableClaim,
                        Reading::There(_) | Reading::Absent => LostBy::DeadSupervisor,
                    };
                    return self.lose(why, stop).await;
                }
                Reading::Absent => {}
            }
            tokio::select! {
                changed = self.watch.changed() => changed?,
                () = self.life.end() => {}
                () = stop.cancelled(), if !is_stopping => {
                    is_stopping = true;
                    self.signal(Signal::TERM);
                    too_late.as_mut().reset(tokio::time::Instant::now() + STOPPING);
                }
                () = &mut too_late, if is_stopping => {
                    tracing::error!(folder = %self.of.folder().display(), "a supervisor doesn't stop; it is killed");
                    return self.lose(LostBy::DeadSupervisor, stop).await;
                }
            }
        }
    }

    /// What is lost although nothing of it lives.
    pub(crate) fn unreadable() -> Lost {
        Lost { why: LostBy::UnreadableExit, left: Swept::default() }
    }

    async fn tell(&mut self, on_line: LineSink<'_>) {
        while let Some(untold) = &mut self.untold {
            match untold.tell_some(on_line) {
                Ok(true) => tokio::task::yield_now().await,
                Ok(false) => return,
                Err(error) => self.give_lines_up(&error),
            }
        }
    }

    fn tell_rest(&mut self, ended: &Ended, on_line: LineSink<'_>) {
        if let Some(untold) = self.untold.take()
            && let Err(error) = untold.finish(ended, on_line)
        {
            self.give_lines_up(&error);
        }
    }

    /// A program is never stopped for its lines.
    fn give_lines_up(&mut self, error: &io::Error) {
        tracing::warn!(folder = %self.of.folder().display(), %error, "the output of a program can't be followed");
        self.untold = None;
    }

    async fn lose(self, why: LostBy, stop: &CancellationToken) -> io::Result<Followed> {
        self.signal(Signal::KILL);
        let claim = match &self.claim {
            Reading::There(claim) => Some(claim),
            Reading::Absent | Reading::Unreadable => None,
        };
        // Agents save their sessions when they are asked to end.
        let rungs = if stop.is_cancelled() { AT_ONCE } else { STOP };
        let left = lost::end_family(self.of, claim, rungs).await;
        Ok(if stop.is_cancelled() { Followed::Stopped } else { Followed::Lost(Lost { why, left }) })
    }

    fn signal(&self, signal: Signal) {
        if let Reading::There(claim) = &self.claim
            && let Some(supervisor) = claim.supervisor()
        {
            supervisor.signal(signal);
        }
    }
}
