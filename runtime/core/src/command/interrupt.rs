use crate::{Event, StageStatus, Workflow};

/// Attempts under way were cut off, through no fault of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interrupt {
    /// By what, for a person: `the server stopped`.
    pub cause: String,
}

impl Interrupt {
    pub(super) fn decide(&self, workflow: &Workflow) -> Vec<Event> {
        interrupted(workflow, &self.cause)
    }
}

/// Every attempt under way, cut off.
pub(super) fn interrupted(workflow: &Workflow, cause: &str) -> Vec<Event> {
    let running = workflow.stages.iter().filter(|stage| stage.status == StageStatus::Running);
    running
        .map(|stage| Event::StageInterrupted {
            stage: stage.name.clone(),
            attempt: stage.attempt,
            cause: cause.to_owned(),
        })
        .collect()
}
