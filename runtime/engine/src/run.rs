//! Taking one workflow through its stages, for as long as it has a place.

use std::sync::Arc;

use adw_core::{AdwId, Command, EndAttempt, Interrupt, Refusal, StageName, Start, Workflow};

use crate::{
    CommandError,
    attempt::{self, End},
    clock::chance,
    inner::Inner,
    runs::Cause,
};

/// Runs the workflow until it has nothing more to run: it ended, it waits, or the server stops.
pub(crate) async fn run(engine: &Arc<Inner>, adw_id: &AdwId) {
    // Held, so that its state stays in memory from one stage to the next.
    let _held = engine.ledger.hold(adw_id);
    while !engine.is_stopping() {
        match engine.insist(adw_id, &Command::Start(Start)).await {
            Ok(workflow) => through_stages(engine, workflow).await,
            Err(CommandError::Refused(_)) => return,
            Err(error) => {
                tracing::error!(%adw_id, %error, "the workflow could not be started");
                return;
            }
        }
    }
}

/// From the stage that is under way to the next, while there is one.
async fn through_stages(engine: &Arc<Inner>, mut workflow: Workflow) {
    let adw_id = workflow.adw_id.clone();
    while let Some(stage) = workflow.running_stage() {
        let ended = (stage.name.clone(), stage.attempt);
        let command = match attempt::run(engine, &workflow, stage).await {
            End::Result(result) => {
                let (stage, attempt) = ended.clone();
                Some(Command::EndAttempt(EndAttempt { stage, attempt, result, chance: chance() }))
            }
            End::Stopped(Cause::Shutdown) => {
                Some(Command::Interrupt(Interrupt { cause: "the server stopped".to_owned() }))
            }
            // What superseded it has been decided already: the workflow goes on from there.
            End::Stopped(Cause::Superseded | Cause::TimedOut) => None,
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
            Ok(next) if is_running(&next, &ended) => return,
            Ok(next) => workflow = next,
            Err(error) => {
                tracing::error!(%adw_id, %error, "the end of a stage could not be written down");
                return;
            }
        }
    }
}

/// Whether this attempt is still the one under way.
fn is_running(workflow: &Workflow, (name, attempt): &(StageName, u32)) -> bool {
    workflow.running_stage().is_some_and(|stage| stage.name == *name && stage.attempt == *attempt)
}
