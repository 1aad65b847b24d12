use crate::{Event, Refusal, StageName, Status, Workflow};

/// A failed workflow is to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// The stage to begin from: the one that failed, or an earlier one; the one that failed when absent.
    pub from: Option<StageName>,
}

impl Retry {
    pub(super) fn decide(&self, workflow: &Workflow) -> Result<Vec<Event>, Refusal> {
        if workflow.status != Status::Failed {
            return Err(Refusal::IllegalMove { from: workflow.status, to: Status::Pending });
        }
        if let Some(used_up) = workflow.used_up() {
            return Err(Refusal::OverBudget(used_up));
        }
        // A stage after the one that failed has nothing to build on.
        let reached = workflow.stages.iter().position(|stage| !stage.status.is_passed());
        let retryable = match reached {
            Some(last) => &workflow.stages[..=last],
            None => &workflow.stages[..],
        };
        let stage = match &self.from {
            None => retryable.last(),
            Some(name) => retryable.iter().find(|stage| stage.name == *name),
        };
        let Some(stage) = stage else {
            return Err(Refusal::NoSuchStage {
                asked: self.from.as_ref().map(ToString::to_string).unwrap_or_default(),
                stages: retryable.iter().map(|stage| stage.name.clone()).collect(),
            });
        };
        Ok(vec![Event::WorkflowRetried { from: stage.name.clone() }])
    }
}
