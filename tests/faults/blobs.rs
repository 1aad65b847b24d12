//! Blobs that nothing names, and servers that are killed while they remove them.

use std::{
    collections::HashSet,
    fs::File,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use adw_test_guests::{HOSTILE, ONLOOKER};
use reqwest::Method;
use serde_json::json;

use crate::{
    seen::LogSince,
    support::{PATIENCE, chance::Chance, polling::wait_for, repository::Repository, server::Server},
};

/// It keeps an artifact under three names, and has another plugin run in any case.
const CONFIGURATION: &str = r#"
[stages.keep]
path = "../hostile.wasm"
config = { does = "fill-artifacts", times = 3 }
[stages.keep.grants]
workspace = "write"
exec = []
agent = ["*"]
http = []
[stages.after]
path = "../onlooker.wasm"
config = { steps = [] }
[stages.after.grants]
workspace = "read"
exec = []
[pipelines.default]
stages = ["keep"]
finally = ["after"]
"#;

/// It names neither plugin.
const OTHER: &str = "[stages.rest]\nplugin = \"builtin:noop\"\n[pipelines.default]\nstages = [\"rest\"]\n";

/// More than a server removes in the moment before it is killed.
const MANY: u64 = 3_000;

/// Longer than a server leaves alone what it doesn't know.
const AGE: Duration = Duration::from_hours(3);

/// The folder of blobs.
pub struct Blobs(PathBuf);

impl Blobs {
    pub fn of(repository: &Repository) -> Self {
        Self(repository.path().join(".adw/blobs"))
    }

    /// What lies there now.
    fn names(&self) -> HashSet<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// As a crash leaves them, between their bytes and the row that names them. All that lies there is old from now on.
    pub fn orphans(&self, number: u64) {
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
    std::fs::write(repository.beside("onlooker.wasm"), ONLOOKER).unwrap();
    let server = Server::start(&repository).await;
    let adw_id = server.api.create(&json!({ "title": "Keep" })).await;
    server.api.ends_as(&adw_id, "completed").await;
    server.terminate().await;
    let blobs = Blobs::of(&repository);
    let named = blobs.names();
    assert_eq!(named.len(), 3, "the plugins and the artifact");

    blobs.orphans(MANY);
    for _ in 0..3 {
        let server = Server::start(&repository).await;
        tokio::time::sleep(Duration::from_millis(chance.below(20))).await;
        server.kill().await;
        assert!(blobs.names().is_superset(&named));
    }

    // From now on only the workflow's document names its plugins.
    std::fs::write(repository.path().join("adw.toml"), OTHER).unwrap();
    blobs.orphans(1);
    let log = LogSince::now(&repository);
    let server = Server::start(&repository).await;
    log.tells(&["removed blobs that nothing names"]).await;
    let with_its_own = || Some(blobs.names()).filter(|names| names.len() == named.len() + 1);
    let now_named = wait_for("the blobs that are named, and the plugin of now", PATIENCE, with_its_own).await;
    assert!(now_named.is_superset(&named));
    blobs.orphans(1);
    server.api.try_ask(Method::POST, "/api/v1/configuration/reload", None).await.unwrap().with(200);
    blobs.are(&now_named).await;
    let kept = server.api.of(&adw_id, "/artifacts/artifact-2").await;
    assert_eq!((kept.status, kept.text.as_str()), (200, "x"));
    let again = server.api.create(&json!({ "title": "Keep once more" })).await;
    server.api.ends_as(&again, "completed").await;
}
