use crate::{Event, Pipeline, Present, Reconfiguration, Refusal, StageName, Status, Workflow};

/// A failed workflow is to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// The stage to begin from: the one that failed, or an earlier one; the one that failed when absent.
    pub from: Option<StageName>,
    /// What it goes on by.
    pub by: RetryBy,
}

/// What a retried workflow goes on by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryBy {
    /// What the present configuration says.
    #[default]
    Present,
    /// The document that it is pinned to.
    Pinned,
}

impl Retry {
    pub(super) fn decide(
        &self,
        workflow: &Workflow,
        pinned: &Pipeline,
        present: &dyn Present,
    ) -> Result<Vec<Event>, Refusal> {
        if workflow.status != Status::Failed {
            return Err(Refusal::IllegalMove { from: workflow.status, to: Status::Pending });
        }
        // A stage after the one that failed has nothing to build on.
        let reached = workflow.stages.iter().position(|stage| !stage.status.is_passed());
        let retryable = match reached {
            Some(last) => &workflow.stages[..=last],
            None => &workflow.stages[..],
        };
        let at = match &self.from {
            None => retryable.len().checked_sub(1),
            Some(name) => retryable.iter().position(|stage| stage.name == *name),
        };
        let stage = at.and_then(|at| retryable.get(at).map(|stage| (&retryable[..at], stage)));
        let Some((done, stage)) = stage else {
            return Err(Refusal::NoSuchStage {
                asked: self.from.as_ref().map(ToString::to_string).unwrap_or_default(),
                stages: retryable.iter().map(|stage| stage.name.clone()).collect(),
            });
        };
        let other = match self.by {
            RetryBy::Pinned => None,
            RetryBy::Present => {
                let now = present.document(workflow)?;
                (now.hash != workflow.pipeline.hash).then_some(now)
            }
        };
        let budget = other.as_ref().map_or(workflow.pipeline.budget, |now| now.pipeline.budget);
        if let Some(used_up) = workflow.used_up_of(&budget) {
            return Err(Refusal::OverBudget(used_up));
        }
        let Some(now) = other else {
            return Ok(vec![Event::WorkflowRetried { from: stage.name.clone(), reconfigured: None }]);
        };
        let (from, reconfiguration) = Reconfiguration::decide(done, self.from.as_ref(), pinned, &now)?;
        Ok(vec![Event::WorkflowRetried { from, reconfigured: Some(Box::new(reconfiguration)) }])
    }
}
