//! An attempt's journal, kept in the store.

use std::sync::Arc;

use adw_core::{Stage, Timestamp};
use adw_host::{Entry, EntryKind, JournalError, NotASha256};
use adw_store::{AttemptKey, JournalKind, JournalRecord, Store, StoreError};
use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::{clock::Clock, patience::insist};

/// A journal that can't be read back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordedError {
    #[error("its journal can't be read: {0}")]
    Store(#[from] StoreError),
    #[error("its journal is damaged: {0}")]
    Damaged(#[from] NotASha256),
}

/// What an earlier run of an attempt wrote.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    pub(crate) entries: Vec<Entry>,
    pub(crate) open_call: Option<OpenCall>,
}

/// The call that an earlier run of an attempt had begun and that has no answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenCall {
    pub(crate) n: u32,
    pub(crate) asked_at: Timestamp,
    /// It was left to wait; else it was cut off, and what it came to is in doubt.
    pub(crate) parked: bool,
}

impl OpenCall {
    fn of(records: &[JournalRecord]) -> Option<Self> {
        let last = records.last().filter(|last| last.kind != JournalKind::Answered)?;
        let asked =
            records.iter().rev().find(|record| record.n == last.n && record.kind == JournalKind::Asked)?;
        Some(Self { n: last.n, asked_at: asked.at, parked: last.kind == JournalKind::Parked })
    }
}

/// Where the host writes down the calls of one attempt.
pub(crate) struct StoredJournal {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    key: AttemptKey,
    stop: CancellationToken,
}

impl StoredJournal {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        key: AttemptKey,
        stop: CancellationToken,
    ) -> Self {
        Self { store, clock, key, stop }
    }

    /// What an earlier run of the attempt wrote; it wrote nothing where the attempt doesn't go on in its middle.
    ///
    /// It insists as writing does: without what was done, all of it would be done again.
    pub(crate) async fn recorded(&self, stage: &Stage) -> Result<Recorded, RecordedError> {
        if !stage.goes_on() {
            return Ok(Recorded::default());
        }
        let tell = |error: &RecordedError| self.warn(error, "the journal can't be read; trying again");
        let read = || async { Ok(self.store.journal(&self.key).await?) };
        let records = insist(&self.stop, tell, read).await?;
        let open_call = OpenCall::of(&records);
        let entries = records.into_iter().map(entry).collect::<Result<_, _>>()?;
        Ok(Recorded { entries, open_call })
    }

    /// Doesn't give up while the store has trouble, unless the attempt is stopped: the answer of an agent is dear, and
    /// is lost when it can't be written down.
    async fn write(&self, records: Vec<JournalRecord>) -> Result<(), StoreError> {
        let tell = |error: &StoreError| self.warn(error, "the journal can't be written; trying again");
        failure_point!(BeforeAsked, ends_with(&records, JournalKind::Asked));
        failure_point!(AfterEffect, ends_with(&records, JournalKind::Answered));
        insist(&self.stop, tell, || self.store.append_journal(&self.key, records.clone())).await?;
        failure_point!(AfterAsked, ends_with(&records, JournalKind::Asked));
        failure_point!(AfterAnswered, ends_with(&records, JournalKind::Answered));
        Ok(())
    }

    fn warn(&self, error: &dyn std::error::Error, what: &str) {
        let AttemptKey { workflow, stage, attempt } = &self.key;
        tracing::warn!(workflow = workflow.0, %stage, attempt, %error, "{what}");
    }
}

#[async_trait]
impl adw_host::Journal for StoredJournal {
    async fn append(&self, entries: Vec<Entry>) -> Result<(), JournalError> {
        #[cfg(feature = "failure-points")]
        let entries = crate::Sabotage::written(entries);
        let at = self.clock.now();
        let records: Vec<_> = entries
            .into_iter()
            .map(|entry| JournalRecord {
                n: entry.n,
                kind: kind(entry.kind),
                hash: entry.hash.to_string(),
                body: entry.body,
                at,
            })
            .collect();
        self.write(records).await.map_err(|error| JournalError(error.to_string()))
    }
}

/// Of which kind the last of several records is: those before it are reads, written together with it.
#[cfg(feature = "failure-points")]
fn ends_with(records: &[JournalRecord], kind: JournalKind) -> bool {
    records.last().is_some_and(|last| last.kind == kind)
}

/// A record as the host wrote it.
pub(crate) fn entry(record: JournalRecord) -> Result<Entry, NotASha256> {
    let hash = record.hash.parse()?;
    Ok(Entry { n: record.n, kind: entry_kind(record.kind), hash, body: record.body })
}

const fn kind(kind: EntryKind) -> JournalKind {
    match kind {
        EntryKind::Asked => JournalKind::Asked,
        EntryKind::Parked => JournalKind::Parked,
        EntryKind::Answered => JournalKind::Answered,
    }
}

const fn entry_kind(kind: JournalKind) -> EntryKind {
    match kind {
        JournalKind::Asked => EntryKind::Asked,
        JournalKind::Parked => EntryKind::Parked,
        JournalKind::Answered => EntryKind::Answered,
    }
}
