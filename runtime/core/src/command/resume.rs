use crate::{Event, Refusal, Workflow};

/// A workflow that was paused is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume;

impl Resume {
    pub(super) fn decide(workflow: &Workflow) -> Result<Vec<Event>, Refusal> {
        if workflow.status.is_ended() {
            return Err(Refusal::NothingToPause(workflow.status));
        }
        Ok(workflow.paused.iter().map(|_| Event::WorkflowResumed).collect())
    }
}
