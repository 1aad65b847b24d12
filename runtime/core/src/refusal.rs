//! Why a command changes nothing.

use crate::{AdwId, StageName, Status, Unfit, UsedUp};

/// A command that can't be carried out on the workflow as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The id belongs to another task.
    #[error("adw_id {0} is taken: choose another, or leave it out to have one made")]
    Taken(AdwId),
    /// The workflow's status doesn't lead there.
    #[error("a workflow that is {} can't become {}: {}", from.as_str(), to.as_str(), legal(*from, *to))]
    IllegalMove {
        /// What it is.
        from: Status,
        /// What was asked for.
        to: Status,
    },
    /// The pipeline has no such stage.
    #[error("this workflow has no stage {asked:?}: it has {}", names(stages))]
    NoSuchStage {
        /// The name that was asked for.
        asked: String,
        /// Those that there are.
        stages: Vec<StageName>,
    },
    /// It can't go on by the present configuration.
    #[error("by the present adw.toml it can't go on: {0}")]
    Unfit(#[from] Unfit),
    /// It has ended, and so there is nothing to hold or to let go on.
    #[error("a workflow that is {} can be neither paused nor resumed: nothing of it goes on by itself{}", .0.as_str(), after(*.0))]
    NothingToPause(Status),
    /// Nothing of it can be started now: it has ended, runs already, waits, or is paused.
    #[error("nothing of this workflow can be started now")]
    NothingToStart,
    /// The attempt that the command speaks for is no longer the one under way.
    #[error("attempt {attempt} of stage {stage} is not under way any more")]
    StaleAttempt {
        /// The stage that it was of.
        stage: StageName,
        /// The attempt's number.
        attempt: u32,
    },
    /// Nobody waits for this answer: it was given already, or what asked has gone on without.
    #[error(
        "this workflow waits for no answer: what it asked was answered already, or it has gone on without"
    )]
    NothingAsked,
    /// It has spent what it may: to go on would only be to fail again.
    #[error("{0}")]
    OverBudget(UsedUp),
    /// A stage was named for a move that takes none.
    #[error("current_stage can only be set on a workflow that is pending or running; this one is {}", .0.as_str())]
    StageOfEnded(Status),
}

fn legal(from: Status, to: Status) -> String {
    match from.moves() {
        [] => format!("{} is final; what is to be done again is a new task", from.as_str()),
        _ if to == Status::Pending => "only one that failed does, to be tried again".to_owned(),
        moves => {
            format!(
                "it may become {}",
                moves.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(", ")
            )
        }
    }
}

const fn after(status: Status) -> &'static str {
    match status {
        Status::Failed => "; a retry lets it go on",
        _ => "",
    }
}

pub(crate) fn names(stages: &[StageName]) -> String {
    stages.iter().map(StageName::as_str).collect::<Vec<_>>().join(", ")
}
