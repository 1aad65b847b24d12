//! Programs that write nothing for longer than their stage allows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::path::{Path, PathBuf};

use adw_core::{AdwId, Event, Status, Workflow};
use support::{Bench, onlooker, repository, script, task, until_there};
use tempfile::TempDir;

/// An agent beside the repository, which says when it is asked to stop.
struct Agent(TempDir);

impl Agent {
    fn that(does: &str) -> Self {
        let agent = Self(tempfile::tempdir().unwrap());
        let (pid, ledger) = (agent.file("pid"), agent.file("ledger"));
        let body = format!(
            "cat >/dev/null; trap 'echo stopped >> {1}; exit 0' INT\necho $$ > {0}.new; mv {0}.new {0}\n{does}\n",
            pid.display(),
            ledger.display()
        );
        script(agent.0.path(), "agent", &body);
        agent
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn process(&self) -> PathBuf {
        Path::new("/proc").join(std::fs::read_to_string(self.file("pid")).unwrap().trim())
    }

    fn was_stopped(&self) -> bool {
        self.file("ledger").exists()
    }

    async fn bench(&self, silence: &str, retry: &str) -> Bench {
        let config = format!(
            "[agents.mine]\nprofile = \"command\"\ncommand = [{:?}]\n\
             [stages.implement]\nplugin = \"builtin:implement\"\nsilence = {silence:?}\n\
             grants = {{ workspace = \"write\", agent = [\"*\"] }}\nretry = {retry}\n\
             [pipelines.default]\nstages = [\"implement\"]\n",
            self.file("agent").display().to_string()
        );
        Bench::in_folder(repository(&[("a.txt", "a\n")]), &config).await
    }
}

async fn fails(bench: &Bench, adw_id: &AdwId) -> (Workflow, String) {
    let workflow = bench.ends_as(adw_id, Status::Failed).await;
    let message = workflow.error_message.clone().unwrap();
    (workflow, message)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_falls_silent_is_stopped_and_that_is_a_timeout() {
    let agent = Agent::that("echo thinking\nwhile :; do sleep 0.02; done");
    let retry = "{ attempts = 2, backoff = \"1ms..1ms\", on = [\"timeout\"] }";
    let bench = agent.bench("2s", retry).await;
    let adw_id = bench.create(task("silent")).await;
    let (workflow, message) = fails(&bench, &adw_id).await;
    insta::assert_snapshot!(message.replace(&agent.file("agent").display().to_string(), "AGENT"), @"stage implement failed: plugin implement 0.1.0: the agent failed (timeout): `AGENT` was stopped after 2 s of silence (stages.implement.silence raises that): thinking (tried 2 times)");
    assert_eq!(workflow.stages[0].attempt, 2, "the retry policy names timeouts");
    let events = bench.engine.events(&adw_id, 0, 100).await.unwrap();
    let classes = events.iter().filter_map(|recorded| match &recorded.event {
        Event::StageAttemptFailed { class, .. } => Some(class.as_str()),
        _ => None,
    });
    assert_eq!(classes.collect::<Vec<_>>(), ["timeout"]);
    assert!(agent.was_stopped());
    until_there(&agent.process(), false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_falls_silent_is_stopped_and_that_is_a_timeout() {
    let folder = repository(&[("a.txt", "a\n")]);
    onlooker(folder.path(), r#"{ run = "echo begun; sleep 600" }"#);
    let config = std::fs::read_to_string(folder.path().join("adw.toml")).unwrap();
    let config = config.replace("path = \"onlooker.wasm\"", "path = \"onlooker.wasm\"\nsilence = \"300ms\"");
    let bench = Bench::in_folder(folder, &config).await;
    let adw_id = bench.create(task("silent")).await;
    let (_, message) = fails(&bench, &adw_id).await;
    insta::assert_snapshot!(message, @"stage look failed: plugin onlooker 0.1.0: timed out: `sh` was stopped after 0.3 s of silence (stages.look.silence raises that)");
}

/// Each silence is shorter than what is allowed; all of them are much longer.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_goes_on_talking_goes_on_though_it_never_ends_a_line() {
    let agent = Agent::that(
        "i=0; while [ $i -lt 40 ]; do printf . >&$((1 + i % 2)); sleep 0.1; i=$((i+1)); done\necho b >> a.txt",
    );
    let bench = agent.bench("1500ms", "{ attempts = 1 }").await;
    let adw_id = bench.create(task("talking")).await;
    bench.ends_as(&adw_id, Status::Completed).await;
    assert!(!agent.was_stopped());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_falls_silent_while_no_server_is_there_is_stopped_all_the_same() {
    let agent = Agent::that("echo thinking\nwhile :; do sleep 0.02; done");
    let bench = agent.bench("2s", "{ attempts = 1 }").await;
    let adw_id = bench.create(task("silent")).await;
    until_there(&agent.file("pid"), true).await;
    let folder = bench.stop().await;
    until_there(&agent.process(), false).await;
    assert!(agent.was_stopped());
    let bench = Bench::again(folder).await;
    let (workflow, message) = fails(&bench, &adw_id).await;
    assert!(
        message.contains("was stopped after 2 s of silence (stages.implement.silence raises that)"),
        "{message}"
    );
    assert_eq!(workflow.stages[0].attempt, 1, "it was not asked again");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_falls_silent_after_another_server_has_taken_it_up_is_stopped() {
    let agent =
        Agent::that("while [ ! -e GO ]; do echo thinking; sleep 0.02; done\nwhile :; do sleep 0.02; done");
    let script_file = agent.file("agent");
    let body = std::fs::read_to_string(&script_file).unwrap();
    std::fs::write(&script_file, body.replace("GO", &agent.file("go").display().to_string())).unwrap();
    let bench = agent.bench("2s", "{ attempts = 1 }").await;
    let adw_id = bench.create(task("silent")).await;
    until_there(&agent.file("pid"), true).await;
    let bench = bench.restart().await;
    std::fs::write(agent.file("go"), "").unwrap();
    let (workflow, message) = fails(&bench, &adw_id).await;
    assert!(message.contains("of silence (stages.implement.silence raises that)"), "{message}");
    assert!(message.contains("thinking"), "its last words: {message}");
    assert_eq!(workflow.stages[0].attempt, 1);
    assert!(agent.was_stopped());
}
