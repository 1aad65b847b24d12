//! Deciding, committing and telling: one at a time for each workflow.
//!
//! A command is decided on the workflow as it stands, its events are committed together with the row that follows
//! from them, and then published, all under the workflow's own lock. So listeners hear events in order, and a
//! decision is never made on a state that another one is about to change. The store checks the version all the
//! same: it is the store that must not be wrong.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
};

use adw_core::{
    AdwId, Command, Document, Event, Pipeline, PipelineHash, Present, Recorded, Refusal, Timestamp, Workflow,
    apply, decide,
};
use adw_store::{Append, NewWorkflow, Store, StoreError, Stored};

use crate::{
    CommandError,
    catalog::Catalog,
    clock::Clock,
    feed::{Feed, Published},
    log_line,
};

/// Pinned documents kept in memory; more than there are pipelines in any adw.toml.
const PIPELINES: usize = 256;

/// A workflow in memory, empty until it is first needed; whoever holds the lock decides.
pub(crate) type Cell = tokio::sync::Mutex<Option<Stored>>;

/// Where decisions are made.
pub(crate) struct Ledger {
    store: Arc<dyn Store>,
    feed: Feed,
    clock: Arc<dyn Clock>,
    catalog: Arc<Catalog>,
    /// Workflows that somebody holds at the moment; what nobody holds takes no memory.
    cells: Mutex<HashMap<AdwId, Weak<Cell>>>,
    pipelines: Mutex<HashMap<PipelineHash, Arc<Pipeline>>>,
}

impl Ledger {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        feed: Feed,
        clock: Arc<dyn Clock>,
        catalog: Arc<Catalog>,
    ) -> Self {
        Self { store, feed, clock, catalog, cells: Mutex::default(), pipelines: Mutex::default() }
    }

    /// Writes a workflow's first event. `react` is called as [`Ledger::command`] calls it.
    pub(crate) async fn create(
        &self,
        first: Event,
        document: &Document,
        react: impl FnOnce(&Stored),
    ) -> Result<Stored, StoreError> {
        let first = Recorded { seq: 1, at: self.clock.now(), event: first };
        let workflow = apply(None, &first).map_err(|error| StoreError::Damaged(error.to_string()))?;
        self.remember(&document.hash, &document.pipeline);
        let cell = self.hold(&workflow.adw_id);
        let mut slot = cell.lock().await;
        failure_point!(BeforeCommit);
        let document = Arc::clone(&document.text);
        let stored = self.store.create(NewWorkflow { first: first.clone(), workflow, document }).await?;
        failure_point!(AfterCommit);
        *slot = Some(stored.clone());
        self.publish(stored.id.0, vec![(first, stored.workflow.clone())]);
        react(&stored);
        Ok(stored)
    }

    /// Decides a command, and commits and tells what follows from it.
    ///
    /// `expected` is the version that the asker saw, where it matters to them. `react` is called after the commit and
    /// still under the workflow's lock, so that reactions come in the order of the changes; it must not block.
    pub(crate) async fn command(
        &self,
        adw_id: &AdwId,
        command: &Command,
        expected: Option<u64>,
        react: impl FnOnce(&Stored),
    ) -> Result<Stored, CommandError> {
        let cell = self.hold(adw_id);
        let mut slot = cell.lock().await;
        loop {
            if slot.is_none() {
                *slot = self.store.workflow(adw_id).await?;
            }
            let Some(stored) = slot.as_ref() else {
                return Err(CommandError::NotFound(adw_id.clone()));
            };
            match self.decide_and_append(stored, command, expected).await {
                Ok(None) => {
                    // It is so already; perhaps by a write of our own whose answer was lost, and that nobody followed.
                    react(stored);
                    return Ok(stored.clone());
                }
                Ok(Some(history)) => {
                    let id = stored.id;
                    let Some((_, workflow)) = history.last() else { continue };
                    let stored = Stored { id, workflow: workflow.clone() };
                    *slot = Some(stored.clone());
                    self.publish(id.0, history);
                    react(&stored);
                    return Ok(stored);
                }
                // Another process, or an append whose answer was lost: what is in memory is not what is stored.
                Err(CommandError::Store(StoreError::Conflict { .. })) => *slot = None,
                Err(error) => {
                    match error {
                        // Whoever asks again because they heard nothing may be refused since it was done: here too by a
                        // write that nobody followed.
                        CommandError::Refused(_) => react(stored),
                        CommandError::Store(_) => *slot = None,
                        _ => {}
                    }
                    return Err(error);
                }
            }
        }
    }

    async fn decide_and_append(
        &self,
        stored: &Stored,
        command: &Command,
        expected: Option<u64>,
    ) -> Result<Option<Vec<(Recorded, Workflow)>>, CommandError> {
        let before = &stored.workflow;
        if let Some(expected) = expected.filter(|expected| *expected != before.seq) {
            return Err(CommandError::Stale { expected, actual: before.seq });
        }
        let pipeline = self.pipeline(before).await?;
        // A clock that was set back must not make history run backwards.
        let at = self.clock.now().max(before.updated_at);
        // One reading of adw.toml for all of it.
        let present = self.catalog.served();
        let events = decide(before, &pipeline, &*present, command, at)?;
        if events.is_empty() {
            return Ok(None);
        }
        let history = Self::apply_all(before, events, at)?;
        let Some((_, workflow)) = history.last() else { return Ok(None) };
        let append = Append {
            id: stored.id,
            expected: before.seq,
            events: history.iter().map(|(recorded, _)| recorded.clone()).collect(),
            workflow: workflow.clone(),
            document: self.taken_up(before, workflow, &*present)?,
        };
        #[cfg(feature = "failure-points")]
        self.tell_too_early(stored.id.0, &history).await;
        failure_point!(BeforeCommit);
        self.store.append(append).await?;
        failure_point!(AfterCommit);
        Ok(Some(history))
    }

    /// The text of the document that a decision pins the workflow to, where that is another one than before.
    fn taken_up(
        &self,
        before: &Workflow,
        after: &Workflow,
        present: &dyn Present,
    ) -> Result<Option<Arc<str>>, Refusal> {
        if before.pipeline.hash == after.pipeline.hash {
            return Ok(None);
        }
        let document = present.document(before)?;
        self.remember(&document.hash, &document.pipeline);
        Ok(Some(document.text))
    }

    /// Long enough before the commit for a listener to have it, if that is the fault that was asked for.
    #[cfg(feature = "failure-points")]
    async fn tell_too_early(&self, id: i64, history: &[(Recorded, Workflow)]) {
        if crate::Sabotage::EmitBeforePersisting.is_on() {
            self.publish(id, history.to_vec());
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }

    /// The events with their numbers, each with the workflow after it.
    fn apply_all(
        before: &Workflow,
        events: Vec<Event>,
        at: Timestamp,
    ) -> Result<Vec<(Recorded, Workflow)>, CommandError> {
        let mut workflow = before.clone();
        let mut history = Vec::with_capacity(events.len());
        for event in events {
            let recorded = Recorded { seq: workflow.seq + 1, at, event };
            let adw_id = before.adw_id.clone();
            workflow = apply(Some(workflow), &recorded)
                .map_err(|error| CommandError::Broken { adw_id, reason: error.to_string() })?;
            history.push((recorded, workflow.clone()));
        }
        Ok(history)
    }

    fn publish(&self, id: i64, history: Vec<(Recorded, Workflow)>) {
        for (recorded, after) in history {
            log_line::tell(&recorded.event, &after);
            let adw_id = after.adw_id.clone();
            self.feed.publish_event(&adw_id, || Published {
                recorded,
                id,
                after: Arc::new(after),
                wire: OnceLock::new(),
                board: OnceLock::new(),
            });
        }
    }

    /// The workflow as it stands.
    pub(crate) async fn current(&self, adw_id: &AdwId) -> Result<Stored, CommandError> {
        self.look(adw_id, |_| {}).await
    }

    /// The workflow as it stands, with what follows from it: `react` is called as [`Ledger::command`] calls it.
    pub(crate) async fn look(
        &self,
        adw_id: &AdwId,
        react: impl FnOnce(&Stored),
    ) -> Result<Stored, CommandError> {
        let cell = self.hold(adw_id);
        let mut slot = cell.lock().await;
        if slot.is_none() {
            *slot = self.store.workflow(adw_id).await?;
        }
        let stored = slot.as_ref().ok_or_else(|| CommandError::NotFound(adw_id.clone()))?;
        react(stored);
        Ok(stored.clone())
    }

    /// Keeps a workflow in memory for as long as the answer lives.
    pub(crate) fn hold(&self, adw_id: &AdwId) -> Arc<Cell> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(adw_id).and_then(Weak::upgrade) {
            return cell;
        }
        // What nobody holds any more is cleared out when the map would have to grow.
        if cells.len() == cells.capacity() {
            cells.retain(|_, cell| cell.strong_count() > 0);
        }
        let cell = Arc::new(Cell::default());
        cells.insert(adw_id.clone(), Arc::downgrade(&cell));
        cell
    }

    /// The document that a workflow is pinned to.
    pub(crate) async fn pipeline(&self, workflow: &Workflow) -> Result<Arc<Pipeline>, CommandError> {
        let hash = &workflow.pipeline.hash;
        let known = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned();
        if let Some(pipeline) = known {
            return Ok(pipeline);
        }
        let broken = |reason| CommandError::Broken { adw_id: workflow.adw_id.clone(), reason };
        let document = self.store.pipeline(hash).await?;
        let document =
            document.ok_or_else(|| broken(format!("its pipeline document {} is missing", hash.0)))?;
        let pipeline: Pipeline = serde_json::from_str(&document)
            .map_err(|error| broken(format!("its pipeline document {} can't be read: {error}", hash.0)))?;
        let pipeline = Arc::new(pipeline);
        self.remember(hash, &pipeline);
        Ok(pipeline)
    }

    fn remember(&self, hash: &PipelineHash, pipeline: &Arc<Pipeline>) {
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        if pipelines.len() >= PIPELINES {
            pipelines.clear();
        }
        pipelines.entry(hash.clone()).or_insert_with(|| Arc::clone(pipeline));
    }
}
