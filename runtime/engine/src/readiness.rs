//! Whether the engine can take work.

use crate::inner::Inner;

/// What stands in the way of taking work, if anything, and how much there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Whether a write to the database became durable.
    pub database: Result<(), String>,
    /// Workflows that wait for a place.
    pub queued: u64,
    /// Workflows that have one.
    pub running: u64,
    /// The server is about to stop.
    pub stopping: bool,
    /// Free space where the data lies, in bytes; none where the system doesn't say.
    pub disk_free_bytes: Option<u64>,
}

pub(crate) async fn readiness(engine: &Inner) -> Readiness {
    let (queued, running) = engine.scheduler.load();
    let data = engine.data.clone();
    let disk = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&data)).await;
    Readiness {
        database: engine.store.probe().await.map_err(|error| error.to_string()),
        queued: queued as u64,
        running: running as u64,
        stopping: engine.is_stopping(),
        disk_free_bytes: disk.ok().and_then(Result::ok).map(|disk| disk.f_bavail * disk.f_frsize),
    }
}
