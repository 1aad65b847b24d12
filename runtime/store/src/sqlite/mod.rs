//! A store in one SQLite file.
//!
//! One task holds the only connection that writes; whatever waits for it is written as one group, so that many writes
//! share one wait for the disk. Four more connections read, and never wait for it. The file belongs to one process at a
//! time.

mod attempts;
mod failure;
mod history;
mod identity;
mod lock;
mod look;
mod migrations;
mod open;
mod workflows;
mod writer;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use adw_core::{AdwId, PipelineHash, Recorded, StageName};
use async_trait::async_trait;
use sqlx::sqlite::SqlitePool;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tracing::instrument;
use uuid::Uuid;

use crate::{
    Append, Artifact, Artifacts, AttemptKey, Filter, Journal, JournalRecord, NewWorkflow, Page, Pagination,
    ReadWorkflows, RowId, StageValues, Store, StoreError, Stored, ValuesKept, WriteWorkflows,
};
use failure::Failure;
use writer::{Change, Creation, Write, WriterHandle};

pub use look::{Found, is_in_use, is_there, look};
pub use open::Options;
#[cfg(feature = "failure-points")]
pub use writer::FailingCommits;

/// Workflows in a SQLite file.
pub struct SqliteStore {
    epoch: Uuid,
    readers: SqlitePool,
    /// None once the store is closed.
    writer: std::sync::Mutex<Option<WriterHandle>>,
    task: Mutex<Option<JoinHandle<()>>>,
    last_id: AtomicI64,
    commits: Arc<AtomicU64>,
}

impl SqliteStore {
    /// Opens the database, and makes it where there is none.
    ///
    /// What is there must be free, ours and of a schema that is known, else it is left untouched; and the histories of
    /// its open workflows must be whole. [`Store::close`] it, so that it is free when this was dropped.
    #[instrument(level = "debug", skip_all)]
    pub async fn open(options: impl Into<Options>) -> Result<Self, StoreError> {
        let opened = Box::pin(open::open(options.into())).await?;
        let commits = Arc::new(AtomicU64::new(0));
        let (writer, task) =
            writer::start(opened.database, opened.writer, opened.readers.clone(), Arc::clone(&commits));
        Ok(Self {
            epoch: opened.epoch,
            readers: opened.readers,
            writer: std::sync::Mutex::new(Some(writer)),
            task: Mutex::new(Some(task)),
            last_id: AtomicI64::new(opened.last_id),
            commits,
        })
    }

    /// How many groups of writes were carried out since the store was opened, each in one transaction.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    async fn write(&self, write: Write) -> Result<(), StoreError> {
        let writer = self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        writer.ok_or(StoreError::Closed)?.write(write).await
    }
}

#[async_trait]
impl ReadWorkflows for SqliteStore {
    #[instrument(level = "debug", skip_all, fields(%adw_id))]
    async fn workflow(&self, adw_id: &AdwId) -> Result<Option<Stored>, StoreError> {
        workflows::one(&self.readers, adw_id).await
    }

    #[instrument(level = "debug", skip_all)]
    async fn list(&self, filter: &Filter, pagination: &Pagination) -> Result<Page, StoreError> {
        workflows::list(&self.readers, filter, pagination).await
    }

    #[instrument(level = "debug", skip_all, fields(%adw_id, after))]
    async fn events(&self, adw_id: &AdwId, after: u64, limit: u32) -> Result<Vec<Recorded>, StoreError> {
        history::events_after(&self.readers, adw_id, after, limit).await
    }

    #[instrument(level = "debug", skip_all)]
    async fn open_workflows(&self) -> Result<Vec<Stored>, StoreError> {
        workflows::open(&self.readers).await
    }

    #[instrument(level = "debug", skip_all)]
    async fn pipeline(&self, hash: &PipelineHash) -> Result<Option<String>, StoreError> {
        let document: Option<String> = sqlx::query_scalar("SELECT body FROM documents WHERE hash = ?1")
            .bind(&hash.0)
            .fetch_optional(&self.readers)
            .await
            .map_err(Failure::from)?;
        document.map(|document| workflows::checked(document, &hash.0)).transpose()
    }

    #[instrument(level = "debug", skip_all)]
    async fn documents(&self) -> Result<Vec<String>, StoreError> {
        workflows::documents(&self.readers).await
    }
}

#[async_trait]
impl WriteWorkflows for SqliteStore {
    #[instrument(level = "debug", skip_all, fields(adw_id = %new.workflow.adw_id))]
    async fn create(&self, new: NewWorkflow) -> Result<Stored, StoreError> {
        let id = RowId(self.last_id.fetch_add(1, Ordering::Relaxed) + 1);
        self.write(Write::Create(Box::new(Creation::new(id, &new)?))).await?;
        Ok(Stored { id, workflow: new.workflow })
    }

    #[instrument(level = "debug", skip_all, fields(adw_id = %append.adw_id(), expected = append.expected))]
    async fn append(&self, append: Append) -> Result<(), StoreError> {
        self.write(Write::Append(Box::new(Change::new(&append)?))).await
    }
}

#[async_trait]
impl Journal for SqliteStore {
    #[instrument(level = "debug", skip_all, fields(workflow = key.workflow.0, stage = %key.stage, attempt = key.attempt))]
    async fn append_journal(&self, key: &AttemptKey, records: Vec<JournalRecord>) -> Result<(), StoreError> {
        self.write(Write::Journal { key: key.clone(), records }).await
    }

    #[instrument(level = "debug", skip_all, fields(workflow = key.workflow.0, stage = %key.stage, attempt = key.attempt))]
    async fn journal(&self, key: &AttemptKey) -> Result<Vec<JournalRecord>, StoreError> {
        attempts::journal(&self.readers, key).await
    }

    #[instrument(level = "debug", skip_all, fields(workflow = key.workflow.0, stage = %key.stage, attempt = key.attempt))]
    async fn journal_part(
        &self,
        key: &AttemptKey,
        after: u32,
        calls: u32,
    ) -> Result<Vec<JournalRecord>, StoreError> {
        attempts::journal_part(&self.readers, key, after, calls).await
    }

    #[instrument(level = "debug", skip_all)]
    async fn journal_blobs(&self) -> Result<HashSet<String>, StoreError> {
        attempts::journal_blobs(&self.readers).await
    }
}

#[async_trait]
impl StageValues for SqliteStore {
    #[instrument(level = "debug", skip_all, fields(workflow = workflow.0, %stage))]
    async fn value(
        &self,
        workflow: RowId,
        stage: &StageName,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        attempts::value(&self.readers, workflow, stage, key).await
    }

    #[instrument(level = "debug", skip_all, fields(workflow = workflow.0, %stage))]
    async fn set_value(
        &self,
        workflow: RowId,
        stage: &StageName,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.write(Write::Value { workflow, stage: stage.to_string(), key: key.to_owned(), value }).await
    }

    #[instrument(level = "debug", skip_all, fields(workflow = workflow.0))]
    async fn values_kept(&self, workflow: RowId, prefix: &str) -> Result<ValuesKept, StoreError> {
        attempts::values_kept(&self.readers, workflow, prefix).await
    }
}

#[async_trait]
impl Artifacts for SqliteStore {
    #[instrument(level = "debug", skip_all, fields(workflow = workflow.0, name = artifact.name))]
    async fn put_artifact(&self, workflow: RowId, artifact: Artifact) -> Result<(), StoreError> {
        self.write(Write::Artifact { workflow, artifact }).await
    }

    #[instrument(level = "debug", skip_all, fields(workflow = workflow.0))]
    async fn artifacts(&self, workflow: RowId) -> Result<Vec<Artifact>, StoreError> {
        attempts::artifacts(&self.readers, workflow).await
    }

    #[instrument(level = "debug", skip_all)]
    async fn artifact_blobs(&self) -> Result<HashSet<String>, StoreError> {
        attempts::artifact_blobs(&self.readers).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn epoch(&self) -> Uuid {
        self.epoch
    }

    #[instrument(level = "debug", skip_all)]
    async fn probe(&self) -> Result<(), StoreError> {
        self.write(Write::Probe).await
    }

    #[instrument(level = "debug", skip_all)]
    async fn close(&self) {
        drop(self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
        // Held while waiting, so that a second caller waits as well.
        let mut task = self.task.lock().await;
        self.readers.close().await;
        if let Some(task) = task.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the task that writes to the database ended badly");
        }
    }
}
