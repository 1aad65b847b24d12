//! How domain values are written as text, the same for every database.

use std::fmt::Write as _;
use std::sync::Arc;

use adw_core::{Event, Recorded, Timestamp, Workflow};
use sha2::{Digest, Sha256};

use crate::{JournalKind, StoreError};

/// An event, ready to be stored.
#[derive(Clone, Debug)]
pub(crate) struct EventText {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
}

impl EventText {
    pub(crate) fn of(recorded: &Recorded) -> Result<Self, StoreError> {
        Ok(Self {
            seq: recorded.seq,
            at: recorded.at,
            kind: recorded.event.kind().as_str(),
            body: serde_json::to_string(&recorded.event).map_err(unwritable)?,
        })
    }
}

/// The event that was stored.
pub(crate) fn event(seq: u64, at: Timestamp, body: &[u8]) -> Result<Recorded, serde_json::Error> {
    Ok(Recorded { seq, at, event: serde_json::from_slice(body)? })
}

/// A workflow without its task.
pub(crate) fn state_text(workflow: &Workflow) -> Result<String, StoreError> {
    serde_json::to_string(workflow).map_err(unwritable)
}

/// The workflow that was stored, its task put back from the first event.
pub(crate) fn workflow(state: &[u8], first: Recorded) -> Result<Workflow, serde_json::Error> {
    let mut workflow: Workflow = serde_json::from_slice(state)?;
    if let Event::TaskCreated { task, .. } = first.event {
        workflow.task = Arc::new(*task);
    }
    Ok(workflow)
}

/// The text that a list is searched in: title and id, a line each, in lower case.
pub(crate) fn search_text(workflow: &Workflow) -> String {
    searchable(&format!("{}\n{}", workflow.task.title, workflow.adw_id))
}

/// A text in the form in which it is searched and searched for.
pub(crate) fn searchable(text: &str) -> String {
    text.to_lowercase()
}

/// What a document is stored under.
pub(crate) fn document_hash(document: &str) -> String {
    Sha256::digest(document).iter().fold(String::with_capacity(64), |mut hash, byte| {
        // Writing to a string does not fail.
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

impl JournalKind {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Parked => "parked",
            Self::Answered => "answered",
        }
    }

    pub(crate) fn from_stored(word: &str) -> Option<Self> {
        [Self::Asked, Self::Parked, Self::Answered].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// JSON has no way to write a map whose keys aren't strings; the domain has none.
#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn unwritable(error: serde_json::Error) -> StoreError {
    StoreError::Rejected(format!("a value can't be written as JSON: {error}"))
}
