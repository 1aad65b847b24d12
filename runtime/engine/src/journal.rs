//! An attempt's journal, kept in the store.

use std::sync::Arc;

use adw_host::{Entry, EntryKind, JournalError};
use adw_store::{AttemptKey, JournalKind, JournalRecord, Store};
use async_trait::async_trait;

use crate::clock::Clock;

/// Where the host writes down the calls of one attempt.
pub(crate) struct StoredJournal {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    key: AttemptKey,
}

impl StoredJournal {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, key: AttemptKey) -> Self {
        Self { store, clock, key }
    }
}

#[async_trait]
impl adw_host::Journal for StoredJournal {
    async fn append(&self, entries: Vec<Entry>) -> Result<(), JournalError> {
        let at = self.clock.now();
        let records = entries
            .into_iter()
            .map(|entry| JournalRecord {
                n: entry.n,
                kind: kind(entry.kind),
                hash: entry.hash.to_string(),
                body: entry.body,
                at,
            })
            .collect();
        self.store.append_journal(&self.key, records).await.map_err(|error| JournalError(error.to_string()))
    }
}

const fn kind(kind: EntryKind) -> JournalKind {
    match kind {
        EntryKind::Asked => JournalKind::Asked,
        EntryKind::Parked => JournalKind::Parked,
        EntryKind::Answered => JournalKind::Answered,
    }
}
