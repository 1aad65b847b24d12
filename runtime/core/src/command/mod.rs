//! What can be asked of a workflow: a file a command, and [`decide`] over all of them.

mod answer;
mod cancel;
mod count_usage;
mod create;
mod end_attempt;
mod expire;
mod interrupt;
mod pause;
mod resume;
mod retry;
mod set_status;
mod start;
mod suspend;

pub use answer::Answer;
pub use cancel::Cancel;
pub use count_usage::CountUsage;
pub use create::Create;
pub use end_attempt::{AttemptResult, EndAttempt};
pub use expire::Expire;
pub use interrupt::Interrupt;
pub use pause::Pause;
pub use resume::Resume;
pub use retry::{Retry, RetryBy};
pub use set_status::SetStatus;
pub use start::Start;
pub use suspend::Suspend;

use crate::{Event, Pipeline, Present, Refusal, Timestamp, Workflow};

/// A wish, of a person or of the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// The scheduler has a place for it.
    Start(Start),
    /// An attempt is over.
    EndAttempt(EndAttempt),
    /// An attempt waits for something that is a long time off.
    Suspend(Suspend),
    /// A person answers what was asked.
    Answer(Answer),
    /// The agent of a call has used so much.
    CountUsage(CountUsage),
    /// The time that a question, or all of it, was given may be up.
    Expire(Expire),
    /// Attempts under way were cut off.
    Interrupt(Interrupt),
    /// Somebody wants nothing of it to go on for now.
    Pause(Pause),
    /// Somebody wants a paused one to go on.
    Resume(Resume),
    /// Somebody wants it ended.
    Cancel(Cancel),
    /// Somebody sets its status, stage, result or error by hand.
    SetStatus(SetStatus),
    /// Somebody wants a failed one to go on.
    Retry(Retry),
}

/// The events that the command means for the workflow as it stands; none where it is so already.
///
/// `pipeline` is the document that the workflow is pinned to, and `present` what could take its place: only a retry
/// asks for that. Pure and total. [`Create`] stands apart, since there is no workflow yet.
pub fn decide(
    workflow: &Workflow,
    pipeline: &Pipeline,
    present: &dyn Present,
    command: &Command,
    at: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Start(Start) => Start::decide(workflow, at),
        Command::EndAttempt(end) => end.decide(workflow, pipeline, at),
        Command::Suspend(suspend) => suspend.decide(workflow),
        Command::Answer(answer) => answer.decide(workflow),
        Command::CountUsage(used) => Ok(used.decide(workflow)),
        Command::Expire(Expire) => Ok(Expire::decide(workflow, at)),
        Command::Interrupt(interrupt) => Ok(interrupt.decide(workflow)),
        Command::Pause(pause) => pause.decide(workflow),
        Command::Resume(Resume) => Resume::decide(workflow),
        Command::Cancel(cancel) => cancel.decide(workflow),
        Command::SetStatus(set) => set.decide(workflow, pipeline, present),
        Command::Retry(retry) => retry.decide(workflow, pipeline, present),
    }
}
