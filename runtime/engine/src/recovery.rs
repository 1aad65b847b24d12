//! Taking up what an earlier run of the server left.

use std::sync::Arc;

use adw_core::{Command, Interrupt};

use futures_util::future::join_all;

use crate::{StartError, inner::Inner};

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
        let cause = "the server stopped without warning".to_owned();
        let adw_id = &stored.workflow.adw_id;
        if let Err(error) = engine.command(adw_id, &Command::Interrupt(Interrupt { cause }), None).await {
            tracing::error!(%adw_id, %error, "the workflow could not be taken up");
        }
    }
    if count > 0 {
        tracing::info!(workflows = count, interrupted = interrupted.len(), "took up open workflows");
    }
    Ok(())
}
