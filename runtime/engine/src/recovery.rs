//! Taking up what an earlier run of the server left.

use std::{cmp::Reverse, collections::HashSet, sync::Arc};

use adw_core::{Command, Interrupt};
use adw_store::{RowId, StoreError, Stored};

use crate::{
    CommandError, StartError,
    inner::Inner,
    programs::{self, Left},
};

/// Every open workflow goes on: an attempt that was under way is interrupted at no cost, and goes on over its journal;
/// what waited waits on; what was queued is queued. The program that a call of such an attempt had begun is left at work,
/// or with its answer, until the attempt comes to that call; what else runs is ended.
pub(crate) async fn recover(engine: &Arc<Inner>) -> Result<(), StartError> {
    let mut open = engine.store.open_workflows().await?;
    let left = left(engine, &open)?;
    let spared = left.spared();
    // Places are given one by one, from here on. Who has somebody at work holds one again before anybody else does; the
    // others come as they would from the queue.
    open.sort_by_key(|stored| {
        (!left.runs(stored.id, &engine.calls), Reverse(stored.workflow.task.priority), stored.id)
    });
    let at_work = left.wanted.iter().filter(|run| run.may_live()).count();
    let lost: HashSet<RowId> =
        open.iter().map(|stored| stored.id).filter(|id| left.lost(*id, &engine.calls)).collect();
    // They are asked politely first. Nobody waits for that here: whoever is to work in the same tree ends them before.
    engine.tasks.spawn(programs::forget(left.unwanted));
    engine.sweep_all_but(&spared).await;
    let (count, mut interrupted) = (open.len(), 0);
    for stored in open {
        if stored.workflow.running_stage().is_none() {
            take_up(engine, &stored).await;
            continue;
        }
        interrupted += 1;
        failure_point!(Recovering);
        let cause = if lost.contains(&stored.id) {
            "the server stopped without warning, and so did who supervised its program"
        } else {
            "the server stopped without warning"
        };
        interrupt(engine, stored, cause).await;
    }
    if count > 0 {
        tracing::info!(workflows = count, interrupted, programs = at_work, "took up open workflows");
    }
    Ok(())
}

fn left(engine: &Inner, open: &[Stored]) -> Result<Left, StartError> {
    let found = engine.calls.programs().map_err(|source| {
        let path = engine.data.join("calls");
        StartError::DataFolder { path, source }
    })?;
    Ok(Left::sort(found, open, &engine.calls))
}

/// Whose time came while no server was there gets into the queue in their turn, and not when their timer rings.
async fn take_up(engine: &Inner, stored: &Stored) {
    let Stored { workflow, .. } = stored;
    engine.react(stored);
    if workflow.due().is_some_and(|due| due <= engine.clock.now())
        && let Err(error) = engine.fall_due(&workflow.adw_id).await
    {
        tracing::warn!(adw_id = %workflow.adw_id, %error, "a workflow whose time has come waits for its timer");
    }
}

async fn interrupt(engine: &Arc<Inner>, stored: Stored, cause: &str) {
    let adw_id = stored.workflow.adw_id;
    let interrupt = Command::Interrupt(Interrupt { cause: cause.to_owned() });
    match engine.command(&adw_id, &interrupt, None).await {
        // The disk is full, perhaps: the server starts all the same, and takes it up as soon as it can.
        Err(CommandError::Store(StoreError::Unavailable(_))) => {
            let later = Arc::clone(engine);
            engine.tasks.spawn(async move {
                if let Err(error) = later.insist(&adw_id, &interrupt).await {
                    tracing::error!(%adw_id, %error, "the workflow could not be taken up");
                }
            });
        }
        Err(error) => tracing::error!(%adw_id, %error, "the workflow could not be taken up"),
        Ok(_) => {}
    }
}
