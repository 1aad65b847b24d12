//! The attempts that are under way, and how they are stopped.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use adw_core::{AdwId, StageName, Workflow};
use tokio_util::sync::CancellationToken;

/// Why an attempt is stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The workflow went on without it: it was cancelled, ended or moved.
    Superseded,
    /// The server stops.
    Shutdown,
    /// It took longer than the stage may.
    TimedOut,
}

/// Stops an attempt, once, for one cause.
#[derive(Clone, Debug, Default)]
pub(crate) struct StopSignal {
    token: CancellationToken,
    cause: Arc<OnceLock<Cause>>,
}

impl StopSignal {
    /// The first cause stays.
    pub(crate) fn stop(&self, cause: Cause) {
        let _ = self.cause.set(cause);
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
        let current = workflow
            .running_stage()
            .is_some_and(|stage| stage.name == run.stage && stage.attempt == run.attempt);
        if !current {
            run.signal.stop(Cause::Superseded);
        }
    }

    /// Stops all of them.
    pub(crate) fn stop_all(&self, cause: Cause) {
        for run in self.lock().values() {
            run.signal.stop(cause);
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
