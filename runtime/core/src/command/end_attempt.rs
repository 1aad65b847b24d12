use serde_json::{Map, Value, json};

use Ended::{Failed, Passed};

use super::start::stage_started;
use crate::{
    Event, Output, Pipeline, Refusal, RetryPolicy, Stage, StageName, StageSpec, StageStatus, Timestamp,
    Waiting, Workflow,
};

/// An attempt is over.
#[derive(Clone, Debug, PartialEq)]
pub struct EndAttempt {
    /// The stage that it was at.
    pub stage: StageName,
    /// Its number: only the attempt under way can end the stage.
    pub attempt: u32,
    /// How it ended.
    pub result: AttemptResult,
    /// A random number, for the jitter of a backoff.
    pub chance: u32,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum AttemptResult {
    /// The work is done.
    Done(Output),
    /// There was nothing to do.
    Skipped {
        /// Why.
        reason: String,
    },
    /// Another try may succeed.
    Retryable {
        /// What the retry policy names.
        class: String,
        /// What was wrong.
        message: String,
    },
    /// No try will succeed until something is changed.
    Fatal {
        /// What was wrong.
        message: String,
    },
    /// An earlier stage's work is wanting.
    Rework {
        /// What is wrong with it.
        feedback: String,
    },
}

impl EndAttempt {
    pub(super) fn decide(
        &self,
        workflow: &Workflow,
        pipeline: &Pipeline,
        at: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let stale = || Refusal::StaleAttempt { stage: self.stage.clone(), attempt: self.attempt };
        let current = workflow.stage(&self.stage).ok_or_else(stale)?;
        let spec = pipeline.stage(&self.stage).ok_or_else(stale)?;
        if current.status != StageStatus::Running || current.attempt != self.attempt {
            return Err(stale());
        }
        Ok(match &self.result {
            AttemptResult::Done(output) => {
                let event = Event::StageCompleted {
                    stage: self.stage.clone(),
                    attempt: self.attempt,
                    output: output.clone(),
                };
                followed(event, workflow, current, &Passed(Some(&output.summary)))
            }
            AttemptResult::Skipped { reason } => {
                let event = Event::StageSkipped {
                    stage: self.stage.clone(),
                    attempt: self.attempt,
                    reason: reason.clone(),
                };
                followed(event, workflow, current, &Passed(None))
            }
            // Another try would find nothing left to spend.
            AttemptResult::Retryable { message, .. } if let Some(used_up) = workflow.used_up() => {
                self.fail(workflow, current, &format!("{message}\n({used_up})"))
            }
            AttemptResult::Retryable { class, message } => {
                self.retry(workflow, &spec.retry, current, class, message, at)
            }
            AttemptResult::Fatal { message } => self.fail(workflow, current, message),
            AttemptResult::Rework { feedback } => self.rework(workflow, spec, current, feedback),
        })
    }

    fn retry(
        &self,
        workflow: &Workflow,
        policy: &RetryPolicy,
        stage: &Stage,
        class: &str,
        error: &str,
        at: Timestamp,
    ) -> Vec<Event> {
        let tries = stage.failures + 1;
        if !policy.on.iter().any(|wanted| wanted == class) {
            return self.fail(workflow, stage, error);
        }
        if tries >= policy.attempts {
            return match tries {
                1 => self.fail(workflow, stage, error),
                tries => self.fail(workflow, stage, &format!("{error} (tried {tries} times)")),
            };
        }
        let until = at.plus_millis(policy.backoff.wait_ms(tries, self.chance));
        let stage = self.stage.clone();
        let message = format!("try {} of {} after: {error}", tries + 1, policy.attempts);
        vec![
            Event::StageAttemptFailed {
                stage: stage.clone(),
                attempt: self.attempt,
                class: class.to_owned(),
                error: error.to_owned(),
            },
            Event::WorkflowWaiting { waiting: Waiting::Timer { stage, until, message, goes_on: false } },
        ]
    }

    fn rework(&self, workflow: &Workflow, spec: &StageSpec, stage: &Stage, feedback: &str) -> Vec<Event> {
        let name = &self.stage;
        let fail = |why: &str| self.fail(workflow, stage, &format!("{feedback}\n({why})"));
        let Some(to) = &spec.on_rework else {
            return fail(&format!("stages.{name}.on_rework names no stage to send the work back to"));
        };
        if stage.finally {
            return fail(&format!("{name} runs after the work has come to its end, and can't send it back"));
        }
        let Some(target) =
            workflow.stages.iter().take_while(|other| other.name != *name).find(|s| s.name == *to)
        else {
            return fail(&format!("this pipeline has no stage {to} before {name} to send the work back to"));
        };
        if stage.reworks >= spec.max_rework {
            let times = stage.reworks;
            return fail(&format!(
                "{name} sent the work back to {to} {times} times; stages.{name}.max_rework allows no more"
            ));
        }
        let round = stage.reworks + 1;
        let reason = crate::Reason::Rework { stage: name.clone(), round, feedback: feedback.to_owned() };
        vec![
            Event::StageReworked {
                stage: name.clone(),
                attempt: self.attempt,
                to: to.clone(),
                round,
                feedback: feedback.to_owned(),
            },
            Event::StageStarted { stage: to.clone(), attempt: target.attempt + 1, reason },
        ]
    }

    fn fail(&self, workflow: &Workflow, stage: &Stage, error: &str) -> Vec<Event> {
        let (name, attempt) = (self.stage.clone(), self.attempt);
        let event = Event::StageFailed { stage: name, attempt, error: error.to_owned() };
        followed(event, workflow, stage, &Failed(error))
    }
}

/// How a stage came to its end.
enum Ended<'a> {
    /// With a line on what it did, unless it was skipped.
    Passed(Option<&'a str>),
    /// With what was wrong.
    Failed(&'a str),
}

/// The end of one stage and the start of the next, or the workflow's end: one transaction.
fn followed(event: Event, workflow: &Workflow, stage: &Stage, ended: &Ended<'_>) -> Vec<Event> {
    let status = match ended {
        // Skipped or completed: both are passed.
        Passed(_) => StageStatus::Completed,
        Failed(_) => StageStatus::Failed,
    };
    let then = match workflow.next_stage_after(&stage.name, status) {
        Some(next) => stage_started(next),
        None => workflow_ended(workflow, stage, ended),
    };
    vec![event, then]
}

/// What failed first is what the workflow failed of, whatever those stages come to that run in any case.
fn workflow_ended(workflow: &Workflow, last: &Stage, ended: &Ended<'_>) -> Event {
    let error_message = match (workflow.failure(), ended) {
        (Some(failure), _) => failure,
        (None, Failed(error)) => last.failure(error),
        (None, Passed(summary)) => {
            return Event::WorkflowCompleted { result: result(workflow, last, *summary), by_hand: false };
        }
    };
    Event::WorkflowFailed { error_message, by_hand: false }
}

/// What came of a workflow: its branch, the last summary of its work, and each stage's line.
fn result(workflow: &Workflow, last: &Stage, summary: Option<&str>) -> Value {
    let line = |stage: &Stage| {
        if stage.name == last.name {
            summary.map(str::to_owned)
        } else {
            stage
                .output
                .as_ref()
                .filter(|_| stage.status == StageStatus::Completed)
                .map(|out| out.summary.clone())
        }
    };
    let stages: Map<String, Value> = workflow
        .stages
        .iter()
        .filter_map(|stage| Some((stage.name.to_string(), Value::String(line(stage)?))))
        .collect();
    let mut work = workflow.stages.iter().rev().filter(|stage| !stage.finally);
    let last_line = work.find_map(line).unwrap_or_else(|| "every stage was skipped".to_owned());
    json!({ "branch": workflow.branch(), "summary": last_line, "stages": stages })
}
