//! Taking up what an earlier run of the server left.

use std::sync::Arc;

use adw_core::{Command, Interrupt};

use adw_store::StoreError;

use crate::{CommandError, StartError, inner::Inner};

/// Every open workflow goes on: an attempt that was under way is interrupted at no cost, and goes on over its journal;
/// what waited waits on; what was queued is queued.
pub(crate) async fn recover(engine: &Arc<Inner>) -> Result<(), StartError> {
    let open = engine.store.open_workflows().await?;
    // What a killed server left running would work in the same tree as the attempt that goes on.
    engine.sweep().await;
    let (count, mut interrupted) = (open.len(), 0);
    for stored in open {
        if stored.workflow.running_stage().is_none() {
            engine.react(&stored);
            continue;
        }
        interrupted += 1;
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
        tracing::info!(workflows = count, interrupted, "took up open workflows");
    }
    Ok(())
}

fn interrupt() -> Command {
    Command::Interrupt(Interrupt { cause: "the server stopped without warning".to_owned() })
}
