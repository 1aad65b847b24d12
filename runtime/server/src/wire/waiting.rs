//! What keeps a workflow from going on: what it waits on itself, and before that whoever holds it.

use adw_core::{StageName, Timestamp, Waiting, Workflow};
use serde::Serialize;

/// What is told of a pause for which no reason was given.
const NO_REASON: &str = "nothing of it goes on until it is resumed";

/// What a workflow waits on, by its `kind`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum WaitingObject<'a> {
    /// A person holds it.
    Paused(PausedObject<'a>),
    /// It waits by itself.
    On(&'a Waiting),
}

/// A workflow that is paused.
#[derive(Debug, Serialize)]
pub(crate) struct PausedObject<'a> {
    kind: &'static str,
    stage: Option<&'a StageName>,
    message: &'a str,
    since: Timestamp,
    /// What it waits on besides: a question may be answered meanwhile.
    then: Option<&'a Waiting>,
}

impl<'a> WaitingObject<'a> {
    /// What this workflow waits on; none where it goes on, or has ended.
    pub(crate) fn of(workflow: &'a Workflow) -> Option<Self> {
        let waiting = workflow.waiting.as_ref();
        match &workflow.paused {
            Some(paused) => Some(Self::Paused(PausedObject {
                kind: "paused",
                stage: workflow.current_stage(),
                message: paused.reason.as_deref().unwrap_or(NO_REASON),
                since: paused.since,
                then: waiting,
            })),
            None => waiting.map(Self::On),
        }
    }

    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Paused(paused) => paused.kind,
            Self::On(waiting) => waiting.kind(),
        }
    }

    pub(super) fn stage(&self) -> Option<&'a StageName> {
        match self {
            Self::Paused(paused) => paused.stage,
            Self::On(waiting) => Some(waiting.stage()),
        }
    }

    pub(super) fn message(&self) -> &'a str {
        match self {
            Self::Paused(paused) => paused.message,
            Self::On(waiting) => waiting.message(),
        }
    }

    pub(super) const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Paused(_) => None,
            Self::On(waiting) => waiting.until(),
        }
    }
}
