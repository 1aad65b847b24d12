//! A person's hand on a workflow: handing over, moving, ending, trying again.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use support::{
    feed::{Feed, is_end, seq},
    history,
    polling::{self, Process},
    repository::Repository,
    samples::{NOOP, with_agent},
    scripts,
    server::Server,
};

/// How long the processes of a cancelled workflow may live.
const LAST_BREATH: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_cancel_ends_an_agent_and_the_child_that_left_it() {
    let repository = with_agent(&scripts::sleeper());
    is_cancelled_while_it_sleeps(&repository, &json!({ "title": "Sleep", "pipeline": "agent" })).await;
}

#[tokio::test]
async fn a_cancel_ends_an_agent_that_ignores_signals() {
    let repository = with_agent(&scripts::deaf_sleeper());
    is_cancelled_while_it_sleeps(&repository, &json!({ "title": "Sleep", "pipeline": "agent" })).await;
}

#[tokio::test]
async fn a_cancel_ends_a_command_and_the_child_that_left_it() {
    let repository = Repository::of(&[]);
    let command = repository.script("command", &scripts::sleeper());
    let adw_toml = format!(
        r#"
[stages.test]
plugin = "builtin:test"
config = {{ command = ["{command}"] }}
[stages.test.grants]
workspace = "read"
exec = [["{command}"]]
[pipelines.default]
stages = ["test"]
"#
    );
    repository.write("adw.toml", &adw_toml);
    is_cancelled_while_it_sleeps(&repository, &json!({ "title": "Sleep" })).await;
}

/// Cancels a workflow in the middle of its sleep, and looks at what is left.
async fn is_cancelled_while_it_sleeps(repository: &Repository, task: &Value) {
    let server = Server::start(repository).await;
    let api = &server.api;
    let adw_id = api.create(task).await;
    let mut feed = Feed::open(api, &adw_id, Some(0)).await;
    let asleep = sleepers(repository).await;

    let begun = Instant::now();
    let answer = api.cancel(&adw_id).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let (workflow, _) = history::check(api, &adw_id).await;
    assert_eq!(json!([workflow["status"], workflow["waiting"]]), json!(["cancelled", null]));
    assert!(workflow["completed_at"].is_string(), "{workflow:#}");
    for process in asleep {
        process.is_gone_within(LAST_BREATH.saturating_sub(begun.elapsed())).await;
    }

    let end = feed.until_end().await.pop().unwrap();
    assert_eq!(
        json!([end["type"], end["data"]["adw_id"], end["data"]["status"]]),
        json!(["task_cancelled", adw_id, "cancelled"])
    );
    assert_eq!(api.cancel(&adw_id).await.status, 204, "once more is fine");
    assert_eq!(history::check(api, &adw_id).await.0, workflow, "and changes nothing");
    let list = api.get("/api/v1/workflows?status=cancelled").await.with(200);
    assert_eq!(list["items"], json!([workflow]), "the row is kept");
}

/// The program that a stage runs, and the child that left it.
async fn sleepers(repository: &Repository) -> [Process; 2] {
    let asleep = [
        polling::process(&repository.beside("pid")).await,
        polling::process(&repository.beside("child")).await,
    ];
    assert!(asleep.iter().all(|process| process.lives()));
    asleep
}

#[tokio::test]
async fn a_cancel_that_races_with_the_end_leaves_one_end() {
    const RACES: u64 = 100;
    let repository = Repository::configured(NOOP);
    let server = Server::start(&repository).await;
    let mut ends = [0, 0];
    for batch in 0..10 {
        let races = (0..RACES / 10).map(|number| race(&server, batch * RACES / 10 + number));
        for status in join_all(races).await {
            ends[usize::from(status == "cancelled")] += 1;
        }
    }
    assert_eq!(ends.iter().sum::<u64>(), RACES);
    assert!(ends.iter().all(|count| *count > 0), "only one side ever won: {ends:?}");
}

/// Cancels a workflow once it has come as far as this race wants it, and gives its end.
async fn race(server: &Server<'_>, number: u64) -> String {
    let api = &server.api;
    let adw_id = format!("race_{number}");
    let mut feed = Feed::open(api, &adw_id, None).await;
    api.create(&json!({ "title": "Race", "adw_id": adw_id })).await;
    let wanted = 1 + number % 9;
    feed.until(|message| seq(message) >= Some(wanted) || is_end(message)).await;
    let told = api.cancel(&adw_id).await;
    api.end(&adw_id).await;
    let (workflow, history) = history::check(api, &adw_id).await;
    if workflow["status"] == "cancelled" {
        told.with(204);
    } else {
        told.problem(409, "illegal_move");
        history::every_stage_completed_once(&workflow, &history);
    }
    let ends = history.iter().filter(|recorded| {
        ["workflow_completed", "workflow_cancelled"].contains(&recorded.event.kind().as_str())
    });
    assert_eq!(ends.count(), 1, "{history:#?}");
    workflow["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_move_that_is_not_legal_is_refused_with_those_that_are() {
    let repository = with_agent(&scripts::fails_until_mended());
    let server = Server::start(&repository).await;
    let api = &server.api;
    let failed = api.create(&json!({ "title": "Fails", "pipeline": "agent" })).await;
    api.ends_as(&failed, "failed").await;
    let completed = api.create(&json!({ "title": "Completes" })).await;
    api.ends_as(&completed, "completed").await;

    let cases = [
        (&failed, "failed", "completed", json!(["pending"])),
        (&failed, "failed", "running", json!(["pending"])),
        (&failed, "failed", "cancelled", json!(["pending"])),
        (&completed, "completed", "running", json!([])),
        (&completed, "completed", "pending", json!([])),
        (&completed, "completed", "cancelled", json!([])),
    ];
    for (adw_id, from, to, legal) in cases {
        let before = api.workflow(adw_id).await;
        let problem = api.put_status(adw_id, json!({ "status": to })).await.problem(409, "illegal_move");
        assert_eq!(problem["details"], json!({ "from": from, "to": to, "legal": legal }));
        assert_eq!(api.workflow(adw_id).await, before, "nothing has changed");
    }
    let same = api.put_status(&completed, json!({ "status": "completed" })).await.with(200);
    assert_eq!(same, api.workflow(&completed).await, "what it is already it may be");
    api.cancel(&completed).await.problem(409, "illegal_move");
    api.put_status(&completed, json!({ "status": "done" })).await.problem(422, "invalid");
    api.put_status("nobody", json!({ "status": "completed" })).await.problem(404, "workflow_not_found");
}

#[tokio::test]
async fn a_jump_ends_what_runs_and_passes_over_what_lies_between() {
    let repository = with_agent(&scripts::sleeper());
    let server = Server::start(&repository).await;
    let api = &server.api;
    let adw_id = api.create(&json!({ "title": "Jump", "pipeline": "agent" })).await;
    let asleep = sleepers(&repository).await;
    let moved = api.put_status(&adw_id, json!({ "status": "running", "current_stage": "three" })).await;
    assert_eq!(moved.with(200)["status"], "running");
    for process in asleep {
        process.is_gone_within(LAST_BREATH).await;
    }

    api.ends_as(&adw_id, "completed").await;
    let (workflow, history) = history::check(api, &adw_id).await;
    let runs = workflow["stage_runs"].as_array().unwrap();
    let statuses: Vec<_> = runs.iter().map(|run| &run["status"]).collect();
    assert_eq!(statuses, ["completed", "skipped", "skipped", "completed"]);
    let kinds: Vec<_> = history.iter().map(|recorded| recorded.event.kind().as_str()).collect();
    assert!(kinds.windows(2).any(|two| two == ["stage_interrupted", "workflow_moved"]), "{kinds:?}");
}

#[tokio::test]
async fn a_failed_workflow_is_tried_again_from_the_stage_that_failed() {
    let repository = with_agent(&scripts::fails_until_mended());
    let server = Server::start(&repository).await;
    let api = &server.api;
    let adw_id = api.create(&json!({ "title": "Try", "pipeline": "agent" })).await;
    let failed = api.ends_as(&adw_id, "failed").await;
    assert_eq!(failed["current_stage"], "implement");
    assert!(failed["error_message"].as_str().unwrap().contains("no such model"), "{failed:#}");

    std::fs::write(repository.beside("mended"), "").unwrap();
    let mut feed = Feed::open(api, &adw_id, failed["seq"].as_u64()).await;
    let retried = api.retry(&adw_id).await.with(202);
    assert_eq!(json!([retried["error_message"], retried["completed_at"]]), json!([null, null]));
    let end = feed.until_end().await.pop().unwrap();
    assert_eq!(end["data"]["status"], "completed", "{end:#}");

    let (workflow, _) = history::check(api, &adw_id).await;
    assert_eq!(workflow["stage_runs"][0]["attempt"], 1, "what was done is not done again");
    assert_eq!(repository.read(workflow["branch"].as_str().unwrap(), "work.txt"), "done\n");
    api.retry(&adw_id).await.problem(409, "illegal_move");
}

/// The document is there with the event that names it, or neither is.
#[tokio::test]
async fn a_retry_by_a_mended_adw_toml_is_taken_whole_or_not_at_all_where_the_server_dies_of_it() {
    for (point, is_taken) in [("before_commit", false), ("after_commit", true)] {
        let repository = Repository::configured(DENIED);
        let server = Server::start(&repository).await;
        let adw_id = server.api.create(&json!({ "title": "Check" })).await;
        let failed = server.api.ends_as(&adw_id, "failed").await;
        server.kill().await;

        repository.write("adw.toml", &DENIED.replace("exec = []", "exec = [[\"true\"]]"));
        let fails = format!("{point}:1");
        let server = Server::start_with(&repository, |command| command.env("ADW_FAIL_AT", &fails)).await;
        let path = format!("/api/v1/workflows/{adw_id}/retry");
        assert!(
            server.api.try_ask(Method::POST, &path, None).await.is_err(),
            "it died before it could answer"
        );
        server.ends_by_itself(point).await;

        let server = Server::start(&repository).await;
        if !is_taken {
            let (workflow, _) = history::check(&server.api, &adw_id).await;
            assert_eq!(json!([workflow["status"], workflow["reconfigured"]]), json!(["failed", null]));
            server.api.retry(&adw_id).await.with(202);
        }
        Feed::open(&server.api, &adw_id, failed["seq"].as_u64()).await.until_end().await;
        let (workflow, _) = history::check(&server.api, &adw_id).await;
        assert_eq!(workflow["status"], "completed", "{workflow:#}");
        assert_eq!(workflow["reconfigured"]["changes"], json!(["stages.check.grants"]));
        let attempts = workflow["stage_runs"].as_array().unwrap().iter().map(|run| run["attempt"].as_u64());
        assert!(attempts.eq([Some(1), Some(2)]), "{workflow:#}");
        server.terminate().await;
    }
}

/// The second stage may not run what it is to run.
const DENIED: &str = r#"
[stages.make]
plugin = "builtin:noop"
[stages.check]
plugin = "builtin:test"
config = { command = "true", trust_exit_code = true }
[stages.check.grants]
workspace = "read"
exec = []
[pipelines.default]
stages = ["make", "check"]
"#;

#[tokio::test]
async fn a_task_is_taken_within_a_tenth_of_a_second() {
    const TASKS: usize = 200;
    let repository = Repository::configured(
        r#"
[stages.plan]
plugin = "builtin:noop"
[stages.implement]
plugin = "builtin:noop"
[pipelines.default]
stages = ["plan", "implement"]
"#,
    );
    let server = Server::start(&repository).await;
    let task = json!({
        "title": "Test", "description": "Test task", "type": "feature", "stages": ["plan", "implement"],
    });
    let mut ids = HashSet::new();
    let mut took = Vec::new();
    for _ in 0..TASKS {
        let begun = Instant::now();
        let answer = server.api.try_create(&task).await.unwrap();
        took.push(begun.elapsed());
        ids.insert(answer.with(201)["adw_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), TASKS);
    took.sort_unstable();
    let at = |percent: usize| took[(TASKS * percent).div_ceil(100) - 1];
    anstream::println!("a task took {:?} (p50), {:?} (p99), {:?} (at most)", at(50), at(99), at(100));
    assert!(at(99) < Duration::from_millis(100), "{took:?}");
    for adw_id in ids {
        server.api.ends_as(&adw_id, "completed").await;
    }
}

#[tokio::test]
async fn twenty_clients_with_the_same_task_and_id_make_one_workflow() {
    let repository = Repository::configured(NOOP);
    let server = Server::start(&repository).await;
    let task = json!({ "title": "Once", "adw_id": "the_one" });
    let answers = join_all((0..20).map(|_| server.api.try_create(&task))).await;
    let rows: HashSet<_> =
        answers.into_iter().map(|answer| answer.unwrap().with(201)["id"].as_i64().unwrap()).collect();
    assert_eq!(rows.len(), 1, "{rows:?}");
    is_the_only_one(&server, "the_one").await;
}

#[tokio::test]
async fn of_twenty_tasks_under_one_id_one_is_taken_and_the_others_are_told() {
    let repository = Repository::configured(NOOP);
    let server = Server::start(&repository).await;
    let tasks: Vec<_> =
        (0..20).map(|number| json!({ "title": format!("Task {number}"), "adw_id": "wanted" })).collect();
    let answers = join_all(tasks.iter().map(|task| server.api.try_create(task))).await;
    let mut titles = Vec::new();
    for answer in answers {
        let answer = answer.unwrap();
        match answer.status {
            201 => titles.push(answer.with(201)["title"].clone()),
            _ => drop(answer.problem(409, "adw_id_taken")),
        }
    }
    let workflow = is_the_only_one(&server, "wanted").await;
    assert_eq!(titles, [workflow["title"].clone()], "who was told 201 has it");
}

/// The server has this workflow and no other; it runs to its end.
async fn is_the_only_one(server: &Server<'_>, adw_id: &str) -> Value {
    server.api.ends_as(adw_id, "completed").await;
    let (workflow, history) = history::check(&server.api, adw_id).await;
    history::every_stage_completed_once(&workflow, &history);
    let list = server.api.get("/api/v1/workflows").await.with(200);
    assert_eq!(list["items"], json!([workflow]));
    workflow
}
