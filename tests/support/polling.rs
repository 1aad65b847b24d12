//! Looking again and again, for what tells nobody when it changes: files and processes.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::PATIENCE;

/// How long to rest between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Looks until there is something to see; after `limit`, the test fails with `what`.
pub async fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < limit, "waited {limit:?} in vain for {what}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// The content of a file that a program renames into place.
pub async fn file(path: &Path) -> String {
    wait_for(&path.display().to_string(), PATIENCE, || std::fs::read_to_string(path).ok()).await
}

/// The process whose number a program renames into place.
pub async fn process(path: &Path) -> Process {
    let number: u32 = file(path).await.trim().parse().unwrap();
    Process(number)
}

/// A process, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(pub u32);

impl Process {
    /// Whether it is there and can still do something.
    pub fn lives(self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        // The name in the brackets may hold anything.
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    }

    /// Waits until it is gone.
    pub async fn is_gone_within(self, limit: Duration) {
        wait_for(&format!("the end of process {}", self.0), limit, || (!self.lives()).then_some(())).await;
    }
}
