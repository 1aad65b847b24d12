use super::interrupt::interrupted;
use crate::{Event, Refusal, Workflow};

/// Somebody wants nothing of the workflow to go on until they say so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// Why, where a reason was given.
    pub reason: Option<String>,
}

impl Pause {
    pub(super) fn decide(&self, workflow: &Workflow) -> Result<Vec<Event>, Refusal> {
        if workflow.status.is_ended() {
            return Err(Refusal::NothingToPause(workflow.status));
        }
        if workflow.paused.is_some() {
            return Ok(Vec::new());
        }
        let mut events = interrupted(workflow, "the workflow was paused", true);
        events.push(Event::WorkflowPaused { reason: self.reason.clone() });
        Ok(events)
    }
}
