//! Taking one workflow through its stages, for as long as it has a place.

use std::sync::Arc;

use adw_core::{AdwId, Command, EndAttempt, Interrupt, Refusal, StageName, Start, Suspend, Workflow};

use crate::{
    CommandError,
    attempt::{self, End},
    clock::chance,
    inner::Inner,
    runs::Cause,
};

/// How a run was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ran {
    /// The workflow has nothing more to run: it ended, it waits, or the server stops.
    Out,
    /// It could not go on although it has something to run.
    Stuck,
}

/// Runs the workflow for as long as it has something to run. The caller holds it in the ledger, so that its state stays
/// in memory from one stage to the next.
pub(crate) async fn run(engine: &Arc<Inner>, adw_id: &AdwId) -> Ran {
    while !engine.is_stopping() {
        let workflow = match engine.insist(adw_id, &Command::Start(Start)).await {
            // Nothing can be started; unless a start of our own went through whose answer was lost.
            Err(CommandError::Refused(_)) => {
                engine.ledger.current(adw_id).await.map(|stored| stored.workflow)
            }
            started => started,
        };
        match workflow {
            Ok(workflow) if workflow.running_stage().is_none() => return Ran::Out,
            Ok(workflow) => {
                if through_stages(engine, workflow).await == Ran::Stuck {
                    return Ran::Stuck;
                }
            }
            Err(error) => {
                tracing::error!(%adw_id, %error, "the workflow could not be started");
                return Ran::Stuck;
            }
        }
    }
    Ran::Out
}

/// From the stage that is under way to the next, while there is one.
async fn through_stages(engine: &Arc<Inner>, mut workflow: Workflow) -> Ran {
    let adw_id = workflow.adw_id.clone();
    while let Some(stage) = workflow.running_stage() {
        let ended = (stage.name.clone(), stage.attempt);
        let command = match attempt::run(engine, &workflow, stage).await {
            End::Result(result) => {
                let (stage, attempt) = ended.clone();
                Some(Command::EndAttempt(EndAttempt { stage, attempt, result, chance: chance() }))
            }
            End::Suspended(waiting) => {
                failure_point!(Parking);
                Some(Command::Suspend(Suspend { waiting, attempt: ended.1 }))
            }
            End::Stopped(Cause::Shutdown(_)) => {
                Some(Command::Interrupt(Interrupt { cause: "the server stopped".to_owned() }))
            }
            // What came in its way has been decided already: the workflow goes on from there, or is held there.
            End::Stopped(Cause::Superseded | Cause::Paused | Cause::TimedOut) => None,
        };
        let next = match command {
            Some(command) => engine.insist(&adw_id, &command).await,
            None => Err(CommandError::Refused(Refusal::NothingToStart)),
        };
        let next = match next {
            // Decided by someone else, or by ourselves in a write whose answer was lost.
            Err(CommandError::Refused(_)) => {
                engine.ledger.current(&adw_id).await.map(|stored| stored.workflow)
            }
            next => next,
        };
        match next {
            Ok(next) if is_running(&next, &ended) => return Ran::Stuck,
            Ok(next) => {
                failure_point!(BetweenStages, next.running_stage().is_some());
                workflow = next;
            }
            Err(error) => {
                tracing::error!(%adw_id, %error, "the end of a stage could not be written down");
                return Ran::Stuck;
            }
        }
    }
    Ran::Out
}

/// Whether this attempt is still the one under way.
fn is_running(workflow: &Workflow, (name, attempt): &(StageName, u32)) -> bool {
    workflow.running_stage().is_some_and(|stage| stage.name == *name && stage.attempt == *attempt)
}
