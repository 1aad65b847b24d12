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

/// A repository with an executable `notify.sh`, and a pipeline of these stages that runs it in any case.
fn notifying(notify: &str, stages: &str, config: &str) -> TempDir {
    let folder = repository(&[("notify.sh", notify), ("a.txt", "a\n")]);
    git(folder.path(), &["update-index", "--chmod=+x", "notify.sh"]);
    git(
        folder.path(),
        &["-c", "user.name=P", "-c", "user.email=p@example.org", "commit", "-qm", "executable"],
    );
    let config = format!(
        "{config}\n[stages.notify]\nplugin = \"builtin:run\"\nconfig = {{ command = \"./notify.sh --now\" }}\n\
         [stages.notify.grants]\nexec = [[\"./notify.sh\", \"**\"]]\n\
         [pipelines.default]\nstages = [{stages}]\nfinally = [\"notify\"]\n"
    );
    std::fs::write(folder.path().join("adw.toml"), config).unwrap();
    folder
}

const RUN_SH: &str =
    "plugin = \"builtin:run\"\ngrants = { workspace = \"write\", exec = [[\"sh\", \"**\"]] }\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_command_learns_what_has_become_of_the_work() {
    let tools = tempfile::tempdir().unwrap();
    let told = tools.path().join("told");
    let notify = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$*\" \"$ADW_ID\" \"$ADW_STAGE\" \"$ADW_BRANCH\" \"$ADW_TITLE\" \
         \"${{ADW_FAILURE-none}}\" > {}\n",
        told.display()
    );
    for (code, status) in [(0, Status::Completed), (3, Status::Failed)] {
        let work = format!("[stages.work]\nconfig = {{ command = \"sh -c 'exit {code}'\" }}\n{RUN_SH}");
        let bench = Bench::again(notifying(&notify, "\"work\"", &work)).await;
        let adw_id = bench.create(task("Greet, and more")).await;
        let workflow = bench.ends_as(&adw_id, status).await;
        let failure = workflow.error_message.clone().unwrap_or_else(|| "none".to_owned());
        let expected =
            format!("--now\n{adw_id}\nnotify\n{}\nGreet, and more\n{failure}\n", workflow.branch());
        assert_eq!(std::fs::read_to_string(&told).unwrap(), expected);
        assert_eq!(failure.contains("`sh -c 'exit 3'` ended with exit code 3"), code == 3, "{failure}");

        std::fs::remove_file(&told).unwrap();
        let replay = bench.engine.replay(&adw_id, &"notify".parse().unwrap(), 1, None).await.unwrap();
        assert_eq!((replay.calls > 0, replay.difference), (true, None), "over its record it does the same");
        assert!(!told.exists(), "and nothing happens again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_changes_is_kept_where_it_may_change_something() {
    for (access, kept) in [("write", true), ("read", false)] {
        let stages = format!(
            "[stages.work]\nconfig = {{ command = \"sh -c 'echo b >> a.txt'\" }}\n{}\n\
             [stages.check]\nconfig = {{ command = \"sh -c 'cat a.txt'\" }}\n{}",
            RUN_SH.replace("write", access),
            RUN_SH.replace("write", "read")
        );
        let bench = Bench::again(notifying("#!/bin/sh\n", "\"work\", \"check\"", &stages)).await;
        let adw_id = bench.create(task("Change it")).await;
        let workflow = bench.ends_as(&adw_id, Status::Completed).await;
        let text = git(bench.path(), &["show", &format!("{}:a.txt", workflow.branch())]);
        assert_eq!(text == "a\nb\n", kept, "with {access}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_fails_in_the_end_is_what_the_work_fails_of() {
    let notify = "#!/bin/sh\necho no route >&2\nexit 4\n";
    let work = format!("[stages.work]\nconfig = {{ command = \"sh -c true\" }}\n{RUN_SH}");
    let bench = Bench::again(notifying(notify, "\"work\"", &work)).await;
    let adw_id = bench.create(task("Greet")).await;
    let workflow = bench.ends_as(&adw_id, Status::Failed).await;
    let error = workflow.error_message.unwrap();
    assert!(error.starts_with("stage notify failed: ") && error.contains("exit code 4"), "{error}");
    assert!(error.ends_with("The end of its standard error:\nno route"), "{error}");
}
