//! What happened to a workflow. Events are the only source of every state; they are only ever added to.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    AdwId, Output, PipelineRef, Reason, Reconfiguration, StageName, Task, Timestamp, Usage, Waiting,
};

/// An event with its place in its workflow's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// From 1, without gaps.
    pub seq: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// A change of a workflow's state.
///
/// The encoding is kept for good: a variant or member is never renamed or given another meaning, and new members
/// have defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The task was accepted.
    TaskCreated {
        /// The workflow's id.
        adw_id: AdwId,
        /// What was asked for.
        task: Box<Task>,
        /// The document that it is pinned to.
        pipeline: PipelineRef,
        /// The stages of that document.
        stages: Vec<StageName>,
        /// Those that run after them in any case.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        finally: Vec<StageName>,
    },
    /// It has a place for the first time, or again after `workflow_retried`.
    WorkflowStarted,
    /// An attempt began.
    StageStarted {
        /// Of which stage.
        stage: StageName,
        /// Its number.
        attempt: u32,
        /// Why.
        reason: Reason,
    },
    /// An attempt ended the stage well.
    StageCompleted {
        /// Which stage.
        stage: StageName,
        /// The attempt that did it.
        attempt: u32,
        /// What it left.
        output: Output,
    },
    /// An attempt found nothing to do.
    StageSkipped {
        /// Which stage.
        stage: StageName,
        /// The attempt that said so.
        attempt: u32,
        /// Why.
        reason: String,
    },
    /// An attempt failed, and another one follows.
    StageAttemptFailed {
        /// Of which stage.
        stage: StageName,
        /// The attempt that failed.
        attempt: u32,
        /// The class of failure that the retry policy names.
        class: String,
        /// What was wrong.
        error: String,
    },
    /// An attempt was cut off from outside, at no cost: the server stopped, or a person moved the workflow.
    StageInterrupted {
        /// Of which stage.
        stage: StageName,
        /// The attempt that was cut off.
        attempt: u32,
        /// By what.
        cause: String,
        /// The same attempt goes on where it was. Else the stage begins anew, when its turn comes.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        goes_on: bool,
    },
    /// A person answered what an attempt had asked, or nobody did in time.
    QuestionAnswered {
        /// The stage that asked.
        stage: StageName,
        /// The attempt that asked.
        attempt: u32,
        /// The call that asked.
        call: u32,
        /// The answer.
        answer: Value,
        /// What the person said beside it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// Nobody answered in time: it is the answer that stood ready for that.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_default: bool,
    },
    /// An attempt goes on where it was, over the record of what it has done.
    StageResumed {
        /// Of which stage.
        stage: StageName,
        /// Its number.
        attempt: u32,
    },
    /// A stage found the work of an earlier one wanting; everything from there runs again.
    StageReworked {
        /// The stage that sent the work back.
        stage: StageName,
        /// The attempt that did.
        attempt: u32,
        /// The stage that gets it.
        to: StageName,
        /// From 1.
        round: u32,
        /// What is wrong.
        feedback: String,
    },
    /// The stage failed for good.
    StageFailed {
        /// Which stage.
        stage: StageName,
        /// The last attempt.
        attempt: u32,
        /// What was wrong.
        error: String,
    },
    /// The agent of a call has used something. Told when its run is over, and of a run that goes on without anybody who
    /// follows it.
    UsageCounted {
        /// The stage that asked it.
        stage: StageName,
        /// The attempt that did.
        attempt: u32,
        /// The call.
        call: u32,
        /// Its run: from 1, and more where the call was made again.
        run: u32,
        /// The agent.
        agent: String,
        /// What it has used, beyond what was told of this run before.
        #[serde(flatten)]
        used: Usage,
    },
    /// The workflow waits, and gives up its place.
    WorkflowWaiting {
        /// On what.
        waiting: Waiting,
    },
    /// A person holds the workflow: nothing of it goes on.
    WorkflowPaused {
        /// Why, where a reason was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// It is held no more, and goes on where it was.
    WorkflowResumed,
    /// A person moved the workflow to a stage; those passed over are skipped, it and those after it are to run.
    WorkflowMoved {
        /// Where to.
        to: StageName,
    },
    /// A person noted a result or an error on it.
    WorkflowAnnotated {
        /// The new result, if one was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<Value>,
        /// The new error message, if one was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error_message: Option<String>,
    },
    /// A failed workflow goes on, from this stage.
    WorkflowRetried {
        /// The first stage that runs again.
        from: StageName,
        /// What it goes on by, where that is another document than before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reconfigured: Option<Box<Reconfiguration>>,
    },
    /// It reached its end.
    WorkflowCompleted {
        /// What came of it.
        result: Value,
        /// A person said so.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_hand: bool,
    },
    /// It can't go on.
    WorkflowFailed {
        /// Why; never empty.
        error_message: String,
        /// A person said so.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_hand: bool,
    },
    /// Somebody ended it.
    WorkflowCancelled {
        /// Why, where a reason was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// An event's name, as it is stored and served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is documented at the event of the same name")]
pub enum EventKind {
    TaskCreated,
    WorkflowStarted,
    StageStarted,
    StageCompleted,
    StageSkipped,
    StageAttemptFailed,
    StageInterrupted,
    QuestionAnswered,
    StageResumed,
    StageReworked,
    StageFailed,
    UsageCounted,
    WorkflowWaiting,
    WorkflowPaused,
    WorkflowResumed,
    WorkflowMoved,
    WorkflowAnnotated,
    WorkflowRetried,
    WorkflowCompleted,
    WorkflowFailed,
    WorkflowCancelled,
}

impl EventKind {
    /// As it is stored and served.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TaskCreated => "task_created",
            Self::WorkflowStarted => "workflow_started",
            Self::StageStarted => "stage_started",
            Self::StageCompleted => "stage_completed",
            Self::StageSkipped => "stage_skipped",
            Self::StageAttemptFailed => "stage_attempt_failed",
            Self::StageInterrupted => "stage_interrupted",
            Self::QuestionAnswered => "question_answered",
            Self::StageResumed => "stage_resumed",
            Self::StageReworked => "stage_reworked",
            Self::StageFailed => "stage_failed",
            Self::UsageCounted => "usage_counted",
            Self::WorkflowWaiting => "workflow_waiting",
            Self::WorkflowPaused => "workflow_paused",
            Self::WorkflowResumed => "workflow_resumed",
            Self::WorkflowMoved => "workflow_moved",
            Self::WorkflowAnnotated => "workflow_annotated",
            Self::WorkflowRetried => "workflow_retried",
            Self::WorkflowCompleted => "workflow_completed",
            Self::WorkflowFailed => "workflow_failed",
            Self::WorkflowCancelled => "workflow_cancelled",
        }
    }
}

impl Event {
    /// Its name.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::TaskCreated { .. } => EventKind::TaskCreated,
            Self::WorkflowStarted => EventKind::WorkflowStarted,
            Self::StageStarted { .. } => EventKind::StageStarted,
            Self::StageCompleted { .. } => EventKind::StageCompleted,
            Self::StageSkipped { .. } => EventKind::StageSkipped,
            Self::StageAttemptFailed { .. } => EventKind::StageAttemptFailed,
            Self::StageInterrupted { .. } => EventKind::StageInterrupted,
            Self::QuestionAnswered { .. } => EventKind::QuestionAnswered,
            Self::StageResumed { .. } => EventKind::StageResumed,
            Self::StageReworked { .. } => EventKind::StageReworked,
            Self::StageFailed { .. } => EventKind::StageFailed,
            Self::UsageCounted { .. } => EventKind::UsageCounted,
            Self::WorkflowWaiting { .. } => EventKind::WorkflowWaiting,
            Self::WorkflowPaused { .. } => EventKind::WorkflowPaused,
            Self::WorkflowResumed => EventKind::WorkflowResumed,
            Self::WorkflowMoved { .. } => EventKind::WorkflowMoved,
            Self::WorkflowAnnotated { .. } => EventKind::WorkflowAnnotated,
            Self::WorkflowRetried { .. } => EventKind::WorkflowRetried,
            Self::WorkflowCompleted { .. } => EventKind::WorkflowCompleted,
            Self::WorkflowFailed { .. } => EventKind::WorkflowFailed,
            Self::WorkflowCancelled { .. } => EventKind::WorkflowCancelled,
        }
    }

    /// The stage that it tells of.
    pub fn stage(&self) -> Option<&StageName> {
        match self {
            Self::StageStarted { stage, .. }
            | Self::StageCompleted { stage, .. }
            | Self::StageSkipped { stage, .. }
            | Self::StageAttemptFailed { stage, .. }
            | Self::StageInterrupted { stage, .. }
            | Self::QuestionAnswered { stage, .. }
            | Self::StageResumed { stage, .. }
            | Self::StageReworked { stage, .. }
            | Self::StageFailed { stage, .. }
            | Self::UsageCounted { stage, .. } => Some(stage),
            Self::WorkflowWaiting { waiting } => Some(waiting.stage()),
            Self::WorkflowMoved { to } => Some(to),
            Self::WorkflowRetried { from, .. } => Some(from),
            Self::TaskCreated { .. }
            | Self::WorkflowStarted
            | Self::WorkflowPaused { .. }
            | Self::WorkflowResumed
            | Self::WorkflowAnnotated { .. }
            | Self::WorkflowCompleted { .. }
            | Self::WorkflowFailed { .. }
            | Self::WorkflowCancelled { .. } => None,
        }
    }
}
