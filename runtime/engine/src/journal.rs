//! An attempt's journal, kept in the store.

use std::sync::Arc;

use adw_core::{Stage, Timestamp};
use adw_host::{Entry, EntryKind, JournalError, NotASha256};
use adw_store::{AttemptKey, JournalKind, JournalRecord, Store, StoreError};
use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::{
    blobs::Blobs,
    bodies::{self, LostBody, Placed},
    clock::Clock,
    patience::{MayPass, insist},
};

/// A journal that can't be read back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordedError {
    #[error("its journal can't be read: {0}")]
    Store(#[from] StoreError),
    #[error("its journal is damaged: {0}")]
    Damaged(#[from] NotASha256),
    #[error("its journal is not whole: {0}")]
    Lost(#[from] LostBody),
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
    blobs: Blobs,
    clock: Arc<dyn Clock>,
    key: AttemptKey,
    stop: CancellationToken,
}

impl StoredJournal {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        blobs: Blobs,
        clock: Arc<dyn Clock>,
        key: AttemptKey,
        stop: CancellationToken,
    ) -> Self {
        Self { store, blobs, clock, key, stop }
    }

    /// What an earlier run of the attempt wrote; it wrote nothing where the attempt doesn't go on in its middle.
    ///
    /// It insists as writing does: without what was done, all of it would be done again.
    pub(crate) async fn recorded(&self, stage: &Stage) -> Result<Recorded, RecordedError> {
        if !stage.goes_on() {
            return Ok(Recorded::default());
        }
        let tell = |error: &RecordedError| self.warn(error, "the journal can't be read; trying again");
        let read = async || {
            let records = self.store.journal(&self.key).await?;
            let open_call = OpenCall::of(&records);
            Ok(Recorded { open_call, entries: entries(&self.blobs, records).await? })
        };
        insist(&self.stop, tell, read).await
    }

    /// Doesn't give up while the disk has trouble, unless the attempt is stopped: the answer of an agent is dear, and
    /// is lost when it can't be written down.
    async fn write(&self, entries: Vec<Entry>) -> Result<(), JournalError> {
        failure_point!(BeforeAsked, ends_with(&entries, EntryKind::Asked));
        failure_point!(AfterEffect, ends_with(&entries, EntryKind::Answered));
        let (mut records, mut held) = (Vec::with_capacity(entries.len()), Vec::new());
        let at = self.clock.now();
        for Entry { n, kind, hash, body } in &entries {
            let placed = self.insist(|| bodies::place(&self.blobs, body)).await?;
            let Placed { body, held: holds } = placed;
            records.push(JournalRecord { n: *n, kind: stored_kind(*kind), hash: hash.to_string(), body, at });
            held.extend(holds);
        }
        failure_point!(Placed, !held.is_empty());
        self.insist(|| self.store.append_journal(&self.key, records.clone())).await?;
        drop(held);
        failure_point!(AfterAsked, ends_with(&entries, EntryKind::Asked));
        failure_point!(AfterAnswered, ends_with(&entries, EntryKind::Answered));
        Ok(())
    }

    async fn insist<T, E, F>(&self, work: impl FnMut() -> F) -> Result<T, JournalError>
    where
        E: MayPass + std::error::Error,
        F: Future<Output = Result<T, E>>,
    {
        let tell = |error: &E| self.warn(error, "the journal can't be written; trying again");
        insist(&self.stop, tell, work).await.map_err(|error| JournalError(error.to_string()))
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
        self.write(entries).await
    }
}

/// Of which kind the last of several entries is: those before it are reads, written together with it.
#[cfg(feature = "failure-points")]
fn ends_with(entries: &[Entry], kind: EntryKind) -> bool {
    entries.last().is_some_and(|last| last.kind == kind)
}

/// Records as the host wrote them.
pub(crate) async fn entries(blobs: &Blobs, records: Vec<JournalRecord>) -> Result<Vec<Entry>, RecordedError> {
    let mut entries = Vec::with_capacity(records.len());
    for record in records {
        entries.push(entry(blobs, record).await?);
    }
    Ok(entries)
}

/// A record as the host wrote it.
pub(crate) async fn entry(blobs: &Blobs, record: JournalRecord) -> Result<Entry, RecordedError> {
    let JournalRecord { n, kind, hash, body, .. } = record;
    let (hash, body) = (hash.parse()?, bodies::text(blobs, n, body).await?);
    Ok(Entry { n, kind: entry_kind(kind), hash, body })
}

const fn stored_kind(kind: EntryKind) -> JournalKind {
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
