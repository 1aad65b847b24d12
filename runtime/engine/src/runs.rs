//! The attempts that are under way, and how they are stopped.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use adw_core::{AdwId, StageName, StageStatus, Workflow};
use tokio_util::sync::CancellationToken;

/// What becomes of agents and commands that are at work when the engine stops. Those that go on are heard by the next
/// engine on the same data; those that are ended it runs again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Programs {
    /// They go on.
    #[default]
    GoOn,
    /// Those of one workflow are ended.
    EndOf(AdwId),
    /// They are ended.
    End,
}

impl Programs {
    /// What becomes of those of this workflow.
    fn fate(&self, adw_id: &AdwId) -> Fate {
        match self {
            Self::GoOn => Fate::GoOn,
            Self::EndOf(ended) if ended != adw_id => Fate::GoOn,
            Self::EndOf(_) | Self::End => Fate::End,
        }
    }
}

/// What becomes of the program of an attempt that is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    GoOn,
    End,
}

/// Why an attempt is stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The workflow went on without it: it was cancelled, ended or moved.
    Superseded,
    /// The workflow was paused: the attempt goes on later, and its programs go on meanwhile.
    Paused,
    /// The server stops.
    Shutdown(Fate),
    /// It took longer than the stage may.
    TimedOut,
}

impl Cause {
    /// Whether the attempt goes on later, where it was.
    pub(crate) const fn is_for_now(self) -> bool {
        matches!(self, Self::Paused | Self::Shutdown(_))
    }

    const fn ends_programs(self) -> bool {
        !matches!(self, Self::Paused | Self::Shutdown(Fate::GoOn))
    }
}

/// Stops an attempt, once, for one cause.
#[derive(Clone, Debug, Default)]
pub(crate) struct StopSignal {
    token: CancellationToken,
    /// Stops the program that a call runs, too.
    programs: CancellationToken,
    cause: Arc<OnceLock<Cause>>,
}

impl StopSignal {
    /// The first cause stays.
    pub(crate) fn stop(&self, cause: Cause) {
        let cause = self.cause.get_or_init(|| cause);
        if cause.ends_programs() {
            self.programs.cancel();
        }
        self.token.cancel();
    }

    /// Waits until it is stopped.
    pub(crate) async fn stopped(&self) -> Cause {
        self.token.cancelled().await;
        self.cause()
    }

    /// Why it was stopped.
    pub(crate) fn cause(&self) -> Cause {
        self.cause.get().copied().unwrap_or(Cause::Superseded)
    }

    /// For those who only need to know that.
    pub(crate) fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// For the program that a call runs.
    pub(crate) fn programs(&self) -> &CancellationToken {
        &self.programs
    }

    /// Waits for a stop that lets programs go on.
    pub(crate) async fn leaves_programs(&self) {
        self.token.cancelled().await;
        if self.programs.is_cancelled() {
            std::future::pending::<()>().await;
        }
    }
}

#[derive(Debug)]
struct Running {
    stage: StageName,
    attempt: u32,
    signal: StopSignal,
}

/// Attempts under way, one a workflow.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    running: Mutex<HashMap<AdwId, Running>>,
}

impl Runs {
    /// Notes an attempt. The guard takes it off again.
    pub(crate) fn begin(
        &self,
        adw_id: &AdwId,
        stage: &StageName,
        attempt: u32,
    ) -> (StopSignal, RunGuard<'_>) {
        let signal = StopSignal::default();
        let running = Running { stage: stage.clone(), attempt, signal: signal.clone() };
        self.lock().insert(adw_id.clone(), running);
        (signal, RunGuard { runs: self, adw_id: adw_id.clone() })
    }

    /// Stops the attempt of this workflow, unless it is the one that the workflow says is under way.
    pub(crate) fn stop_superseded(&self, workflow: &Workflow) {
        let running = self.lock();
        let Some(run) = running.get(&workflow.adw_id) else { return };
        match workflow.stage(&run.stage).filter(|stage| stage.attempt == run.attempt) {
            Some(stage) if stage.status == StageStatus::Running => {}
            Some(stage) if stage.goes_on() => run.signal.stop(Cause::Paused),
            _ => run.signal.stop(Cause::Superseded),
        }
    }

    /// Stops all of them, since the server stops.
    pub(crate) fn shut_down(&self, programs: &Programs) {
        for (adw_id, run) in self.lock().iter() {
            run.signal.stop(Cause::Shutdown(programs.fate(adw_id)));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<AdwId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes an attempt off the list.
pub(crate) struct RunGuard<'a> {
    runs: &'a Runs,
    adw_id: AdwId,
}

impl Drop for RunGuard<'_> {
    fn drop(&mut self) {
        self.runs.lock().remove(&self.adw_id);
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, Fate, StopSignal};

    #[test]
    fn a_pause_and_a_stop_of_the_server_let_programs_go_on_and_a_later_cause_changes_nothing() {
        for (cause, ends_programs) in [
            (Cause::Paused, false),
            (Cause::Superseded, true),
            (Cause::TimedOut, true),
            (Cause::Shutdown(Fate::End), true),
            (Cause::Shutdown(Fate::GoOn), false),
        ] {
            let signal = StopSignal::default();
            signal.stop(cause);
            signal.stop(Cause::Superseded);
            signal.stop(Cause::Shutdown(Fate::GoOn));
            assert!(signal.token().is_cancelled());
            assert_eq!((signal.cause(), signal.programs().is_cancelled()), (cause, ends_programs));
        }
    }
}
