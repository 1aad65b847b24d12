//! Folding events into a workflow: the only place where state changes.

use std::sync::Arc;

use crate::{
    AdwId, Answered, Counted, Event, Output, Paused, PipelineRef, Reason, Reconfiguration, Reconfigured,
    Recorded, Spent, Stage, StageName, StageStatus, Status, Task, Timestamp, Usage, Waiting, Workflow,
};

/// A history that no workflow can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// The first event must create the task, and no other may.
    #[error("event {seq} is {kind}: a history begins with task_created, and has it once")]
    Creation {
        /// The event's number.
        seq: u64,
        /// Its name.
        kind: &'static str,
    },
    /// A number is missing or came twice.
    #[error("event {found} follows event {last}: numbers must grow by one")]
    Gap {
        /// The number before.
        last: u64,
        /// The number that came.
        found: u64,
    },
}

/// The workflow after one more event.
///
/// Total: an event that names a stage which the workflow doesn't have changes only its time and number, since a
/// history is data and must not be able to end the program.
pub fn apply(workflow: Option<Workflow>, recorded: &Recorded) -> Result<Workflow, FoldError> {
    let mut workflow = match (workflow, &recorded.event) {
        (None, Event::TaskCreated { adw_id, task, pipeline, stages, finally }) if recorded.seq == 1 => {
            let stages = Stage::all(stages, finally);
            return Ok(Workflow::new(adw_id.clone(), task, pipeline.clone(), stages, recorded.at));
        }
        (Some(workflow), event) if !matches!(event, Event::TaskCreated { .. }) => workflow,
        (_, event) => {
            return Err(FoldError::Creation { seq: recorded.seq, kind: event.kind().as_str() });
        }
    };
    if recorded.seq != workflow.seq + 1 {
        return Err(FoldError::Gap { last: workflow.seq, found: recorded.seq });
    }
    change(&mut workflow, &recorded.event, recorded.at);
    workflow.seq = recorded.seq;
    workflow.updated_at = recorded.at;
    workflow.spent.tick(workflow.is_on_the_clock(), recorded.at);
    workflow.progress = workflow.progress.max(progress(&workflow));
    Ok(workflow)
}

/// The workflow that a whole history gives.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Recorded>) -> Result<Option<Workflow>, FoldError> {
    history.into_iter().try_fold(None, |workflow, recorded| apply(workflow, recorded).map(Some))
}

fn change(workflow: &mut Workflow, event: &Event, at: Timestamp) {
    match event {
        Event::TaskCreated { .. } => {}
        Event::WorkflowStarted => workflow.status = Status::Running,
        Event::StageStarted { stage, attempt, reason } => {
            workflow.waiting = None;
            workflow.with(stage, |stage| stage.start(*attempt, reason, at));
        }
        Event::StageCompleted { stage, output, .. } => {
            workflow.with(stage, |stage| stage.leave(StageStatus::Completed, output.clone(), at));
        }
        Event::StageSkipped { stage, reason, .. } => {
            let output = Output { summary: reason.clone(), data: serde_json::Value::Null };
            workflow.with(stage, |stage| stage.leave(StageStatus::Skipped, output, at));
        }
        Event::StageAttemptFailed { stage, error, .. } => workflow.with(stage, |stage| {
            stage.status = StageStatus::Pending;
            stage.forget_record();
            stage.failures += 1;
            stage.error = Some(error.clone());
            stage.reason = Reason::Retry { number: stage.failures };
        }),
        Event::StageInterrupted { stage, goes_on, .. } => workflow.with(stage, |stage| {
            stage.status = StageStatus::Pending;
            stage.cut_off = *goes_on;
        }),
        Event::StageReworked { stage, to, round, feedback, .. } => {
            rework(workflow, stage, to, *round, feedback);
        }
        Event::StageFailed { stage, error, .. } => workflow.with(stage, |stage| {
            stage.error = Some(error.clone());
            stage.end(StageStatus::Failed, at);
        }),
        Event::UsageCounted { stage, attempt, call, run, used, .. } => {
            workflow.spent.usage = workflow.spent.usage.plus(*used);
            workflow.with(stage, |stage| stage.count(*attempt, *call, *run, *used));
        }
        Event::WorkflowWaiting { waiting } => {
            workflow.with(waiting.stage(), |stage| {
                stage.status = StageStatus::Waiting;
                stage.asked_at = waiting.question().map(|_| at);
                if let Waiting::Timer { until, goes_on: true, .. } = waiting {
                    stage.fall_asleep(at, *until);
                }
            });
            workflow.waiting = Some(waiting.clone());
        }
        Event::QuestionAnswered { stage, call, answer, note, .. } => {
            workflow.waiting = None;
            let answered = Answered { call: *call, answer: answer.clone(), note: note.clone() };
            workflow.with(stage, |stage| {
                stage.status = StageStatus::Pending;
                stage.end_wait(at);
                stage.answered = Some(answered);
            });
        }
        Event::StageResumed { stage, .. } => {
            workflow.waiting = None;
            workflow.with(stage, |stage| stage.status = StageStatus::Running);
        }
        Event::WorkflowPaused { reason } => {
            workflow.paused = Some(Paused { since: at, reason: reason.clone() });
        }
        Event::WorkflowResumed => workflow.paused = None,
        Event::WorkflowMoved { to } => moved(workflow, to, at),
        Event::WorkflowAnnotated { result, error_message } => {
            if result.is_some() {
                workflow.result.clone_from(result);
            }
            if error_message.is_some() {
                workflow.error_message.clone_from(error_message);
            }
        }
        Event::WorkflowRetried { from, reconfigured } => {
            if let Some(reconfiguration) = reconfigured {
                reconfigure(workflow, reconfiguration, at);
            }
            retried(workflow, from);
        }
        Event::WorkflowCompleted { result, .. } => {
            workflow.result = Some(result.clone());
            workflow.error_message = None;
            end(workflow, Status::Completed, at);
        }
        Event::WorkflowFailed { error_message, .. } => {
            workflow.error_message = Some(error_message.clone());
            end(workflow, Status::Failed, at);
        }
        Event::WorkflowCancelled { reason } => {
            if reason.is_some() {
                workflow.error_message.clone_from(reason);
            }
            end(workflow, Status::Cancelled, at);
        }
    }
}

/// Everything from the stage that gets the work back to the one that sent it runs again.
fn rework(workflow: &mut Workflow, sender: &StageName, to: &StageName, round: u32, feedback: &str) {
    workflow.with(sender, |stage| {
        stage.reworks = round;
        stage.error = Some(feedback.to_owned());
    });
    let mut between = false;
    for stage in &mut workflow.stages {
        between |= stage.name == *to;
        if between {
            stage.reset();
        }
        between &= stage.name != *sender;
    }
    workflow.with(to, |stage| {
        stage.reason = Reason::Rework { stage: sender.clone(), round, feedback: feedback.to_owned() };
    });
}

fn moved(workflow: &mut Workflow, to: &StageName, at: Timestamp) {
    workflow.waiting = None;
    workflow.status = Status::Running;
    let to_the_end = workflow.stage(to).is_some_and(|stage| stage.finally);
    let mut before = true;
    for stage in &mut workflow.stages {
        before &= stage.name != *to;
        // What failed has failed, unless the work itself is taken up behind it.
        let stays = stage.status.is_passed() || (stage.status == StageStatus::Failed && to_the_end);
        if !before {
            stage.reset();
        } else if !stays {
            stage.end(StageStatus::Skipped, at);
        }
    }
}

/// The stages of another document. What was done of those that stay, and of those that come back, is kept.
fn reconfigure(workflow: &mut Workflow, now: &Reconfiguration, at: Timestamp) {
    let mut known = std::mem::take(&mut workflow.stages);
    known.append(&mut workflow.former);
    let stage = |new: Stage| match known.iter().position(|stage| stage.name == new.name) {
        Some(at) => Stage { finally: new.finally, ..known.remove(at) },
        None => new,
    };
    workflow.stages = Stage::all(&now.stages, &now.finally).into_iter().map(stage).collect();
    workflow.former = known;
    workflow.pipeline = now.pipeline.clone();
    workflow.reconfigured = Some(Reconfigured { at, changes: now.changes.clone() });
}

fn retried(workflow: &mut Workflow, from: &StageName) {
    workflow.status = Status::Pending;
    workflow.error_message = None;
    workflow.completed_at = None;
    let mut reached = false;
    for stage in &mut workflow.stages {
        reached |= stage.name == *from;
        if reached {
            stage.reset();
            stage.reworks = 0;
        }
    }
}

/// What is under way is cut off; what never began is passed over at a good end, and stays as it is at a bad one, so
/// that a retry finds it.
fn end(workflow: &mut Workflow, status: Status, at: Timestamp) {
    workflow.status = status;
    workflow.waiting = None;
    workflow.paused = None;
    workflow.completed_at = Some(at);
    for stage in &mut workflow.stages {
        match (stage.status, status) {
            (StageStatus::Running | StageStatus::Waiting, _) | (StageStatus::Pending, Status::Cancelled) => {
                stage.end(StageStatus::Cancelled, at);
            }
            (StageStatus::Pending, Status::Completed) => stage.end(StageStatus::Skipped, at),
            _ => {}
        }
    }
}

fn progress(workflow: &Workflow) -> u8 {
    if workflow.status == Status::Completed {
        return 100;
    }
    let passed = workflow.stages.iter().filter(|stage| stage.status.is_passed()).count();
    let percent = passed * 100 / workflow.stages.len().max(1);
    u8::try_from(percent).unwrap_or(100)
}

impl Workflow {
    fn new(adw_id: AdwId, task: &Task, pipeline: PipelineRef, stages: Vec<Stage>, at: Timestamp) -> Self {
        Self {
            adw_id,
            task: Arc::new(task.clone()),
            pipeline,
            status: Status::Pending,
            stages,
            former: Vec::new(),
            reconfigured: None,
            waiting: None,
            paused: None,
            result: None,
            error_message: None,
            spent: Spent::default(),
            progress: 0,
            seq: 1,
            created_at: at,
            updated_at: at,
            completed_at: None,
        }
    }

    fn with(&mut self, name: &StageName, change: impl FnOnce(&mut Stage)) {
        if let Some(stage) = self.stages.iter_mut().find(|stage| stage.name == *name) {
            change(stage);
        }
    }
}

impl Stage {
    fn all(stages: &[StageName], finally: &[StageName]) -> Vec<Self> {
        let stages = stages.iter().map(|name| Self::new(name.clone(), false));
        stages.chain(finally.iter().map(|name| Self::new(name.clone(), true))).collect()
    }

    fn new(name: StageName, finally: bool) -> Self {
        Self {
            name,
            finally,
            status: StageStatus::Pending,
            attempt: 0,
            round: 0,
            failures: 0,
            reworks: 0,
            reason: Reason::First,
            output: None,
            error: None,
            answered: None,
            cut_off: false,
            counted: None,
            started_at: None,
            completed_at: None,
            asked_at: None,
            waited_ms: 0,
            slept_ms: 0,
        }
    }

    fn start(&mut self, attempt: u32, reason: &Reason, at: Timestamp) {
        self.status = StageStatus::Running;
        self.attempt = attempt;
        self.reason = reason.clone();
        self.forget_record();
        self.started_at = Some(at);
        self.completed_at = None;
        self.asked_at = None;
        self.waited_ms = 0;
        self.slept_ms = 0;
    }

    /// Its attempt sleeps until then, and goes on where it is.
    fn fall_asleep(&mut self, at: Timestamp, until: Timestamp) {
        self.cut_off = true;
        self.slept_ms += u64::try_from(until.as_millis() - at.as_millis()).unwrap_or_default();
    }

    /// The person that it waited for has answered, or is needed no more.
    fn end_wait(&mut self, at: Timestamp) {
        if let Some(asked_at) = self.asked_at.take() {
            self.waited_ms += u64::try_from(at.as_millis() - asked_at.as_millis()).unwrap_or_default();
        }
    }

    /// Its newest agent has used this much more.
    fn count(&mut self, attempt: u32, call: u32, run: u32, used: Usage) {
        let counted = Counted { attempt, call, run, used };
        self.counted = Some(match self.counted {
            Some(told) if told.key() == counted.key() => Counted { used: told.used.plus(used), ..counted },
            Some(_) | None => counted,
        });
    }

    fn leave(&mut self, status: StageStatus, output: Output, at: Timestamp) {
        self.output = Some(output);
        self.error = None;
        self.end(status, at);
    }

    fn end(&mut self, status: StageStatus, at: Timestamp) {
        self.end_wait(at);
        self.status = status;
        self.forget_record();
        self.completed_at = Some(at);
    }

    /// The attempt that comes next begins anew.
    fn forget_record(&mut self) {
        self.answered = None;
        self.cut_off = false;
    }

    /// To be done afresh; attempts go on counting, and what it left stays until it leaves something new.
    fn reset(&mut self) {
        self.status = StageStatus::Pending;
        self.round += 1;
        self.failures = 0;
        self.forget_record();
        self.reason = Reason::First;
        self.completed_at = None;
        self.asked_at = None;
    }
}
