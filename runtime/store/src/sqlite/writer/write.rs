//! What the writer is asked to do: everything that can be prepared without knowing what the database holds.

use std::sync::Arc;

use adw_core::{AdwId, Event, Recorded, Timestamp, Workflow};

use crate::encoding::{self, EventText};
use crate::{Append, Artifact, AttemptKey, JournalRecord, NewWorkflow, RowId, StoreError};

/// One caller's write. It takes place as a whole or not at all.
#[derive(Debug)]
pub(crate) enum Write {
    Create(Box<Creation>),
    Append(Box<Change>),
    Journal { key: AttemptKey, records: Vec<JournalRecord> },
    Value { workflow: RowId, stage: String, key: String, value: Vec<u8> },
    Artifact { workflow: RowId, artifact: Artifact },
    Probe,
}

/// A new workflow.
#[derive(Debug)]
pub(crate) struct Creation {
    pub(crate) id: RowId,
    pub(crate) adw_id: AdwId,
    pub(crate) task_type: &'static str,
    pub(crate) priority: &'static str,
    pub(crate) project: String,
    pub(crate) title: String,
    pub(crate) search: String,
    pub(crate) document: Document,
    pub(crate) created_at: Timestamp,
    pub(crate) row: Row,
    pub(crate) first: EventText,
}

/// Events of a workflow that exists.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) id: RowId,
    pub(crate) adw_id: AdwId,
    pub(crate) expected: u64,
    /// Where it is another one than before.
    pub(crate) document: Option<Document>,
    pub(crate) row: Row,
    pub(crate) events: Vec<EventText>,
}

/// A document that a workflow is pinned to.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) hash: String,
    pub(crate) text: Arc<str>,
}

/// What changes in a workflow's row with every event.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) status: &'static str,
    pub(crate) ended: bool,
    pub(crate) version: u64,
    pub(crate) updated_at: Timestamp,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) state: String,
}

impl Write {
    /// The workflow whose version this write is judged by: a group holds one such write per workflow.
    pub(crate) fn changes(&self) -> Option<RowId> {
        match self {
            Self::Create(creation) => Some(creation.id),
            Self::Append(change) => Some(change.id),
            Self::Journal { .. } | Self::Value { .. } | Self::Artifact { .. } | Self::Probe => None,
        }
    }

    /// About how many bytes it brings.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Create(creation) => {
                creation.row.state.len() + creation.first.body.len() + creation.document.text.len()
            }
            Self::Append(change) => {
                change.row.state.len()
                    + change.events.iter().map(|event| event.body.len()).sum::<usize>()
                    + change.document.as_ref().map_or(0, |document| document.text.len())
            }
            Self::Journal { records, .. } => records.iter().map(|record| record.body.inline().len()).sum(),
            Self::Value { value, .. } => value.len(),
            Self::Artifact { .. } | Self::Probe => 0,
        }
    }
}

impl Creation {
    pub(crate) fn new(id: RowId, new: &NewWorkflow) -> Result<Self, StoreError> {
        let NewWorkflow { first, workflow, document } = new;
        if first.seq != 1 || workflow.seq != 1 {
            return Err(StoreError::Rejected(format!(
                "workflow {} begins with event {} at version {}, and both must be 1",
                workflow.adw_id, first.seq, workflow.seq
            )));
        }
        Ok(Self {
            id,
            adw_id: workflow.adw_id.clone(),
            task_type: workflow.task.task_type.as_str(),
            priority: workflow.task.priority.as_str(),
            project: workflow.task.project.clone(),
            title: workflow.task.title.clone(),
            search: encoding::search_text(workflow),
            document: Document::of(workflow, document),
            created_at: workflow.created_at,
            row: Row::of(workflow)?,
            first: EventText::of(first)?,
        })
    }
}

impl Document {
    fn of(workflow: &Workflow, text: &Arc<str>) -> Self {
        Self { hash: workflow.pipeline.hash.0.clone(), text: Arc::clone(text) }
    }
}

impl Change {
    pub(crate) fn new(append: &Append) -> Result<Self, StoreError> {
        let Append { id, expected, events, workflow, document } = append;
        let numbered = events.iter().map(|event| event.seq).eq(expected + 1..=workflow.seq);
        if events.is_empty() || !numbered {
            return Err(StoreError::Rejected(format!(
                "the events of {} must be numbered from {} to {}",
                workflow.adw_id,
                expected + 1,
                workflow.seq
            )));
        }
        let repinning =
            |event: &Recorded| matches!(event.event, Event::WorkflowRetried { reconfigured: Some(_), .. });
        if events.iter().any(repinning) != document.is_some() {
            return Err(StoreError::Rejected(format!(
                "a document of {} comes with the event that names it, and the event with the document",
                workflow.adw_id
            )));
        }
        Ok(Self {
            id: *id,
            adw_id: workflow.adw_id.clone(),
            expected: *expected,
            document: document.as_ref().map(|text| Document::of(workflow, text)),
            row: Row::of(workflow)?,
            events: events.iter().map(EventText::of).collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn conflict(&self) -> StoreError {
        StoreError::Conflict { adw_id: self.adw_id.clone(), expected: self.expected }
    }
}

impl Row {
    fn of(workflow: &Workflow) -> Result<Self, StoreError> {
        Ok(Self {
            status: workflow.status.as_str(),
            ended: workflow.status.is_ended(),
            version: workflow.seq,
            updated_at: workflow.updated_at,
            completed_at: workflow.completed_at,
            state: encoding::state_text(workflow)?,
        })
    }
}
