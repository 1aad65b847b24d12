//! A person's hand on a workflow: handing over, moving, ending, trying again.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::{
    feed::{Feed, is_end},
    history,
    polling::{self, Process},
    repository::Repository,
    samples::{NOOP, with_agent},
    server::Server,
};

/// How long the processes of a cancelled workflow may live.
const LAST_BREATH: Duration = Duration::from_secs(10);

/// Sleeps, and so does a child that left for a session of its own and whose parent is gone.
const SLEEPER: &str = "\
here=$(dirname \"$0\")
(setsid sh -c 'echo $$ > \"$1\"/child.new; mv \"$1\"/child.new \"$1\"/child; exec sleep 300' sh \"$here\" &)
echo $$ > \"$here\"/pid.new; mv \"$here\"/pid.new \"$here\"/pid
sleep 300
";

/// The same, deaf to whoever asks politely.
fn deaf_sleeper() -> String {
    format!("trap '' INT TERM HUP\n{SLEEPER}\nwhile :; do sleep 300; done\n")
}

/// A test stage whose command is this program.
fn with_command(program: &str) -> String {
    format!(
        r#"
[stages.test]
plugin = "builtin:test"
config = {{ command = ["{program}"] }}
[stages.test.grants]
workspace = "read"
exec = [["{program}"]]
[pipelines.default]
stages = ["test"]
"#
    )
}

#[tokio::test]
async fn a_cancel_ends_an_agent_and_the_child_that_left_it() {
    let repository = Repository::of(&[]);
    let agent = repository.script("agent", SLEEPER).display().to_string();
    repository.write("adw.toml", &with_agent(&[&agent]));
    cancelled_while_it_sleeps(&repository, &json!({ "title": "Sleep", "pipeline": "agent" })).await;
}

#[tokio::test]
async fn a_cancel_ends_an_agent_that_ignores_signals() {
    let repository = Repository::of(&[]);
    let agent = repository.script("agent", &deaf_sleeper()).display().to_string();
    repository.write("adw.toml", &with_agent(&[&agent]));
    cancelled_while_it_sleeps(&repository, &json!({ "title": "Sleep", "pipeline": "agent" })).await;
}

#[tokio::test]
async fn a_cancel_ends_a_command_and_the_child_that_left_it() {
    let repository = Repository::of(&[]);
    let program = repository.script("command", SLEEPER).display().to_string();
    repository.write("adw.toml", &with_command(&program));
    cancelled_while_it_sleeps(&repository, &json!({ "title": "Sleep" })).await;
}

/// Cancels a workflow in the middle of its sleep, and looks at what is left.
async fn cancelled_while_it_sleeps(repository: &Repository, task: &Value) {
    let server = Server::start(repository).await;
    let api = &server.api;
    let adw_id = api.create(task).await;
    let mut feed = Feed::open(api, &adw_id, Some(0)).await;
    let sleeping: [Process; 2] = [
        polling::process(&repository.beside("pid")).await,
        polling::process(&repository.beside("child")).await,
    ];
    assert!(sleeping.iter().all(|process| process.lives()));

    let begun = Instant::now();
    let answer = api.cancel(&adw_id).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let (workflow, _) = history::check(api, &adw_id).await;
    assert_eq!(json!([workflow["status"], workflow["waiting"]]), json!(["cancelled", null]));
    assert!(workflow["completed_at"].is_string(), "{workflow:#}");
    for process in sleeping {
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

#[tokio::test]
async fn a_move_that_is_not_legal_is_refused_with_those_that_are() {
    let repository = Repository::of(&[]);
    repository.write("adw.toml", &with_agent(&["false"]));
    let server = Server::start(&repository).await;
    let api = &server.api;
    let failed = api.create(&json!({ "title": "Fails", "pipeline": "agent" })).await;
    api.ends_as(&failed, "failed").await;
    let completed = api.create(&json!({ "title": "Completes" })).await;
    api.ends_as(&completed, "completed").await;

    let cases = [
        (
            &failed,
            json!({ "status": "completed" }),
            json!({ "from": "failed", "to": "completed", "legal": ["pending"] }),
        ),
        (
            &failed,
            json!({ "status": "running" }),
            json!({ "from": "failed", "to": "running", "legal": ["pending"] }),
        ),
        (
            &completed,
            json!({ "status": "running" }),
            json!({ "from": "completed", "to": "running", "legal": [] }),
        ),
        (
            &completed,
            json!({ "status": "cancelled" }),
            json!({ "from": "completed", "to": "cancelled", "legal": [] }),
        ),
    ];
    for (adw_id, body, moves) in cases {
        let before = api.workflow(adw_id).await;
        let problem = api.put_status(adw_id, body).await.problem(409, "illegal_move");
        assert_eq!(problem["details"], moves);
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
    let repository = Repository::of(&[]);
    let agent = repository.script("agent", SLEEPER).display().to_string();
    let config = with_agent(&[&agent]).replace(
        "stages = [\"one\", \"implement\", \"three\"]",
        "stages = [\"one\", \"implement\", \"two\", \"three\"]",
    );
    repository.write("adw.toml", &config);
    let server = Server::start(&repository).await;
    let api = &server.api;
    let adw_id = api.create(&json!({ "title": "Jump", "pipeline": "agent" })).await;
    let agent = polling::process(&repository.beside("pid")).await;
    let moved = api.put_status(&adw_id, json!({ "status": "running", "current_stage": "three" })).await;
    assert_eq!(moved.with(200)["status"], "running");
    agent.is_gone_within(LAST_BREATH).await;

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
    let repository = Repository::of(&[("greeting.txt", "hello\n")]);
    let agent = repository.script(
        "agent",
        "cat >/dev/null\nif [ -e \"$(dirname \"$0\")/mended\" ]; then echo hi > greeting.txt; else echo 'no such model' >&2; exit 3; fi\n",
    );
    repository.write("adw.toml", &with_agent(&[&agent.display().to_string()]));
    let server = Server::start(&repository).await;
    let api = &server.api;
    let adw_id = api.create(&json!({ "title": "Greet", "pipeline": "agent" })).await;
    let failed = api.ends_as(&adw_id, "failed").await;
    assert_eq!(failed["current_stage"], "implement");
    assert!(failed["error_message"].as_str().unwrap().contains("no such model"), "{failed:#}");

    std::fs::write(repository.beside("mended"), "").unwrap();
    let mut feed = Feed::open(api, &adw_id, failed["seq"].as_u64()).await;
    let retried = api.retry(&adw_id).await.with(202);
    assert_eq!(json!([retried["error_message"], retried["completed_at"]]), json!([null, null]));
    let end = feed.until(is_end).await.pop().unwrap();
    assert_eq!(end["data"]["status"], "completed", "{end:#}");

    let (workflow, _) = history::check(api, &adw_id).await;
    let runs = workflow["stage_runs"].as_array().unwrap();
    assert_eq!(runs[0]["attempt"], 1, "what was done is not done again");
    assert_eq!(repository.read(workflow["branch"].as_str().unwrap(), "greeting.txt"), "hi\n");
    api.retry(&adw_id).await.problem(409, "illegal_move");
}

#[tokio::test]
async fn a_task_is_taken_within_a_tenth_of_a_second() {
    const TASKS: usize = 200;
    let repository = Repository::configured(
        &NOOP
            .replace("[stages.one]", "[stages.plan]")
            .replace("[stages.two]", "[stages.implement]")
            .replace("[\"one\", \"two\", \"three\"]", "[\"plan\", \"implement\"]"),
    );
    let server = Server::start(&repository).await;
    let task = json!({ "title": "Test", "description": "Test task", "type": "feature", "stages": ["plan", "implement"] });
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
    anstream::println!(
        "creating a task took {:?} (p50), {:?} (p99), {:?} (longest)",
        at(50),
        at(99),
        at(100)
    );
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
