use super::expire::out_of_time;
use crate::{Event, Refusal, Stage, Status, Timestamp, Waiting, Workflow};

/// The scheduler has a place: the next stage begins, or goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start;

impl Start {
    pub(super) fn decide(workflow: &Workflow, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        // A server that was down when the time was up begins nothing more.
        if let Some(failed) = out_of_time(workflow, at) {
            return Ok(vec![failed]);
        }
        let due = match &workflow.waiting {
            None => true,
            Some(Waiting::Timer { until, .. }) => *until <= at,
            Some(Waiting::Question(_) | Waiting::AgentByHand(_)) => false,
        };
        let idle = workflow.running_stage().is_none();
        let open = !workflow.status.is_ended() && workflow.paused.is_none();
        let Some(next) = workflow.next_stage().filter(|_| due && idle && open) else {
            return Err(Refusal::NothingToStart);
        };
        let first = (workflow.status == Status::Pending).then_some(Event::WorkflowStarted);
        Ok(first.into_iter().chain([begun(next)]).collect())
    }
}

/// The attempt that was cut off, or has slept, or whose question was answered, goes on; else the next one begins.
fn begun(stage: &Stage) -> Event {
    if stage.goes_on() {
        Event::StageResumed { stage: stage.name.clone(), attempt: stage.attempt }
    } else {
        stage_started(stage)
    }
}

/// The next attempt at a stage.
pub(super) fn stage_started(stage: &Stage) -> Event {
    Event::StageStarted {
        stage: stage.name.clone(),
        attempt: stage.attempt + 1,
        reason: stage.reason.clone(),
    }
}
