//! Where workflows are kept: narrow traits for reading and writing, their SQLite implementation, and (with the feature
//! of that name) the `conformance` suite that every implementation must pass.
//!
//! A write is durable when its future resolves. Nothing is ever read and then written without a check: an
//! [`Append`] names the version that it saw, and changes exactly one workflow or nothing at all.

mod checksum;
#[cfg(feature = "conformance")]
pub mod conformance;
mod encoding;
mod error;
mod model;
pub mod sqlite;

use std::collections::HashSet;

use adw_core::{AdwId, PipelineHash, Recorded, StageName};
use async_trait::async_trait;

pub use error::StoreError;
pub use model::{
    Append, Artifact, AttemptKey, Filter, JournalBody, JournalKind, JournalRecord, NewWorkflow, Page,
    Pagination, RowId, Stored, ValuesKept,
};

/// Reading workflows and their histories.
#[async_trait]
pub trait ReadWorkflows: Send + Sync {
    /// The workflow as it stands, its task included.
    async fn workflow(&self, adw_id: &AdwId) -> Result<Option<Stored>, StoreError>;

    /// Workflows, newest first.
    async fn list(&self, filter: &Filter, pagination: &Pagination) -> Result<Page, StoreError>;

    /// Events with `seq > after`, in order, `limit` at the most; empty too where there is no such workflow.
    async fn events(&self, adw_id: &AdwId, after: u64, limit: u32) -> Result<Vec<Recorded>, StoreError>;

    /// Every workflow that has not ended, by id: what a start of the server has to take up again.
    async fn open_workflows(&self) -> Result<Vec<Stored>, StoreError>;

    /// The document that is stored under this hash.
    async fn pipeline(&self, hash: &PipelineHash) -> Result<Option<String>, StoreError>;

    /// All documents that workflows are pinned to.
    async fn documents(&self) -> Result<Vec<String>, StoreError>;
}

/// Writing events, and with them the workflow's row.
#[async_trait]
pub trait WriteWorkflows: Send + Sync {
    /// Writes the first event, the row and, where it is new, the pinned document, in one transaction.
    ///
    /// [`StoreError::Taken`] when the id exists.
    async fn create(&self, new: NewWorkflow) -> Result<Stored, StoreError>;

    /// Writes events, the row that follows from them and, where they pin the workflow to another document, that one if
    /// it is new, in one transaction.
    ///
    /// [`StoreError::Conflict`] when the workflow's version is not the one named: decide again.
    async fn append(&self, append: Append) -> Result<(), StoreError>;
}

/// The records of an attempt's calls.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Adds records; they keep the order in which they are given. One that is there already, the same in every member,
    /// is not added again: after [`StoreError::Unavailable`] the very same call may be made once more.
    async fn append_journal(&self, key: &AttemptKey, records: Vec<JournalRecord>) -> Result<(), StoreError>;

    /// All records of an attempt, in the order in which they were added.
    async fn journal(&self, key: &AttemptKey) -> Result<Vec<JournalRecord>, StoreError>;

    /// The records of the first `calls` calls of an attempt that have a number greater than `after`, call by call.
    async fn journal_part(
        &self,
        key: &AttemptKey,
        after: u32,
        calls: u32,
    ) -> Result<Vec<JournalRecord>, StoreError>;

    /// The sha256 of all blobs that hold the body of a record, of all attempts.
    async fn journal_blobs(&self) -> Result<HashSet<String>, StoreError>;
}

/// Small values that a stage keeps between its attempts, per workflow and stage.
#[async_trait]
pub trait StageValues: Send + Sync {
    /// The value of a key.
    async fn value(
        &self,
        workflow: RowId,
        stage: &StageName,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Sets the value of a key.
    async fn set_value(
        &self,
        workflow: RowId,
        stage: &StageName,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), StoreError>;

    /// How much the stages of a workflow keep so, all together, under keys that begin with `prefix`.
    async fn values_kept(&self, workflow: RowId, prefix: &str) -> Result<ValuesKept, StoreError>;
}

/// Names of a workflow's artifacts; their bytes are blobs elsewhere, written before the row that names them.
#[async_trait]
pub trait Artifacts: Send + Sync {
    /// Adds an artifact, or lets its name stand for new bytes.
    async fn put_artifact(&self, workflow: RowId, artifact: Artifact) -> Result<(), StoreError>;

    /// All of a workflow's, by name.
    async fn artifacts(&self, workflow: RowId) -> Result<Vec<Artifact>, StoreError>;

    /// The sha256 of the bytes of all artifacts of all workflows.
    async fn artifact_blobs(&self) -> Result<HashSet<String>, StoreError>;
}

/// All of it.
#[async_trait]
pub trait Store: ReadWorkflows + WriteWorkflows + Journal + StageValues + Artifacts {
    /// The database's own UUID, new after a restore: `(epoch, seq)` names an event for good.
    fn epoch(&self) -> uuid::Uuid;

    /// Writes something and makes it durable, to tell whether writing works.
    async fn probe(&self) -> Result<(), StoreError>;

    /// Waits for writes under way and lets go of the database.
    async fn close(&self);
}
