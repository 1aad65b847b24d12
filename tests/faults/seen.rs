//! What a server has logged and achieved: whether it came into trouble, and out of it.

use std::path::PathBuf;

use crate::support::{PATIENCE, api::Api, feed::Feed, polling::wait_for, repository::Repository};

/// What was logged from some moment on.
pub struct LogSince {
    path: PathBuf,
    begin: usize,
}

impl LogSince {
    pub fn now(repository: &Repository) -> Self {
        let path = repository.beside("server.log");
        let begin = std::fs::read(&path).map_or(0, |log| log.len());
        Self { path, begin }
    }

    /// Waits until one of these is told.
    pub async fn tells(&self, words: &[&str]) {
        let tells = || {
            let log = std::fs::read(&self.path).unwrap_or_default();
            let log = String::from_utf8_lossy(log.get(self.begin..)?).into_owned();
            words.iter().any(|words| log.contains(words)).then_some(())
        };
        wait_for(&format!("one of {words:?} in the log"), PATIENCE, tells).await;
    }
}

/// Waits until a workflow asks a person, after this event.
pub async fn asks(api: &Api, adw_id: &str, since: u64) {
    Feed::open(api, adw_id, Some(since)).await.until_event("workflow_waiting").await;
}

/// Waits until more workflows complete: what had to wait goes on.
pub async fn goes_on(api: &Api) {
    let before = completed(api).await;
    let begun = std::time::Instant::now();
    while completed(api).await <= before {
        assert!(begun.elapsed() < PATIENCE, "nothing goes on");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn completed(api: &Api) -> u64 {
    let list = api.get("/api/v1/workflows?status=completed&per_page=1").await;
    list.with(200)["total"].as_u64().unwrap()
}
