//! Blobs that nothing names any more are removed: plugins that no workflow was ever pinned to, artifacts that others have
//! taken the place of, and what a crash left between the bytes and the row.
//!
//! A workflow is never removed, and neither is what it is pinned to, nor what its journals hold: it may be retried, and
//! replayed.

use std::{collections::HashSet, io, sync::Arc};

use adw_core::Pipeline;
use adw_store::{Store, StoreError};

use crate::inner::Inner;

/// Why nothing was removed.
#[derive(Debug, thiserror::Error)]
enum Uncollected {
    #[error("the names of blobs can't be read: {0}")]
    Store(#[from] StoreError),
    #[error("a document that workflows are pinned to can't be read: {0}")]
    Document(#[from] serde_json::Error),
    #[error(transparent)]
    Files(#[from] io::Error),
}

/// Removes them, beside all else. A stop doesn't wait for it.
pub(crate) fn begin(engine: &Arc<Inner>) {
    let engine = Arc::clone(engine);
    engine.tasks.clone().spawn(async move {
        tokio::select! {
            () = engine.stopping.cancelled() => {}
            () = collect(&engine) => {}
        }
    });
}

async fn collect(engine: &Inner) {
    match engine.blobs.collect(async || named(engine.store.as_ref()).await).await {
        Ok(collected) if collected.blobs > 0 => {
            tracing::info!(
                blobs = collected.blobs,
                bytes = collected.bytes,
                "removed blobs that nothing names"
            );
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "blobs that nothing names stay for now"),
    }
}

/// All blobs that rows name.
async fn named(store: &dyn Store) -> Result<HashSet<String>, Uncollected> {
    let mut named = store.artifact_blobs().await?;
    named.extend(store.journal_blobs().await?);
    for document in store.documents().await? {
        let pipeline: Pipeline = serde_json::from_str(&document)?;
        named.extend(pipeline.all_stages().map(|stage| stage.plugin.sha256.clone()));
    }
    Ok(named)
}
