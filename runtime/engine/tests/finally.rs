//! Stages that run in any case: what they find, and what stays of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::path::Path;

use adw_core::{StageStatus, Status, Workflow};
use adw_engine::Programs;
use adw_test_guests::ONLOOKER;
use serde_json::json;
use support::{Bench, git, repository, script, task, until_there};
use tempfile::TempDir;

/// An adw.toml whose agent does this on the work, and whose stage `look` takes these steps in any case.
fn config(folder: &Path, tools: &TempDir, agent: &str, steps: &str) {
    std::fs::write(folder.join("onlooker.wasm"), ONLOOKER).unwrap();
    git(folder, &["config", "core.excludesFile", "/dev/null"]);
    let agent = script(tools.path(), "agent", &format!("cat >/dev/null; {agent}\n")).display().to_string();
    let config = format!(
        "[agents.mine]\nprofile = \"command\"\ncommand = [{agent:?}]\n\
         [stages.implement]\nplugin = \"builtin:implement\"\n\
         [stages.implement.grants]\nworkspace = \"write\"\nagent = [\"mine\"]\n\
         [stages.look]\npath = \"onlooker.wasm\"\nconfig = {{ steps = [{steps}] }}\n\
         [stages.look.grants]\nworkspace = \"read\"\nexec = [[\"sh\", \"**\"]]\n\
         [pipelines.default]\nstages = [\"implement\"]\nfinally = [\"look\"]\n"
    );
    std::fs::write(folder.join("adw.toml"), config).unwrap();
}

/// What the stage `look` noted.
fn noted(workflow: &Workflow) -> serde_json::Value {
    let look = workflow.stages.iter().find(|stage| stage.name == "look").unwrap();
    assert_eq!(look.status, StageStatus::Completed, "{workflow:#?}");
    look.output.as_ref().unwrap().data.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_told_of_a_failure_and_take_nothing_over_of_what_it_left() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), tempfile::tempdir().unwrap());
    config(
        folder.path(),
        &tools,
        "echo half > half.txt; exit 3",
        r#"{ run = "test -e half.txt" }, "failure""#,
    );
    let bench = Bench::again(folder).await;
    let adw_id = bench.create(task("work")).await;
    let workflow = bench.ends_as(&adw_id, Status::Failed).await;
    let error = workflow.error_message.clone().unwrap();
    assert!(error.starts_with("stage implement failed:"), "{error}");
    assert_eq!(noted(&workflow), json!([error]));
    let files = git(bench.path(), &["ls-tree", "-r", "--name-only", &workflow.branch()]);
    assert!(!files.contains("half.txt"), "{files}");
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_told_nothing_where_all_went_well() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), tempfile::tempdir().unwrap());
    config(folder.path(), &tools, "echo b >> a.txt", r#""failure""#);
    let bench = Bench::again(folder).await;
    let adw_id = bench.create(task("work")).await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(noted(&workflow), json!(["nothing"]));
    assert!(workflow.result.unwrap()["summary"].as_str().unwrap().starts_with("mine changed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_asks_goes_on_with_its_answer_after_a_restart_though_the_work_failed() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), tempfile::tempdir().unwrap());
    config(folder.path(), &tools, "exit 3", r#"{ ask = "Seen?" }, "failure""#);
    let bench = Bench::again(folder).await;
    let adw_id = bench.create(task("work")).await;
    let asks = bench.asks_or_ends(&adw_id).await;
    assert_eq!(asks.status, Status::Running);
    let bench = bench.restart().await;
    bench.answer(&adw_id, "yes").await;
    let workflow = bench.ends_as(&adw_id, Status::Failed).await;
    assert_eq!(noted(&workflow), json!(["yes", workflow.error_message.clone().unwrap()]));
    assert!(workflow.stages.iter().all(|stage| stage.attempt == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_cut_off_by_a_stop_goes_on_and_the_work_is_not_done_again() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), tempfile::tempdir().unwrap());
    let (ledger, begun, go) =
        (tools.path().join("ledger"), tools.path().join("begun"), tools.path().join("go"));
    let step = format!("touch {}; [ -e {} ] || sleep 600", begun.display(), go.display());
    let agent = format!("echo run >> {}; exit 3", ledger.display());
    config(folder.path(), &tools, &agent, &format!("{{ run = {step:?} }}"));
    let bench = Bench::again(folder).await;
    let adw_id = bench.create(task("work")).await;
    until_there(&begun, true).await;
    let folder = bench.stop_and(Programs::End).await;
    std::fs::write(&go, "").unwrap();
    let bench = Bench::again(folder).await;
    bench.ends_as(&adw_id, Status::Failed).await;
    assert_eq!(std::fs::read_to_string(ledger).unwrap().lines().count(), 1);
}
