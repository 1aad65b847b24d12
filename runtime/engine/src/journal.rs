//! An attempt's journal, kept in the store.

use std::sync::Arc;

use adw_host::{Entry, EntryKind, JournalError};
use adw_store::{AttemptKey, JournalKind, JournalRecord, Store, StoreError};
use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, backoff};

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

    /// Doesn't give up while the store has trouble, unless the attempt is stopped: the answer of an agent is dear, and
    /// is lost when it can't be written down.
    async fn insist(&self, records: Vec<JournalRecord>) -> Result<(), StoreError> {
        let mut waits = backoff();
        loop {
            let error = match self.store.append_journal(&self.key, records.clone()).await {
                Err(error @ StoreError::Unavailable(_)) if !self.stop.is_cancelled() => error,
                written => return written,
            };
            let workflow = self.key.workflow.0;
            tracing::warn!(workflow, stage = %self.key.stage, %error, "the journal can't be written; trying again");
            tokio::select! {
                () = tokio::time::sleep(waits.next().unwrap_or_default()) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }
}

#[async_trait]
impl adw_host::Journal for StoredJournal {
    async fn append(&self, entries: Vec<Entry>) -> Result<(), JournalError> {
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
        self.insist(records).await.map_err(|error| JournalError(error.to_string()))
    }
}

const fn kind(kind: EntryKind) -> JournalKind {
    match kind {
        EntryKind::Asked => JournalKind::Asked,
        EntryKind::Parked => JournalKind::Parked,
        EntryKind::Answered => JournalKind::Answered,
    }
}
