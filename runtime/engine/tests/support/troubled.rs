//! A store that has trouble: it refuses some calls, as a full or busy disk would.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use adw_config::{Config, Env};
use adw_core::{AdwId, PipelineHash, Recorded, StageName};
use adw_engine::{Clock, Engine, Options, SystemClock};
use adw_store::{
    Append, Artifact, Artifacts, AttemptKey, Filter, Journal, JournalRecord, NewWorkflow, Page, Pagination,
    ReadWorkflows, RowId, StageValues, Store, StoreError, Stored, ValuesKept, WriteWorkflows,
    sqlite::SqliteStore,
};
use async_trait::async_trait;
use tempfile::TempDir;
use tokio::sync::watch;

use super::{Bench, Leftovers, supervisor};

/// How many calls of a kind are refused.
#[derive(Default)]
pub struct Refusals {
    pub appends: AtomicU32,
    pub journals: AtomicU32,
    pub journal_reads: AtomicU32,
    pub values: AtomicU32,
    /// From when on nothing is written any more.
    pub cut: Option<Arc<Cut>>,
}

/// The end of all writing after some writes: for what comes later, the server was killed then.
pub struct Cut {
    after: AtomicU32,
    tried: AtomicU32,
    /// The write after those is taken, and nobody hears of it.
    last_is_taken: AtomicBool,
    /// Only that one fares so, and all is well again.
    passes: AtomicBool,
    /// Whether tasks that are handed over count too.
    counts_tasks: bool,
    refused: watch::Sender<bool>,
    written: watch::Sender<u32>,
}

impl Cut {
    /// What is written of workflows after this many writes is refused: events, journals and values.
    pub fn after(writes: u32) -> Arc<Self> {
        Arc::new(Self::new(writes, false))
    }

    /// Nothing is refused until it is [armed](Self::arm); tasks that are handed over count too.
    pub fn unarmed() -> Arc<Self> {
        Arc::new(Self::new(u32::MAX, true))
    }

    fn new(writes: u32, counts_tasks: bool) -> Self {
        Self {
            after: AtomicU32::new(writes),
            tried: AtomicU32::new(0),
            last_is_taken: AtomicBool::new(false),
            passes: AtomicBool::new(false),
            counts_tasks,
            refused: watch::Sender::new(false),
            written: watch::Sender::new(0),
        }
    }

    /// After this many more writes the next is refused, or taken without an answer, and so are all after it, unless it
    /// passes.
    pub fn arm(&self, writes: u32, last_is_taken: bool, passes: bool) {
        self.last_is_taken.store(last_is_taken, Ordering::SeqCst);
        self.passes.store(passes, Ordering::SeqCst);
        self.after.store(self.tried.load(Ordering::SeqCst).saturating_add(writes), Ordering::SeqCst);
    }

    /// Nothing is refused, unless something was already.
    pub fn disarm(&self) {
        self.after.store(u32::MAX, Ordering::SeqCst);
    }

    /// Whether something was refused.
    pub fn has_come(&self) -> bool {
        *self.refused.borrow()
    }

    /// Nothing more is written from now on.
    pub fn now(&self) {
        self.after.store(0, Ordering::SeqCst);
    }

    /// Waits until something was refused.
    pub async fn came(&self) {
        let _ = self.refused.subscribe().wait_for(|refused| *refused).await;
    }

    /// How much was written.
    pub fn writes(&self) -> u32 {
        *self.written.borrow()
    }

    /// Waits until so much was written.
    pub async fn written(&self, writes: u32) {
        let _ = self.written.subscribe().wait_for(|written| *written >= writes).await;
    }

    /// Writes, if that is still possible.
    async fn write<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let (tried, after) = (self.tried.fetch_add(1, Ordering::SeqCst), self.after.load(Ordering::SeqCst));
        let passes = self.passes.load(Ordering::SeqCst);
        if (tried < after || (tried > after && passes)) && !self.has_come() {
            let written = work.await?;
            self.written.send_modify(|written| *written += 1);
            return Ok(written);
        }
        if tried == after && self.last_is_taken.load(Ordering::SeqCst) {
            work.await?;
        }
        if !passes {
            self.refused.send_replace(true);
        }
        Err(full())
    }
}

fn full() -> StoreError {
    StoreError::Unavailable("the disk is full".to_owned())
}

/// A store that refuses some calls.
struct Troubled {
    inner: SqliteStore,
    refusals: Refusals,
}

impl Troubled {
    fn refuse(left: &AtomicU32) -> Result<(), StoreError> {
        let refused = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        refused.map_or(Ok(()), |_| Err(full()))
    }

    /// Writes, if it isn't refused.
    async fn write<T>(
        &self,
        left: &AtomicU32,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        Self::refuse(left)?;
        match &self.refusals.cut {
            Some(cut) => cut.write(work).await,
            None => work.await,
        }
    }
}

#[async_trait]
impl ReadWorkflows for Troubled {
    async fn workflow(&self, adw_id: &AdwId) -> Result<Option<Stored>, StoreError> {
        self.inner.workflow(adw_id).await
    }
    async fn list(&self, filter: &Filter, pagination: &Pagination) -> Result<Page, StoreError> {
        self.inner.list(filter, pagination).await
    }
    async fn events(&self, adw_id: &AdwId, after: u64, limit: u32) -> Result<Vec<Recorded>, StoreError> {
        self.inner.events(adw_id, after, limit).await
    }
    async fn open_workflows(&self) -> Result<Vec<Stored>, StoreError> {
        self.inner.open_workflows().await
    }
    async fn pipeline(&self, hash: &PipelineHash) -> Result<Option<String>, StoreError> {
        self.inner.pipeline(hash).await
    }
    async fn documents(&self) -> Result<Vec<String>, StoreError> {
        self.inner.documents().await
    }
}

#[async_trait]
impl WriteWorkflows for Troubled {
    async fn create(&self, new: NewWorkflow) -> Result<Stored, StoreError> {
        match &self.refusals.cut {
            Some(cut) if cut.counts_tasks => cut.write(self.inner.create(new)).await,
            _ => self.inner.create(new).await,
        }
    }
    async fn append(&self, append: Append) -> Result<(), StoreError> {
        self.write(&self.refusals.appends, self.inner.append(append)).await
    }
}

#[async_trait]
impl Journal for Troubled {
    async fn append_journal(&self, key: &AttemptKey, records: Vec<JournalRecord>) -> Result<(), StoreError> {
        self.write(&self.refusals.journals, self.inner.append_journal(key, records)).await
    }
    async fn journal_part(
        &self,
        key: &AttemptKey,
        after: u32,
        calls: u32,
    ) -> Result<Vec<JournalRecord>, StoreError> {
        self.inner.journal_part(key, after, calls).await
    }
    async fn journal_blobs(&self) -> Result<std::collections::HashSet<String>, StoreError> {
        self.inner.journal_blobs().await
    }
    async fn journal(&self, key: &AttemptKey) -> Result<Vec<JournalRecord>, StoreError> {
        Self::refuse(&self.refusals.journal_reads)?;
        self.inner.journal(key).await
    }
}

#[async_trait]
impl StageValues for Troubled {
    async fn value(
        &self,
        workflow: RowId,
        stage: &StageName,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.value(workflow, stage, key).await
    }
    async fn set_value(
        &self,
        workflow: RowId,
        stage: &StageName,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.write(&self.refusals.values, self.inner.set_value(workflow, stage, key, value)).await
    }
    async fn values_kept(&self, workflow: RowId, prefix: &str) -> Result<ValuesKept, StoreError> {
        self.inner.values_kept(workflow, prefix).await
    }
}

#[async_trait]
impl Artifacts for Troubled {
    async fn put_artifact(&self, workflow: RowId, artifact: Artifact) -> Result<(), StoreError> {
        self.inner.put_artifact(workflow, artifact).await
    }
    async fn artifacts(&self, workflow: RowId) -> Result<Vec<Artifact>, StoreError> {
        self.inner.artifacts(workflow).await
    }
    async fn artifact_blobs(&self) -> Result<std::collections::HashSet<String>, StoreError> {
        self.inner.artifact_blobs().await
    }
}

#[async_trait]
impl Store for Troubled {
    fn epoch(&self) -> uuid::Uuid {
        self.inner.epoch()
    }
    async fn probe(&self) -> Result<(), StoreError> {
        self.inner.probe().await
    }
    async fn close(&self) {
        self.inner.close().await;
    }
}

/// An engine over such a store, in the folder of another bench whose engine has stopped.
pub async fn troubled(folder: TempDir, refusals: Refusals) -> Bench {
    troubled_on_clock(folder, refusals, Arc::new(SystemClock)).await
}

/// The same, whose time is what this clock says.
pub async fn troubled_on_clock(folder: TempDir, refusals: Refusals, clock: Arc<dyn Clock>) -> Bench {
    let config = Config::load(&folder.path().join("adw.toml"), &Env::empty()).unwrap();
    let data = config.data_dir();
    std::fs::create_dir_all(&data).unwrap();
    let inner = SqliteStore::open(adw_store::sqlite::Options::new(data.join("adw.db"))).await.unwrap();
    let store: Arc<dyn Store> = Arc::new(Troubled { inner, refusals });
    let options = Options { clock, ..Options::new(config, data, Arc::clone(&store), supervisor()) };
    let engine = Engine::start(options).await.unwrap();
    Bench { leftovers: Leftovers::of(&folder), folder, engine, store }
}
