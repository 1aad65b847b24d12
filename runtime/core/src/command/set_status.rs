use serde_json::{Value, json};

use super::{Cancel, Retry, RetryBy, interrupt::interrupted};
use crate::{Event, Pipeline, Present, Refusal, StageName, Status, Workflow};

/// Somebody sets, by hand, any of these. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetStatus {
    /// Where the workflow is to stand.
    pub status: Option<Status>,
    /// The stage that it is to be at.
    pub current_stage: Option<StageName>,
    /// A note on what came of it.
    pub result: Option<Value>,
    /// A note on what went wrong.
    pub error_message: Option<String>,
}

impl SetStatus {
    pub(super) fn decide(
        &self,
        workflow: &Workflow,
        pipeline: &Pipeline,
        present: &dyn Present,
    ) -> Result<Vec<Event>, Refusal> {
        let from = workflow.status;
        let to = match (self.status, &self.current_stage) {
            (Some(to), _) => to,
            // A stage alone means: be there.
            (None, Some(_)) if !from.is_ended() => Status::Running,
            (None, _) => from,
        };
        if to != from && !from.moves().contains(&to) {
            return Err(Refusal::IllegalMove { from, to });
        }
        let stage = self.stage(workflow)?;
        let events = match to {
            Status::Running => Self::jump(workflow, stage),
            Status::Pending if from == Status::Failed => {
                let retry = Retry { from: stage.cloned(), by: RetryBy::Present };
                retry.decide(workflow, pipeline, present)?
            }
            Status::Completed if from != to => vec![self.complete()],
            Status::Failed if from != to => vec![self.fail()],
            Status::Cancelled if from != to => {
                Cancel { reason: self.error_message.clone() }.decide(workflow)?
            }
            _ => Vec::new(),
        };
        Ok(events.into_iter().chain(self.annotation(workflow, to != from)).collect())
    }

    /// The stage that was named, when it is one of this workflow's and the move takes one.
    fn stage<'a>(&self, workflow: &'a Workflow) -> Result<Option<&'a StageName>, Refusal> {
        let Some(asked) = &self.current_stage else { return Ok(None) };
        let stage = workflow.stages.iter().map(|stage| &stage.name).find(|name| *name == asked);
        let Some(stage) = stage else {
            return Err(Refusal::NoSuchStage {
                asked: asked.to_string(),
                stages: workflow.stages.iter().map(|stage| stage.name.clone()).collect(),
            });
        };
        // An end by hand may name the stage that it happened at; an ended workflow is at none but its own.
        let moves_an_ended_one = workflow.status.is_ended()
            && self.status != Some(Status::Pending)
            && workflow.current_stage() != Some(stage);
        if moves_an_ended_one {
            return Err(Refusal::StageOfEnded(workflow.status));
        }
        Ok(Some(stage))
    }

    fn jump(workflow: &Workflow, stage: Option<&StageName>) -> Vec<Event> {
        match stage {
            Some(to) if workflow.current_stage() != Some(to) => {
                let mut events = interrupted(workflow, "moved to another stage by hand", false);
                events.push(Event::WorkflowMoved { to: to.clone() });
                events
            }
            None if workflow.status == Status::Pending => vec![Event::WorkflowStarted],
            _ => Vec::new(),
        }
    }

    fn complete(&self) -> Event {
        let result = self.result.clone().unwrap_or_else(|| json!({ "summary": "completed by hand" }));
        Event::WorkflowCompleted { result, by_hand: true }
    }

    fn fail(&self) -> Event {
        let message = self.error_message.as_deref().map(str::trim).filter(|message| !message.is_empty());
        Event::WorkflowFailed { error_message: message.unwrap_or("failed by hand").to_owned(), by_hand: true }
    }

    /// What the move itself doesn't carry already, and differs from what is there.
    fn annotation(&self, workflow: &Workflow, moved: bool) -> Option<Event> {
        let carried = |status| moved && self.status == Some(status);
        let result = self
            .result
            .clone()
            .filter(|result| !carried(Status::Completed) && workflow.result.as_ref() != Some(result));
        let error_message = self
            .error_message
            .clone()
            .filter(|_| !carried(Status::Failed) && !carried(Status::Cancelled))
            // A retry and an end that is good clear the message, so that an equal one is a note all the same.
            .filter(|message| {
                let cleared = carried(Status::Pending) || carried(Status::Completed);
                cleared || workflow.error_message.as_ref() != Some(message)
            });
        (result.is_some() || error_message.is_some())
            .then_some(Event::WorkflowAnnotated { result, error_message })
    }
}
