//! Servers that are stopped or killed in the middle of something.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{
    api::Api,
    command_line::adw,
    feed::{Feed, is_end},
    history::{self, every_stage_completed_once},
    polling,
    samples::{Sample, with_agent},
    scripts,
    server::Server,
};

/// How long what an agent leaves may live once it has ended.
const LAST_BREATH: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_stop_in_the_middle_loses_nothing_and_costs_nothing() {
    ended_in_the_middle(async |server| server.terminate().await).await;
}

#[tokio::test]
async fn a_server_killed_in_the_middle_loses_nothing_and_costs_nothing() {
    ended_in_the_middle(async |server| server.kill().await).await;
}

/// One workflow runs, others wait for its place; then the server ends, and another one takes up its work.
async fn ended_in_the_middle(end: impl AsyncFnOnce(Server<'_>)) {
    let repository = with_agent(&scripts::works_in_two_halves());
    repository.configure("[limits]\nconcurrent_workflows = 1\n");
    let server = Server::start(&repository).await;
    let task = |title: &str, pipeline: &str| json!({ "title": title, "pipeline": pipeline });
    let mut ids = vec![server.api.create(&task("Runs", "agent")).await];
    let running = polling::process(&repository.beside("pid")).await;
    let child = polling::process(&repository.beside("child")).await;
    for (title, pipeline) in [("Waits", "default"), ("Waits too", "agent"), ("Waits as well", "default")] {
        ids.push(server.api.create(&task(title, pipeline)).await);
    }
    let acknowledged = join_all(ids.iter().map(|adw_id| server.api.workflow(adw_id))).await;
    let statuses: Vec<_> = acknowledged.iter().map(|workflow| &workflow["status"]).collect();
    assert_eq!(statuses, ["running", "pending", "pending", "pending"]);
    end(server).await;

    let server = Server::start(&repository).await;
    assert!(running.lives() && child.lives(), "the agent is still at work");
    std::fs::write(repository.beside("go"), "").unwrap();
    for before in &acknowledged {
        goes_on(&server.api, before).await;
    }
    let interrupted = server.api.workflow(&ids[0]).await;
    let implement = &interrupted["stage_runs"][1];
    assert_eq!(
        json!([implement["attempt"], implement["failures"], implement["round"]]),
        json!([1, 0, 0]),
        "the same attempt went on"
    );
    child.is_gone_within(LAST_BREATH).await;
    let branch = interrupted["branch"].as_str().unwrap();
    assert_eq!(repository.read(branch, "work.txt"), "whole\n");
    let ledger = std::fs::read_to_string(repository.beside("ledger")).unwrap();
    assert_eq!(ledger.lines().count(), 2, "once for each");
}

#[tokio::test]
async fn a_server_is_ready_before_what_nobody_waits_for_has_come_to_its_end() {
    let repository = with_agent(&scripts::deaf_sleeper());
    let server = Server::start(&repository).await;
    let adw_id = server.api.create(&json!({ "title": "Deaf", "pipeline": "agent" })).await;
    let deaf = polling::process(&repository.beside("pid")).await;
    server.api.cancel(&adw_id).await.with(204);
    server.kill().await;
    let server = Server::start(&repository).await;
    assert!(deaf.lives(), "it is asked politely first, for longer than a start takes");
    deaf.is_gone_within(LAST_BREATH).await;
    server.terminate().await;
}

/// A workflow that was acknowledged is the one that it was, and comes to a good end.
async fn goes_on(api: &Api, before: &Value) {
    let adw_id = before["adw_id"].as_str().unwrap();
    api.ends_as(adw_id, "completed").await;
    let (workflow, history) = history::check(api, adw_id).await;
    for member in ["id", "title", "pipeline", "created_at", "epoch"] {
        assert_eq!(workflow[member], before[member], "{member}");
    }
    every_stage_completed_once(&workflow, &history);
    let runs = workflow["stage_runs"].as_array().unwrap();
    assert!(runs.iter().all(|run| run["failures"] == 0), "{runs:#?}");
}

#[tokio::test]
async fn a_server_killed_at_any_step_of_the_work_leaves_nothing_that_the_next_one_cannot_finish() {
    let sample = Sample::python();
    adw(&sample.repository.path(), &["init"]);
    let before = sample.repository.belongings();
    let task = json!({ "title": sample.title, "description": sample.description(), "type": "bug" });
    let mut ids = Vec::new();
    // Log lines are steps too, so that stages are cut off in their middle.
    for step in (2..).step_by(2) {
        let server = Server::start(&sample.repository).await;
        let adw_id = server.api.create(&task).await;
        let mut feed = Feed::open(&server.api, &adw_id, Some(0)).await;
        let mut heard = Vec::new();
        while heard.len() < step && !heard.last().is_some_and(is_end) {
            heard.push(feed.message().await);
        }
        server.kill().await;
        ids.push(adw_id);
        if heard.last().is_some_and(is_end) {
            break;
        }
    }
    let server = Server::start(&sample.repository).await;
    for adw_id in ids {
        server.api.ends_as(&adw_id, "completed").await;
        let (workflow, history) = history::check(&server.api, &adw_id).await;
        every_stage_completed_once(&workflow, &history);
        let branch = workflow["branch"].as_str().unwrap();
        assert_eq!(sample.repository.read(branch, sample.file), sample.mended);
        let commits = sample.repository.git(&["log", "--format=%s", &format!("main..{branch}")]);
        assert_eq!(commits.lines().count(), 2, "the plan and the work, each committed once: {commits}");
    }
    before.are_untouched(&sample.repository.belongings());
}
