//! Blobs that nothing names, and servers that are killed while they remove them.

use std::{
    collections::HashSet,
    fs::File,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use adw_test_guests::HOSTILE;
use reqwest::Method;
use serde_json::json;

use crate::{
    seen::LogSince,
    support::{PATIENCE, chance::Chance, polling::wait_for, repository::Repository, server::Server},
};

/// It keeps an artifact under three names.
const CONFIGURATION: &str = r#"
[stages.keep]
path = "../hostile.wasm"
config = { does = "fill-artifacts", times = 3 }
[stages.keep.grants]
workspace = "write"
exec = []
agent = ["*"]
http = []
[pipelines.default]
stages = ["keep"]
"#;

/// More than a server removes in the moment before it is killed.
const MANY: u64 = 3_000;

/// Longer than a server leaves alone what it doesn't know.
const AGE: Duration = Duration::from_hours(3);

struct Blobs(PathBuf);

impl Blobs {
    fn of(repository: &Repository) -> Self {
        Self(repository.path().join(".adw/blobs"))
    }

    /// What lies there now.
    fn names(&self) -> HashSet<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// As a crash leaves them, between their bytes and the row that names them.
    fn orphans(&self, number: u64) {
        for n in 0..number {
            std::fs::write(self.0.join(format!("{n:064x}")), b"orphan").unwrap();
        }
        for name in self.names() {
            let file = File::options().write(true).open(self.0.join(name)).unwrap();
            file.set_modified(SystemTime::now() - AGE).unwrap();
        }
    }

    /// Waits until it is these that are left.
    async fn are(&self, names: &HashSet<String>) {
        wait_for("the blobs that are named, alone", PATIENCE, || (self.names() == *names).then_some(()))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_that_nothing_names_go_and_those_that_are_named_stay_whoever_is_killed_meanwhile() {
    let mut chance = Chance::new();
    let repository = Repository::configured(CONFIGURATION);
    std::fs::write(repository.beside("hostile.wasm"), HOSTILE).unwrap();
    let server = Server::start(&repository).await;
    let adw_id = server.api.create(&json!({ "title": "Keep" })).await;
    server.api.ends_as(&adw_id, "completed").await;
    server.terminate().await;
    let blobs = Blobs::of(&repository);
    let named = blobs.names();
    assert_eq!(named.len(), 2, "the plugin and the artifact");

    blobs.orphans(MANY);
    for _ in 0..3 {
        let server = Server::start(&repository).await;
        tokio::time::sleep(Duration::from_millis(chance.below(20))).await;
        server.kill().await;
        assert!(blobs.names().is_superset(&named));
    }

    blobs.orphans(1);
    let log = LogSince::now(&repository);
    let server = Server::start(&repository).await;
    log.tells(&["removed blobs that nothing names"]).await;
    blobs.are(&named).await;
    blobs.orphans(1);
    server.api.try_ask(Method::POST, "/api/v1/configuration/reload", None).await.unwrap().with(200);
    blobs.are(&named).await;
    let kept = server.api.of(&adw_id, "/artifacts/artifact-2").await;
    assert_eq!((kept.status, kept.text.as_str()), (200, "x"));
    let again = server.api.create(&json!({ "title": "Keep once more" })).await;
    server.api.ends_as(&again, "completed").await;
}
