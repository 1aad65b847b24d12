//! Taking up what an earlier run of the server left.

use std::sync::Arc;

use adw_core::{Command, Interrupt};

use adw_store::StoreError;
use futures_util::future::join_all;

use crate::{CommandError, StartError, inner::Inner};

/// Every open workflow goes on: an attempt that was under way is interrupted at no cost, and made again; what waited
/// waits on; what was queued is queued.
pub(crate) async fn recover(engine: &Arc<Inner>) -> Result<(), StartError> {
    let open = engine.store.open_workflows().await?;
    let interrupted = open.iter().filter(|stored| stored.workflow.running_stage().is_some());
    let interrupted: Vec<_> = interrupted.map(|stored| stored.workflow.adw_id.clone()).collect();
    // What a killed server left running would work in the same tree as the next attempt.
    join_all(interrupted.iter().map(|adw_id| engine.sweep(adw_id))).await;
    let count = open.len();
    for stored in open {
        if stored.workflow.running_stage().is_none() {
            engine.react(&stored);
            continue;
        }
        let adw_id = stored.workflow.adw_id;
        match engine.command(&adw_id, &interrupt(), None).await {
            // The disk is full, perhaps: the server starts all the same, and takes it up as soon as it can.
            Err(CommandError::Store(StoreError::Unavailable(_))) => {
                let later = Arc::clone(engine);
                engine.tasks.spawn(async move {
                    if let Err(error) = later.insist(&adw_id, &interrupt()).await {
                        tracing::error!(%adw_id, %error, "the workflow could not be taken up");
                    }
                });
            }
            Err(error) => tracing::error!(%adw_id, %error, "the workflow could not be taken up"),
            Ok(_) => {}
        }
    }
    if count > 0 {
        tracing::info!(workflows = count, interrupted = interrupted.len(), "took up open workflows");
    }
    Ok(())
}

fn interrupt() -> Command {
    Command::Interrupt(Interrupt { cause: "the server stopped without warning".to_owned() })
}
