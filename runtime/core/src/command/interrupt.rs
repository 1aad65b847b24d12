use crate::{Event, StageStatus, Workflow};

/// Attempts under way were cut off, through no fault of their own: they go on where they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interrupt {
    /// By what, for a person: `the server stopped`.
    pub cause: String,
}

impl Interrupt {
    pub(super) fn decide(&self, workflow: &Workflow) -> Vec<Event> {
        interrupted(workflow, &self.cause, true)
    }
}

/// Every attempt under way, cut off; they go on later, or are given up.
pub(super) fn interrupted(workflow: &Workflow, cause: &str, goes_on: bool) -> Vec<Event> {
    let running = workflow.stages.iter().filter(|stage| stage.status == StageStatus::Running);
    running
        .map(|stage| Event::StageInterrupted {
            stage: stage.name.clone(),
            attempt: stage.attempt,
            cause: cause.to_owned(),
            goes_on,
        })
        .collect()
}
