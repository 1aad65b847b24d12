//! Answers too large for a row of the journal, over ends of the server, and over the loss of their bytes.

use std::path::PathBuf;

use adw_test_guests::ONLOOKER;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    blobs::Blobs,
    seen::{LogSince, asks},
    support::{api::Api, command_line, repository::Repository, server::Server},
};

/// A program that notes that it ran, and says more than a row holds.
const CONFIGURATION: &str = r#"
[stages.look]
path = "../onlooker.wasm"
config = { steps = [{ run = "echo one >> ../../../../looked; head -c 300000 /dev/zero | tr '\\0' x" }, { ask = "Go on?" }] }
[stages.look.grants]
workspace = "read"
exec = [["sh", "**"]]
[stages.rest]
plugin = "builtin:noop"
[pipelines.default]
stages = ["look"]
[pipelines.other]
stages = ["rest"]
"#;

/// A workflow that has its large answer, and asks a person.
struct Asking {
    repository: Repository,
    adw_id: String,
}

impl Asking {
    /// The server that brought it there is gone.
    async fn after_a_kill() -> Self {
        let repository = Repository::configured(CONFIGURATION);
        std::fs::write(repository.beside("onlooker.wasm"), ONLOOKER).unwrap();
        let server = Server::start(&repository).await;
        let adw_id = server.api.create(&json!({ "title": "Look" })).await;
        asks(&server.api, &adw_id, 0).await;
        server.kill().await;
        Self { repository, adw_id }
    }

    /// The blob with the answer, and the longest body that stands in a row.
    async fn journal(&self) -> (PathBuf, i64) {
        let options = SqliteConnectOptions::new().filename(self.repository.path().join(".adw/adw.db"));
        let mut database = SqliteConnection::connect_with(&options).await.unwrap();
        let found: (String, i64) = sqlx::query_as("SELECT max(blob), max(length(body)) FROM journal")
            .fetch_one(&mut database)
            .await
            .unwrap();
        database.close().await.unwrap();
        (self.repository.path().join(".adw/blobs").join(found.0), found.1)
    }

    async fn answer(&self, api: &Api) {
        let (path, answer) =
            (format!("/api/v1/workflows/{}/answer", self.adw_id), json!({ "answer": "yes" }));
        api.try_ask(Method::POST, &path, Some(&answer)).await.unwrap().with(202);
    }

    /// The call that was answered at length, as the server shows it.
    async fn call(&self, api: &Api) -> Value {
        api.of(&self.adw_id, "/journal?limit=1").await.with(200)["items"][0].clone()
    }

    /// How often the program ran.
    fn runs(&self) -> usize {
        std::fs::read_to_string(self.repository.beside("looked")).unwrap().lines().count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_answer_lies_beside_the_database_and_is_told_and_gone_on_from_like_any_other() {
    let asking = Asking::after_a_kill().await;
    let (blob, longest) = asking.journal().await;
    assert!(std::fs::metadata(&blob).unwrap().len() > 300_000 && longest < 5_000, "{longest}");

    // It is old by then, and named all the same.
    Blobs::of(&asking.repository).orphans(1);
    let log = LogSince::now(&asking.repository);
    let server = Server::start(&asking.repository).await;
    log.tells(&["removed blobs that nothing names"]).await;
    assert!(blob.exists(), "it was removed");

    let call = asking.call(&server.api).await;
    assert_eq!((&call["call"], &call["state"]), (&json!("exec.run"), &json!("answered")), "{call:#}");
    assert!(call["answer"]["stdout"].as_str().unwrap().contains("bytes in all"), "{call:#}");
    asking.answer(&server.api).await;
    server.api.ends_as(&asking.adw_id, "completed").await;
    assert_eq!(asking.runs(), 1);
    server.terminate().await;

    // Without a server too.
    let folder = asking.repository.path();
    assert!(command_line::adw(&folder, &["journal", &asking.adw_id]).contains("xxxx"));
    assert!(command_line::adw(&folder, &["replay", &asking.adw_id]).contains("the same"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_answer_that_is_lost_fails_its_attempt_with_file_and_remedy_and_nothing_else() {
    for (damage, told) in [(false, "is missing"), (true, "is damaged")] {
        let asking = Asking::after_a_kill().await;
        let (blob, _) = asking.journal().await;
        let kept = std::fs::read(&blob).unwrap();
        let lost = || if damage { std::fs::write(&blob, &kept[1..]) } else { std::fs::remove_file(&blob) };
        lost().unwrap();

        let server = Server::start(&asking.repository).await;
        let call = asking.call(&server.api).await;
        assert!(call["error"].as_str().unwrap().contains(told), "{call:#}");
        asking.answer(&server.api).await;
        let failed = server.api.ends_as(&asking.adw_id, "failed").await;
        let message = failed["error_message"].as_str().unwrap();
        let name = blob.file_name().unwrap().to_str().unwrap();
        for words in ["its journal is not whole", "call 1", name, told, "`adw retry` begins a new attempt"] {
            assert!(message.contains(words), "{words:?} is not in {message}");
        }
        let other = server.api.create(&json!({ "title": "Another one", "pipeline": "other" })).await;
        server.api.ends_as(&other, "completed").await;

        server.api.retry(&asking.adw_id).await.with(202);
        asks(&server.api, &asking.adw_id, failed["seq"].as_u64().unwrap()).await;
        asking.answer(&server.api).await;
        server.api.ends_as(&asking.adw_id, "completed").await;
        assert_eq!(asking.runs(), 2);
    }
}
