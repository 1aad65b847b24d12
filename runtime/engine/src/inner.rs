//! The parts of an engine, as they see each other: a change of a workflow goes in at one place, and what follows from
//! it is set going at one place.

use std::{path::PathBuf, sync::Arc};

use adw_agents::{Owner, RunMark, supervisor::Supervisor};
use adw_core::{AdwId, Command, Expire, Status, Waiting, Workflow};
use adw_store::{Store, Stored};
use adw_workspace::Workspaces;
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    CommandError, Feed, blobs::Blobs, calls::Calls, catalog::Catalog, clock::Clock, configuration::Readings,
    ledger::Ledger, logs::Logs, patience, programs, runs::Runs, scheduler::Scheduler, timers::Timers,
};

/// The parts of an engine.
pub(crate) struct Inner {
    pub(crate) readings: Readings,
    pub(crate) data: PathBuf,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) host: Arc<adw_host::Host>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) workspaces: Workspaces,
    pub(crate) blobs: Blobs,
    pub(crate) feed: Feed,
    pub(crate) logs: Logs,
    pub(crate) calls: Calls,
    pub(crate) supervisor: Supervisor,
    pub(crate) ledger: Ledger,
    pub(crate) runs: Runs,
    pub(crate) scheduler: Scheduler,
    pub(crate) timers: Timers,
    /// Held by the replay that is under way.
    pub(crate) replaying: tokio::sync::Mutex<()>,
    /// Where those go that were given a place.
    pub(crate) places: mpsc::UnboundedSender<AdwId>,
    /// Everything that was started and has to end before the engine does.
    pub(crate) tasks: TaskTracker,
    pub(crate) stopping: CancellationToken,
}

impl Inner {
    /// Decides, commits, tells, and sets going what follows.
    pub(crate) async fn command(
        &self,
        adw_id: &AdwId,
        command: &Command,
        expected: Option<u64>,
    ) -> Result<Stored, CommandError> {
        self.ledger.command(adw_id, command, expected, |stored| self.react(stored)).await
    }

    /// Decides, and doesn't give up while the store has trouble: what a stage came to was paid for.
    pub(crate) async fn insist(&self, adw_id: &AdwId, command: &Command) -> Result<Workflow, CommandError> {
        let tell = |error: &CommandError| {
            tracing::warn!(%adw_id, %error, "the store doesn't take a decision; trying again");
        };
        let stored = patience::insist(&self.stopping, tell, || self.command(adw_id, command, None)).await?;
        Ok(stored.workflow)
    }

    /// What follows from a workflow's new state, whatever led to it. Called under the workflow's lock.
    pub(crate) fn react(&self, stored: &Stored) {
        let workflow = &stored.workflow;
        self.runs.stop_superseded(workflow);
        if let Some(due) = workflow.due() {
            self.timers.set(&workflow.adw_id, due, self.clock.as_ref());
        }
        if workflow.status.is_ended() || workflow.paused.is_some() {
            self.scheduler.forget(&workflow.adw_id);
            if !self.scheduler.has_place(&workflow.adw_id) {
                // Nobody follows them: an earlier server's, whose workflow had no place again yet, or those of an attempt
                // that was paused, and then moved.
                let left = programs::or_none(self.calls.programs_of(stored.id));
                let unwanted = programs::unwanted(left, stored, &self.calls);
                self.tasks.spawn(programs::end(unwanted));
            }
        }
        if workflow.is_runnable() || self.is_to_be_put_away(workflow) {
            self.enqueue(stored);
        }
    }

    /// Whether it has ended and left a worktree. The end of a run puts that away, and so a run is what it gets.
    pub(crate) fn is_to_be_put_away(&self, workflow: &Workflow) -> bool {
        matches!(workflow.status, Status::Completed | Status::Cancelled)
            && self.workspaces.has_folder(workflow.adw_id.as_str())
    }

    /// What a workflow waits on may be over. A question is answered by its default; whether anything else still waits, and
    /// its time has come, is decided when it starts.
    pub(crate) async fn fall_due(&self, adw_id: &AdwId) -> Result<(), CommandError> {
        let stored = self.ledger.current(adw_id).await?;
        let workflow = &stored.workflow;
        if workflow.due().is_none() {
            return Ok(());
        }
        failure_point!(Rung);
        let now = self.clock.now();
        let deadline = workflow.pipeline.budget.deadline(&workflow.spent);
        let is_to_try = matches!(workflow.waiting, Some(Waiting::Timer { until, .. }) if until <= now);
        if is_to_try && deadline.is_none_or(|deadline| deadline > now) {
            self.enqueue(&stored);
            // There may be no place for it until then.
            if let Some(deadline) = deadline {
                self.timers.set(adw_id, deadline, self.clock.as_ref());
            }
        } else {
            // One that rang too early is set again by what follows.
            self.command(adw_id, &Command::Expire(Expire), None).await?;
        }
        Ok(())
    }

    /// Lets a workflow run as soon as there is a place.
    pub(crate) fn enqueue(&self, stored: &Stored) {
        self.give_places(self.scheduler.enqueue(stored));
    }

    /// For whom a workflow's programs run.
    pub(crate) fn owner(&self, adw_id: &AdwId) -> Owner {
        Owner { server: self.data.display().to_string(), adw_id: adw_id.to_string() }
    }

    /// Ends what programs an earlier run of the server left, but for those that are to go on.
    pub(crate) async fn sweep_all_but(&self, kept: &[RunMark]) {
        let swept = adw_agents::sweep_all_but(&self.data.display().to_string(), kept).await;
        if swept.ended > 0 || swept.survivors > 0 {
            tracing::warn!(ended = swept.ended, survivors = swept.survivors, "swept up left-over processes");
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Gives back the place of a workflow whose run is over.
    pub(crate) fn release(&self, adw_id: &AdwId) {
        self.give_places(self.scheduler.release(adw_id));
    }

    fn give_places(&self, adw_ids: Vec<AdwId>) {
        for adw_id in adw_ids {
            // Nobody hears it only when the engine has been stopped, and then it runs after the next start.
            let _ = self.places.send(adw_id);
        }
    }
}
