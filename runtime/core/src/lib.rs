//! The domain: what a workflow is, which commands change it, and which events tell of the change.
//!
//! Two pure and total functions are the heart: [`decide`] takes a workflow, the pipeline that it is pinned to, what the
//! present configuration would give for it and a command, and answers with events or a [`Refusal`]; [`apply`] folds an event into a workflow. Nothing here does
//! I/O, reads a clock, draws a random number or awaits: times and chance come in with the command.
//!
//! Every state that the rest of the system shows (rows, board, feed, metrics) is derived by [`apply`] and nowhere
//! else, so folding a workflow's events from the first gives the workflow.

mod apply;
mod budget;
mod changes;
mod command;
mod depth;
mod event;
mod grants;
mod ids;
mod money;
mod pipeline;
mod question;
mod quoted;
mod reconfiguration;
mod refusal;
mod status;
mod task;
mod time;
mod workflow;

pub use apply::{FoldError, apply, fold};
pub use budget::{Budget, Spent, Usage, UsedUp};
pub use command::{
    Answer, AttemptResult, Cancel, Command, CountUsage, Create, EndAttempt, Expire, Interrupt, Pause, Resume,
    Retry, RetryBy, SetStatus, Start, Suspend, decide,
};
pub use depth::{DEEPEST_JSON, is_too_deep};
pub use event::{Event, EventKind, Recorded};
pub use grants::{ArgvPattern, Grants, HttpGrant, Limits, WorkspaceAccess};
pub use ids::{AdwId, InvalidName, StageName};
pub use money::{Money, NoMoney};
pub use pipeline::{
    Backoff, Document, Pipeline, PipelineHash, PluginPin, ProjectPin, QuestionPolicy, RetryPolicy, StageSpec,
};
pub use question::{Answered, DefaultAnswer, HandWork, Question};
pub use quoted::quoted;
pub use reconfiguration::{Present, Reconfiguration, Unfit};
pub use refusal::Refusal;
pub use status::{StageStatus, Status};
pub use task::{Priority, Task, TaskType, UnknownTaskType};
pub use time::Timestamp;
pub use workflow::{Counted, Output, Paused, PipelineRef, Reason, Reconfigured, Stage, Waiting, Workflow};
