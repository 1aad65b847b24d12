//! The programs of calls: what an earlier server left of them, and the end of those that nobody waits for.

use std::{collections::HashSet, io, path::Path};

use adw_agents::{
    RunMark,
    supervisor::{self, FoundRun, State},
};
use adw_core::{AdwId, Stage, StageStatus};
use adw_store::{RowId, StoreError, Stored};
use futures_util::future::join_all;

use crate::{
    calls::{Calls, blocking},
    inner::Inner,
    runs::Programs,
};

/// What an earlier server left.
#[derive(Debug)]
pub(crate) struct Left {
    /// Of attempts that go on: their calls take the answers.
    pub(crate) wanted: Vec<FoundRun>,
    /// Of attempts that don't.
    pub(crate) unwanted: Vec<FoundRun>,
}

impl Left {
    /// Tells them apart by the workflows that are open.
    pub(crate) fn sort(found: Vec<FoundRun>, open: &[Stored], calls: &Calls) -> Self {
        let mut go_on = HashSet::new();
        for stored in open {
            let stages = stored.workflow.stages.iter().filter(|stage| goes_on(stage));
            go_on.extend(stages.map(|stage| calls.attempt(stored.id, &stage.name, stage.attempt).folder()));
        }
        let (wanted, unwanted) =
            found.into_iter().partition(|run| run.folder.parent().is_some_and(|of| go_on.contains(of)));
        Self { wanted, unwanted }
    }

    /// Those that a sweep may not touch: what is wanted, and what is ended in a better way. Of a run that is lost nobody
    /// will ever know how it ended: what lives of it only does harm.
    pub(crate) fn spared(&self) -> Vec<RunMark> {
        let alive = self.wanted.iter().chain(&self.unwanted).filter(|run| run.state != State::Lost);
        alive.map(|run| run.mark.clone()).collect()
    }

    /// Whether something of a workflow runs.
    pub(crate) fn runs(&self, workflow: RowId, calls: &Calls) -> bool {
        self.has(State::Alive, &calls.of(workflow))
    }

    /// Whether something of a workflow was begun, and nobody knows what came of it.
    pub(crate) fn lost(&self, workflow: RowId, calls: &Calls) -> bool {
        self.has(State::Lost, &calls.of(workflow))
    }

    fn has(&self, state: State, folder: &Path) -> bool {
        self.wanted.iter().any(|run| run.state == state && run.folder.starts_with(folder))
    }
}

/// The workflows that have a program at work whose answer is waited for, whoever began it.
pub(crate) async fn at_work(engine: &Inner) -> Result<Vec<AdwId>, StoreError> {
    let found = or_none(engine.calls.programs());
    if found.iter().all(|run| run.state != State::Alive) {
        return Ok(Vec::new());
    }
    let open = engine.store.open_workflows().await?;
    let left = Left::sort(found, &open, &engine.calls);
    let at_work = open.into_iter().filter(|stored| left.runs(stored.id, &engine.calls));
    Ok(at_work.map(|stored| stored.workflow.adw_id).collect())
}

/// Those programs of a workflow whose attempts don't go on.
pub(crate) fn unwanted(found: Vec<FoundRun>, of: &Stored, calls: &Calls) -> Vec<FoundRun> {
    if of.workflow.status.is_ended() {
        return found;
    }
    Left::sort(found, std::slice::from_ref(of), calls).unwanted
}

/// Whether the newest attempt of a stage was under way when the server ended, or has been interrupted.
fn goes_on(stage: &Stage) -> bool {
    stage.status == StageStatus::Running || stage.goes_on()
}

/// Those that are not to go on when the engine stops.
pub(crate) async fn to_end(engine: &Inner, programs: &Programs) -> io::Result<Vec<FoundRun>> {
    match programs {
        Programs::GoOn => Ok(Vec::new()),
        Programs::EndOf(adw_id) => match engine.store.workflow(adw_id).await.map_err(io::Error::other)? {
            Some(stored) => engine.calls.programs_of(stored.id),
            None => Ok(Vec::new()),
        },
        Programs::End => engine.calls.programs(),
    }
}

/// Ends programs that nobody waits for, all at the same time.
pub(crate) async fn end(runs: Vec<FoundRun>) {
    join_all(runs.iter().filter(|run| run.state != State::Ended).map(end_one)).await;
}

/// Ends them, and removes what is kept of them.
pub(crate) async fn forget(runs: Vec<FoundRun>) {
    if runs.is_empty() {
        return;
    }
    let folders: Vec<_> = runs.iter().map(|run| run.folder.clone()).collect();
    end(runs).await;
    let removed = blocking(move || folders.iter().try_for_each(|folder| supervisor::forget(folder)));
    if let Err(error) = removed.await {
        tracing::warn!(%error, "what is kept of a program can't be removed");
    }
}

async fn end_one(run: &FoundRun) {
    let folder = run.folder.display();
    match supervisor::end(&run.folder).await {
        Ok(swept) if swept.survivors > 0 => {
            tracing::warn!(%folder, survivors = swept.survivors, "processes of a program don't end");
        }
        Ok(swept) => {
            tracing::info!(%folder, processes = swept.ended, "ended a program that nobody waits for");
        }
        Err(error) => tracing::error!(%folder, %error, "a program can't be ended"),
    }
}

/// What was found; nothing, where it can't be looked at, which is told.
pub(crate) fn or_none(found: io::Result<Vec<FoundRun>>) -> Vec<FoundRun> {
    found.unwrap_or_else(|error| {
        tracing::error!(%error, "the programs of calls can't be looked at; one that runs is left to itself");
        Vec::new()
    })
}
