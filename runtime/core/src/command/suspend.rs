use crate::{Event, Refusal, StageStatus, Waiting, Workflow};

/// The attempt under way waits for something that is a long time off: it gives up its place, and goes on where it was
/// once that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspend {
    /// What the attempt waits on; it names its stage.
    pub waiting: Waiting,
    /// The attempt's number: only the one under way can be suspended.
    pub attempt: u32,
}

impl Suspend {
    pub(super) fn decide(&self, workflow: &Workflow) -> Result<Vec<Event>, Refusal> {
        let stage = self.waiting.stage();
        let under_way = workflow
            .stage(stage)
            .is_some_and(|stage| stage.status == StageStatus::Running && stage.attempt == self.attempt);
        if !under_way {
            return Err(Refusal::StaleAttempt { stage: stage.clone(), attempt: self.attempt });
        }
        Ok(vec![Event::WorkflowWaiting { waiting: self.waiting.clone() }])
    }
}
