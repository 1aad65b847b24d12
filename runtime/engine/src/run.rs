//! Taking one workflow through its stages, for as long as it has a place.

use std::{sync::Arc, time::Duration};

use adw_core::{AdwId, Command, EndAttempt, Interrupt, Refusal, Start, Workflow};
use adw_store::StoreError;

use crate::{
    CommandError,
    attempt::{self, End},
    clock::chance,
    inner::Inner,
    runs::Cause,
};

/// The waits between tries to write down what a stage came to, while the store doesn't take it.
const STORE_BACKOFF: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5)];

/// Runs the workflow until it has nothing more to run: it ended, it waits, or the server stops.
pub(crate) async fn run(engine: &Arc<Inner>, adw_id: &AdwId) {
    // Held, so that its state stays in memory from one stage to the next.
    let _held = engine.ledger.hold(adw_id);
    while !engine.is_stopping() {
        match decide(engine, adw_id, Command::Start(Start)).await {
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
        let (name, attempt) = (stage.name.clone(), stage.attempt);
        let command = match attempt::run(engine, &workflow, stage).await {
            End::Result(result) => {
                Command::EndAttempt(EndAttempt { stage: name, attempt, result, chance: chance() })
            }
            End::Stopped(Cause::Shutdown) => {
                Command::Interrupt(Interrupt { cause: "the server stopped".to_owned() })
            }
            // What superseded it has been decided already.
            End::Stopped(Cause::Superseded | Cause::TimedOut) => return,
        };
        match decide(engine, &adw_id, command).await {
            Ok(next) => workflow = next,
            Err(CommandError::Refused(Refusal::StaleAttempt { .. })) => return,
            Err(error) => {
                tracing::error!(%adw_id, %error, "the end of a stage could not be written down");
                return;
            }
        }
    }
}

/// Decides, and doesn't give up while the store has trouble: what a stage came to was paid for.
async fn decide(engine: &Arc<Inner>, adw_id: &AdwId, command: Command) -> Result<Workflow, CommandError> {
    let mut waits =
        STORE_BACKOFF.iter().copied().chain(std::iter::repeat(STORE_BACKOFF[STORE_BACKOFF.len() - 1]));
    loop {
        match engine.command(adw_id, &command, None).await {
            Ok(stored) => return Ok(stored.workflow),
            Err(CommandError::Store(error @ StoreError::Unavailable(_))) if !engine.is_stopping() => {
                tracing::warn!(%adw_id, %error, "the store doesn't take a decision; trying again");
                tokio::time::sleep(waits.next().unwrap_or_default()).await;
            }
            Err(error) => return Err(error),
        }
    }
}
