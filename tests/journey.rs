//! The main job, from a person's repository to a branch on which the task is done.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::{path::Path, process::Command};

use serde_json::{Value, json};
use support::{
    agreement::all_agree, command_line::adw, feed::Feed, repository::without_settings, samples::Sample,
    server::Server,
};

#[tokio::test]
async fn a_python_repository_is_mended_by_the_task_it_was_handed() {
    let sample = Sample::python();
    adw(&sample.repository.path(), &["init"]);
    let server = Server::start(&sample.repository).await;
    let task = json!({ "title": sample.title, "description": sample.description(), "type": "bug" });
    let workflow = is_mended(&server, &sample, task).await;
    assert_eq!(workflow["pipeline"], "default");
}

#[tokio::test]
async fn the_stages_that_a_task_names_are_those_it_goes_through() {
    let sample = Sample::python();
    adw(&sample.repository.path(), &["init"]);
    let server = Server::start(&sample.repository).await;
    let task = json!({
        "title": sample.title,
        "description": sample.description(),
        "type": "bug",
        "stages": ["plan", "implement", "test"],
    });
    let workflow = is_mended(&server, &sample, task).await;
    assert_eq!(workflow["pipeline"], Value::Null);
}

#[tokio::test]
async fn a_rust_crate_is_mended_by_the_task_it_was_handed() {
    let sample = Sample::rust();
    adw(&sample.repository.path(), &["init"]);
    let server = Server::start(&sample.repository).await;
    let task = json!({ "title": sample.title, "description": sample.description(), "type": "bug" });
    let workflow = is_mended(&server, &sample, task).await;
    assert_eq!(workflow["stage_runs"][2]["output"]["passed"], 2);
}

/// Hands over the task, and looks at all that came of it.
async fn is_mended(server: &Server<'_>, sample: &Sample, task: Value) -> Value {
    let (api, repository) = (&server.api, &sample.repository);
    assert!(!passes(&repository.checkout("main"), sample.test), "the test fails before");
    let before = repository.belongings();

    let created = api.try_create(&task).await.unwrap().with(201);
    assert_eq!((&created["status"], &created["progress"]), (&json!("pending"), &json!(0)));
    assert_eq!(created["stages"], json!(["plan", "implement", "test"]));
    let adw_id = created["adw_id"].as_str().unwrap();
    let heard = Feed::open(api, adw_id, Some(0)).await.until_end().await;

    let workflow = all_agree(api, repository, adw_id, &heard).await;
    assert_eq!(
        (&workflow["status"], &workflow["progress"]),
        (&json!("completed"), &json!(100)),
        "{workflow:#}"
    );
    let statuses: Vec<_> =
        workflow["stage_runs"].as_array().unwrap().iter().map(|run| &run["status"]).collect();
    assert_eq!(statuses, ["completed"; 3], "{workflow:#}");
    is_on_the_branch(server, sample, &workflow).await;
    before.are_untouched(&repository.belongings());
    workflow
}

/// The task's diff is on the branch, and the tests pass there.
async fn is_on_the_branch(server: &Server<'_>, sample: &Sample, workflow: &Value) {
    let (adw_id, branch) = (workflow["adw_id"].as_str().unwrap(), workflow["branch"].as_str().unwrap());
    assert_eq!(workflow["result"]["branch"], branch);
    assert_eq!(sample.repository.read(branch, sample.file), sample.mended);
    let changed = sample.repository.git(&["diff", "--name-only", &format!("main..{branch}")]);
    let specification = format!("specs/{adw_id}-");
    let own = |name: &&str| *name == sample.file || name.starts_with(&specification);
    assert!(changed.lines().all(|name| own(&name)), "{changed}");
    assert!(passes(&sample.repository.checkout(branch), sample.test), "the test passes on the branch");

    let diff = server.api.of(adw_id, "/diff").await;
    assert!(diff.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    let hunk = &sample.diff[sample.diff.find("@@").unwrap()..];
    assert!(diff.text.contains(hunk), "{}", diff.text);
    let printed = adw(&sample.repository.path(), &["diff", adw_id, "--server", server.api.address()]);
    assert_eq!(printed, diff.text);
}

/// Whether the tests pass in a folder.
fn passes(folder: &Path, test: &[&str]) -> bool {
    let mut command = Command::new(test[0]);
    let output = without_settings(command.args(&test[1..]).current_dir(folder)).output().unwrap();
    output.status.success()
}
