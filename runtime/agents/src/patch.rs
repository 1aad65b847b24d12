//! The agent that needs no model: it applies the diff that the task carries.

use async_trait::async_trait;

use crate::agent::{Answer, Request, Tools};
use crate::event::AgentEvent;
use crate::failure::{AgentFailure, ErrorClass};
use crate::unified_diff::extract_patch;

/// Applies a unified diff to the workspace, all of it or nothing.
#[async_trait]
pub trait ApplyPatch: Send + Sync {
    /// Applies the diff.
    async fn apply_patch(&self, diff: &str) -> Result<(), NotApplied>;
}

/// Why a diff was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotApplied {
    /// The diff is wrong or doesn't fit.
    #[error("{0}")]
    Rejected(String),
    /// The workspace could not be worked on.
    #[error("{0}")]
    Failed(String),
}

/// Applies the task's diff, or else one that the prompt carries.
pub(crate) async fn run(request: &Request, tools: Tools<'_>) -> Result<Answer, AgentFailure> {
    let Some(diff) = request.patch.clone().or_else(|| extract_patch(&request.prompt)) else {
        let message = "the task carries no unified diff; put one in its `patch` or its description";
        return Err(AgentFailure::new(ErrorClass::BadPatch, message));
    };
    let applied = tokio::select! {
        applied = tools.patch.apply_patch(&diff) => applied,
        () = tools.cancel.cancelled() => {
            return Err(AgentFailure::new(ErrorClass::Cancelled, "the workflow was cancelled"));
        }
    };
    applied.map_err(|error| match error {
        NotApplied::Rejected(reason) => AgentFailure::new(ErrorClass::BadPatch, reason),
        NotApplied::Failed(reason) => AgentFailure::new(ErrorClass::Unavailable, reason),
    })?;
    let text = "Applied the task's diff.".to_owned();
    (tools.events)(AgentEvent::Text { text: text.clone() });
    Ok(Answer { text, ..Answer::default() })
}
