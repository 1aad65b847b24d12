//! Whole workflows, through the engine's public face.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;

use adw_core::{Cancel, Command, Priority, Retry, StageStatus, Status, fold};
use adw_engine::{LogQuery, NewTask, Programs, Route};
use adw_test_guests::PLAYER;
use support::{Bench, clock::ByHand, git, onlooker, repository, script, task, until_there};

const NOOP: &str = r#"
[stages.one]
plugin = "builtin:noop"
[stages.two]
plugin = "builtin:noop"
[pipelines.default]
stages = ["one", "two"]
"#;

const REAL: &str = r#"
[stages.plan]
plugin = "builtin:plan"
[stages.plan.grants]
workspace = "write"
agent = ["*"]
[stages.implement]
plugin = "builtin:implement"
[stages.implement.grants]
workspace = "write"
agent = ["*"]
[stages.test]
plugin = "builtin:test"
on_rework = "implement"
max_rework = 2
[stages.test.grants]
workspace = "read"
exec = [["python3", "-m", "unittest", "**"]]
[pipelines.default]
stages = ["plan", "implement", "test"]
"#;

const SUM: &str = "def add(a, b):\n    return a - b\n";
const TEST: &str = "import unittest\nfrom calc import add\n\n\nclass Sum(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n\n\nif __name__ == '__main__':\n    unittest.main()\n";
const PATCH: &str =
    "--- a/calc.py\n+++ b/calc.py\n@@ -1,2 +1,2 @@\n def add(a, b):\n-    return a - b\n+    return a + b\n";

#[tokio::test(flavor = "multi_thread")]
async fn noop_stages_complete_and_their_events_give_the_row() {
    let bench = Bench::new(NOOP).await;
    let adw_id = bench.create(task("nothing")).await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    let events = bench.engine.events(&adw_id, 0, 100).await.unwrap();
    assert_eq!(fold(&events).unwrap().unwrap(), workflow);
    assert_eq!(bench.workflow(&adw_id).await, workflow, "read back from disk");
    assert_eq!(events.len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_with_a_diff_is_planned_implemented_and_tested() {
    let folder = repository(&[("calc.py", SUM), ("test_calc.py", TEST)]);
    let bench = Bench::in_folder(folder, REAL).await;
    let mut new = task("Fix the sum");
    new.description = Some(format!("It subtracts.\n\n```diff\n{PATCH}```\n"));
    let adw_id = bench.create(new).await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(
        git(bench.path(), &["show", &format!("{}:calc.py", workflow.branch())]),
        SUM.replace('-', "+")
    );
    assert_eq!(git(bench.path(), &["status", "--porcelain", "--", "calc.py", "test_calc.py"]), "");
    assert_eq!(git(bench.path(), &["show", "HEAD:calc.py"]), SUM);
    let diff = bench.engine.diff(&adw_id).await.unwrap();
    assert!(diff.contains("+    return a + b"), "{diff}");
    assert!(!diff.contains("__pycache__"), "what the tests left lying about is no part of the work:\n{diff}");
    let query = LogQuery { stage: None, attempt: None, offset: 0, limit: 1000 };
    let log = bench.engine.logs(&adw_id, query).await.unwrap();
    assert!(log.lines.iter().any(|line| line.message.contains("python3")), "{log:#?}");
    bench.engine.shutdown(Programs::GoOn).await;
    assert!(!bench.path().join(".adw/trees").join(adw_id.as_str()).exists(), "its worktree is put away");
    git(bench.path(), &["checkout", "-q", &workflow.branch()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_fails_its_tests_goes_back_until_it_passes() {
    let folder = repository(&[("calc.py", SUM), ("test_calc.py", TEST)]);
    let tools = tempfile::tempdir().unwrap();
    // Wrong at first; right once the prompt says that the test failed.
    let agent = script(
        tools.path(),
        "agent",
        "prompt=$(cat)\ncase \"$prompt\" in\n*test_add*) sed -i 's/a . b/a + b/' calc.py ;;\n*) sed -i 's/a - b/a * b/' calc.py ;;\nesac\n",
    );
    let config = format!(
        "{REAL}\n[agents.mine]\nprofile = \"command\"\ncommand = [{:?}]\n",
        agent.display().to_string()
    );
    let bench = Bench::in_folder(folder, &config).await;
    let adw_id = bench.create(task("Fix the sum")).await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    let attempts: Vec<_> = workflow.stages.iter().map(|stage| (stage.name.as_str(), stage.attempt)).collect();
    assert_eq!(attempts, [("plan", 1), ("implement", 2), ("test", 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_never_gets_it_right_ends_in_failure_with_the_reason() {
    let folder = repository(&[("calc.py", SUM), ("test_calc.py", TEST)]);
    let tools = tempfile::tempdir().unwrap();
    let agent = script(tools.path(), "agent", "cat >/dev/null\necho \"# $$ $(date +%N)\" >> calc.py\n");
    let config = format!(
        "{REAL}\n[agents.mine]\nprofile = \"command\"\ncommand = [{:?}]\n",
        agent.display().to_string()
    );
    let bench = Bench::in_folder(folder, &config).await;
    let adw_id = bench.create(task("Fix the sum")).await;
    let workflow = bench.ends_as(&adw_id, Status::Failed).await;
    let message = workflow.error_message.unwrap();
    assert!(message.contains("test_add") && message.contains("max_rework"), "{message}");
    assert_eq!(workflow.stages[1].attempt, 3, "the first try and two more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_what_runs_and_its_processes() {
    let folder = repository(&[("a.txt", "a\n")]);
    let tools = tempfile::tempdir().unwrap();
    let marker = tools.path().join("pid");
    let body =
        format!("echo $$ > {0}.new; mv {0}.new {0}; (setsid sleep 600 &); sleep 600\n", marker.display());
    let agent = script(tools.path(), "agent", &body);
    let config = format!(
        "{REAL}\n[agents.mine]\nprofile = \"command\"\ncommand = [{:?}]\n",
        agent.display().to_string()
    );
    let bench = Bench::in_folder(folder, &config).await;
    let mut new = task("Sleep");
    new.route = Route::Stages(vec!["implement".parse().unwrap()]);
    let adw_id = bench.create(new).await;
    // The agent's own sign that it is at work.
    until_there(&marker, true).await;
    let pid = std::fs::read_to_string(&marker).unwrap();
    let stored = bench.engine.command(&adw_id, Command::Cancel(Cancel::default()), None).await.unwrap();
    assert_eq!(stored.workflow.status, Status::Cancelled);
    assert_eq!(stored.workflow.stages[0].status, StageStatus::Cancelled);
    bench.engine.shutdown(Programs::GoOn).await;
    assert!(!std::path::Path::new(&format!("/proc/{}", pid.trim())).exists(), "the agent lives");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_the_middle_costs_nothing() {
    let folder = repository(&[("calc.py", SUM), ("test_calc.py", TEST)]);
    let tools = tempfile::tempdir().unwrap();
    let (ledger, go) = (tools.path().join("ledger"), tools.path().join("go"));
    let body = format!(
        "cat >/dev/null\necho run >> {0}\nwhile [ ! -e {1} ]; do sleep 0.02; done\nsed -i 's/a - b/a + b/' calc.py\n",
        ledger.display(),
        go.display()
    );
    let agent = script(tools.path(), "agent", &body);
    let config = format!(
        "{REAL}\n[agents.mine]\nprofile = \"command\"\ncommand = [{:?}]\n[limits]\nconcurrent_workflows = 1\n",
        agent.display().to_string()
    );
    let bench = Bench::in_folder(folder, &config).await;
    let first = bench.create(task("Fix the sum")).await;
    let second = bench.create(task("Fix it again")).await;
    until_there(&ledger, true).await;
    let bench = bench.restart().await;
    std::fs::write(&go, "").unwrap();
    for adw_id in [&first, &second] {
        let workflow = bench.ends_as(adw_id, Status::Completed).await;
        assert!(workflow.stages.iter().all(|stage| stage.failures == 0));
        let events = bench.engine.events(adw_id, 0, 100).await.unwrap();
        assert_eq!(fold(&events).unwrap().unwrap(), bench.workflow(adw_id).await);
    }
    assert_eq!(std::fs::read_to_string(&ledger).unwrap(), "run\nrun\n", "once for each");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_more_urgent_goes_first_though_it_is_younger() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("player.wasm"), PLAYER).unwrap();
    let config = "[stages.play]\npath = \"player.wasm\"\n[pipelines.default]\nstages = [\"play\"]\n\
                  [limits]\nconcurrent_workflows = 1\n";
    let bench = Bench::in_folder(folder, config).await;
    let description = Some(r#"{"play": [["sleep 3600"]]}"#.to_owned());
    let sleeps = bench.create(NewTask { description, ..task("sleep") }).await;
    bench.until(&sleeps, |workflow| workflow.running_stage().is_some()).await;
    let description = Some("{}".to_owned());
    let urgent = NewTask { description, priority: Priority::Urgent, ..task("at once") };
    let urgent = bench.create(urgent).await;
    assert_eq!(bench.engine.readiness().await.queued, 1, "who has a place keeps it");
    let bench = bench.restart().await;
    bench.ends_as(&urgent, Status::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_time_came_while_no_server_was_there_goes_in_their_turn() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("player.wasm"), PLAYER).unwrap();
    let config = "[stages.play]\npath = \"player.wasm\"\n[stages.play.retry]\nbackoff = \"1h..1h\"\non = [\"network\"]\n\
                  [pipelines.default]\nstages = [\"play\"]\n[limits]\nconcurrent_workflows = 1\n";
    let bench = Bench::in_folder(folder, config).await;
    let plays = |description: &str| NewTask { description: Some(description.to_owned()), ..task("play") };
    let again = plays(r#"{"play": [["retryable network"]]}"#);
    let again = bench.create(NewTask { priority: Priority::Urgent, ..again }).await;
    let due = bench.until(&again, |workflow| workflow.due().is_some()).await.due().unwrap();
    let sleeps = bench.create(plays(r#"{"play": [["sleep 36000"]]}"#)).await;
    bench.until(&sleeps, |workflow| workflow.running_stage().is_some()).await;
    let bench = Bench::on_clock(bench.stop().await, Arc::new(ByHand::at(due))).await;
    bench.ends_as(&again, Status::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_no_further_stage_begin() {
    let stages: Vec<String> = (0..40).map(|number| format!("s{number}")).collect();
    let table = |stage: &String| format!("[stages.{stage}]\nplugin = \"builtin:noop\"\n");
    let tables = stages.iter().map(table).collect::<Vec<_>>().concat();
    let bench = Bench::new(&format!("{tables}[pipelines.default]\nstages = {stages:?}\n")).await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(bench.create(task(&format!("long {number}"))).await);
    }
    bench.until(&ids[0], |workflow| workflow.progress > 5).await;
    let bench = bench.restart().await;
    for adw_id in &ids {
        let workflow = bench.ends_as(adw_id, Status::Completed).await;
        assert!(workflow.stages.iter().all(|stage| stage.failures == 0));
        let events = bench.engine.events(adw_id, 0, 1000).await.unwrap();
        assert_eq!(fold(&events).unwrap().unwrap(), bench.workflow(adw_id).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_is_cancelled_while_it_waits_leaves_no_worktree() {
    let folder = repository(&[("a.txt", "a\n")]);
    let config = "[agents.mine]\nprofile = \"command\"\ncommand = [\"false\"]\n\
                  [stages.implement]\nplugin = \"builtin:implement\"\n\
                  [stages.implement.retry]\nattempts = 2\nbackoff = \"1h..1h\"\non = [\"crashed\"]\n\
                  [stages.implement.grants]\nworkspace = \"write\"\nagent = [\"*\"]\n\
                  [pipelines.default]\nstages = [\"implement\"]\n";
    let bench = Bench::in_folder(folder, config).await;
    let adw_id = bench.create(task("work")).await;
    bench.until(&adw_id, |workflow| workflow.waiting.is_some()).await;
    let tree = bench.path().join(".adw/trees").join(adw_id.as_str());
    assert!(tree.exists());
    bench.engine.command(&adw_id, Command::Cancel(Cancel::default()), None).await.unwrap();
    until_there(&tree, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_with_a_relative_path_is_the_one_beside_adw_toml() {
    let folder = repository(&[("a.txt", "a\n")]);
    // In no commit, and so in no worktree.
    script(folder.path(), "agent.sh", "cat >/dev/null; echo b >> a.txt\n");
    let config = "[agents.mine]\nprofile = \"command\"\ncommand = [\"./agent.sh\"]\n\
                  [stages.implement]\nplugin = \"builtin:implement\"\n\
                  [stages.implement.grants]\nworkspace = \"write\"\nagent = [\"*\"]\n\
                  [pipelines.default]\nstages = [\"implement\"]\n";
    let bench = Bench::in_folder(folder, config).await;
    let adw_id = bench.create(task("work")).await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(git(bench.path(), &["show", &format!("{}:a.txt", workflow.branch())]), "a\nb\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_not_executable_is_not_installed_and_says_what_mends_it() {
    let folder = repository(&[("a.txt", "a\n"), ("agent.sh", "#!/bin/sh\n")]);
    let config = "[agents.mine]\nprofile = \"command\"\ncommand = [\"./agent.sh\"]\n\
                  [stages.implement]\nplugin = \"builtin:implement\"\n\
                  [stages.implement.grants]\nworkspace = \"write\"\nagent = [\"*\"]\n\
                  [pipelines.default]\nstages = [\"implement\"]\n";
    let bench = Bench::in_folder(folder, config).await;
    let whoever = bench.create(task("work")).await;
    assert!(bench.asks_or_ends(&whoever).await.question().is_some(), "a person, where no agent can be run");
    let named = bench.create(NewTask { agent: Some("mine".to_owned()), ..task("work") }).await;
    let workflow = bench.ends_as(&named, Status::Failed).await;
    let agent = bench.path().join("agent.sh").display().to_string();
    insta::assert_snapshot!(workflow.error_message.unwrap().replace(&agent, "[agent]"), @"stage implement failed: plugin implement 0.1.0: the agent failed (missing_executable): `[agent]` is there and isn't executable: chmod +x [agent]");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_mends_in_the_worktree_before_a_retry_is_on_the_branch_that_passed() {
    let folder = repository(&[("a.txt", "bad\n")]);
    onlooker(folder.path(), "{ run = \"grep -q good a.txt\" }");
    let bench = Bench::again(folder).await;
    let adw_id =
        bench.create(NewTask { route: Route::Stages(vec!["look".parse().unwrap()]), ..task("mend") }).await;
    bench.ends_as(&adw_id, Status::Failed).await;
    std::fs::write(bench.path().join(".adw/trees").join(adw_id.as_str()).join("a.txt"), "good\n").unwrap();
    bench.engine.command(&adw_id, Command::Retry(Retry::default()), None).await.unwrap();
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(git(bench.path(), &["show", &format!("{}:a.txt", workflow.branch())]), "good\n");
}
