//! What goes into a store and comes out of it.

use std::sync::Arc;

use adw_core::{AdwId, PipelineHash, Recorded, StageName, Status, TaskType, Timestamp, Workflow};

/// The number of a workflow's row: it never changes and is never given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub i64);

/// A workflow and the number of its row.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The row's number; `id` on the wire.
    pub id: RowId,
    /// The workflow, its task included.
    pub workflow: Workflow,
}

/// A workflow that is to be.
#[derive(Clone, Debug)]
pub struct NewWorkflow {
    /// Its first event, `task_created`, with seq 1.
    pub first: Recorded,
    /// What that event gives.
    pub workflow: Workflow,
    /// The text of the pinned document; its hash is the one that the workflow names.
    pub document: Arc<str>,
}

/// Events that follow from a decision, and the workflow that they give.
#[derive(Clone, Debug)]
pub struct Append {
    /// The workflow's row.
    pub id: RowId,
    /// The version that the decision saw.
    pub expected: u64,
    /// At least one, numbered from `expected + 1`.
    pub events: Vec<Recorded>,
    /// The workflow after the last of them.
    pub workflow: Workflow,
    /// The text of the document that it is pinned to by them, where that is another one than before.
    pub document: Option<Arc<str>>,
}

/// Which workflows a list is of. What is absent doesn't filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those that stand so.
    pub status: Option<Status>,
    /// Those of this kind.
    pub task_type: Option<TaskType>,
    /// Those of this project.
    pub project: Option<String>,
    /// Those whose title or id contains this, letters of either case alike.
    pub text: Option<String>,
}

/// Which part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pagination {
    /// Rows older than this one, or from the newest.
    Cursor {
        /// The last row of the page before.
        before: Option<RowId>,
        /// At the most.
        limit: u32,
    },
    /// By number, with the total; for old clients.
    Numbered {
        /// From 1.
        page: u32,
        /// At the most.
        per_page: u32,
    },
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Newest first.
    pub items: Vec<Stored>,
    /// Whether there are older ones.
    pub more: bool,
    /// How many match in all; known only for numbered pages.
    pub total: Option<u64>,
}

/// Names one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AttemptKey {
    /// The workflow's row.
    pub workflow: RowId,
    /// The stage.
    pub stage: StageName,
    /// The attempt's number.
    pub attempt: u32,
}

/// What a journal record says of its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JournalKind {
    /// It is about to be carried out; without an answer after it, it is in doubt.
    Asked,
    /// It waits on something outside.
    Parked,
    /// It was answered.
    Answered,
}

/// A record of a journal. Body and hash are the host's: the store keeps them to the letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRecord {
    /// The call's number in its attempt, from 1.
    pub n: u32,
    /// What is said of it.
    pub kind: JournalKind,
    /// Of the request, in hex.
    pub hash: String,
    /// Versioned text.
    pub body: JournalBody,
    /// When it was written.
    pub at: Timestamp,
}

/// A record's text, or where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum JournalBody {
    /// The text itself.
    Inline(String),
    /// It is a blob elsewhere, which was durable before the record was added.
    Blob {
        /// Of the text, in hex; names the blob.
        sha256: String,
        /// In bytes.
        size: u64,
    },
}

/// How much the stages of a workflow keep as values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValuesKept {
    /// How many.
    pub values: u64,
    /// How long they are together, their keys included.
    pub bytes: u64,
}

/// A named result of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Unique in its workflow.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Of its bytes, in hex; names the blob.
    pub sha256: String,
    /// In bytes.
    pub size: u64,
    /// The stage that left it.
    pub stage: StageName,
    /// When.
    pub at: Timestamp,
}

impl JournalBody {
    /// How long the text is, wherever it lies.
    pub const fn size(&self) -> u64 {
        match self {
            Self::Inline(text) => text.len() as u64,
            Self::Blob { size, .. } => *size,
        }
    }

    /// What of it stands in the record itself.
    pub(crate) fn inline(&self) -> &str {
        match self {
            Self::Inline(text) => text,
            Self::Blob { .. } => "",
        }
    }
}

impl Append {
    /// The public id of the workflow.
    pub fn adw_id(&self) -> &AdwId {
        &self.workflow.adw_id
    }
}

impl NewWorkflow {
    /// What the document is stored under.
    pub fn document_hash(&self) -> &PipelineHash {
        &self.workflow.pipeline.hash
    }
}
