//! A plugin that asks for something else than it did before.

use std::path::Path;

use adw_test_guests::ONLOOKER;
use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    seen::asks,
    support::{repository::Repository, server::Server},
};

const CONFIGURATION: &str = r#"
[stages.look]
path = "../onlooker.wasm"
config = { steps = [{ run = "echo one >> ../../../../looked" }, { ask = "Go on?" }] }
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

/// Plugins have nothing to be of another mind by: so it is the record that is changed, to what another mind had asked.
async fn has_asked_for_something_else(database: &Path) {
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let trigger: String =
        sqlx::query_scalar("SELECT sql FROM sqlite_master WHERE name = 'journal_never_changes'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    let other = format!(
        "DROP TRIGGER journal_never_changes;
         UPDATE journal SET body = replace(body, 'echo one', 'echo two'), hash = '{}' WHERE n = 1;
         {trigger};",
        "0".repeat(64)
    );
    connection.execute(AssertSqlSafe(other)).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_plugin_that_is_of_another_mind_fails_its_attempt_and_does_nothing_more() {
    let repository = Repository::configured(CONFIGURATION);
    std::fs::write(repository.beside("onlooker.wasm"), ONLOOKER).unwrap();
    let server = Server::start(&repository).await;
    let adw_id = server.api.create(&json!({ "title": "Of another mind" })).await;
    asks(&server.api, &adw_id, 0).await;
    server.terminate().await;
    has_asked_for_something_else(&repository.path().join(".adw/adw.db")).await;

    let server = Server::start(&repository).await;
    let path = format!("/api/v1/workflows/{adw_id}/answer");
    let answer = json!({ "answer": "yes" });
    server.api.try_ask(Method::POST, &path, Some(&answer)).await.unwrap().with(202);
    let failed = server.api.ends_as(&adw_id, "failed").await;
    let message = failed["error_message"].as_str().unwrap();
    assert!(message.contains("plugin onlooker") && message.contains("nondeterminism at call 1"), "{message}");
    assert!(message.contains("echo one") && message.contains("echo two"), "both are shown: {message}");
    assert_eq!(std::fs::read_to_string(repository.beside("looked")).unwrap(), "one\n", "it did it once");
    let other = server.api.create(&json!({ "title": "Another one", "pipeline": "other" })).await;
    server.api.ends_as(&other, "completed").await;
}
