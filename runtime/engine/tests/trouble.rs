//! A store that has trouble for a while: nothing that was done is lost, and everything goes on by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::{path::PathBuf, sync::Arc};

use adw_core::{Refusal, Status, fold};
use adw_engine::{AnswerError, CommandError, Live, NewAnswer};
use support::{
    PATIENCE, git, repository, script, task,
    troubled::{Cut, Refusals, troubled},
};

fn with_agent(folder: &tempfile::TempDir, tools: &tempfile::TempDir, body: &str) {
    let agent = script(tools.path(), "agent", body).display().to_string();
    let config = format!(
        "[agents.mine]\nprofile = \"command\"\ncommand = [{agent:?}]\n\
         [stages.implement]\nplugin = \"builtin:implement\"\n\
         [stages.implement.grants]\nworkspace = \"write\"\nagent = [\"*\"]\n\
         [pipelines.default]\nstages = [\"implement\"]\n"
    );
    std::fs::write(folder.path().join("adw.toml"), config).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_answer_outlives_a_disk_that_is_full_for_a_while() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), tempfile::tempdir().unwrap());
    let ledger = tools.path().join("ledger");
    with_agent(
        &folder,
        &tools,
        &format!("cat >/dev/null; echo run >> {}; echo b >> a.txt\n", ledger.display()),
    );
    let refusals =
        Refusals { appends: 2.into(), journals: 3.into(), values: 2.into(), ..Refusals::default() };
    let bench = troubled(folder, refusals).await;
    let adw_id = bench.create(task("work")).await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(workflow.stages[0].attempt, 1);
    assert_eq!(std::fs::read_to_string(&ledger).unwrap(), "run\n", "the agent was asked once");
    let events = bench.engine.events(&adw_id, 0, 100).await.unwrap();
    assert_eq!(fold(&events).unwrap().unwrap(), workflow);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_full_disk_takes_everything_up_once_there_is_space() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), tempfile::tempdir().unwrap());
    let go = tools.path().join("go");
    with_agent(
        &folder,
        &tools,
        &format!("cat >/dev/null; while [ ! -e {} ]; do sleep 0.02; done; echo b >> a.txt\n", go.display()),
    );
    let first = troubled(folder, Refusals::default()).await;
    let adw_id = first.create(task("work")).await;
    first.until(&adw_id, |workflow| workflow.running_stage().is_some()).await;
    std::fs::write(&go, "").unwrap();
    // The store goes first, so that the stop can't be written down: the next start finds the attempt under way.
    first.store.close().await;
    let folder = first.stop().await;
    let second = troubled(folder, Refusals { appends: 2.into(), ..Refusals::default() }).await;
    let workflow = second.ends_as(&adw_id, Status::Completed).await;
    assert_eq!((workflow.stages[0].attempt, workflow.stages[0].failures), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_of_a_person_goes_on_once_its_journal_can_be_read() {
    let folder = repository(&[("a.txt", "a\n")]);
    let gate = "[stages.approve]\nplugin = \"builtin:gate\"\n[pipelines.default]\nstages = [\"approve\"]\n";
    std::fs::write(folder.path().join("adw.toml"), gate).unwrap();
    let bench = troubled(folder, Refusals { journal_reads: 3.into(), ..Refusals::default() }).await;
    let adw_id = bench.create(task("ask")).await;
    bench.until(&adw_id, |workflow| workflow.question().is_some()).await;
    let answer = NewAnswer { answer: "approve".into(), note: None };
    bench.engine.answer(&adw_id, answer, None).await.unwrap();
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!((workflow.stages[0].attempt, workflow.stages[0].failures), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_taken_and_not_heard_of_is_followed_when_it_is_given_again() {
    let folder = repository(&[("a.txt", "a\n")]);
    let gate = "[stages.approve]\nplugin = \"builtin:gate\"\n[pipelines.default]\nstages = [\"approve\"]\n";
    std::fs::write(folder.path().join("adw.toml"), gate).unwrap();
    let cut = Cut::unarmed();
    let bench = troubled(folder, Refusals { cut: Some(Arc::clone(&cut)), ..Refusals::default() }).await;
    let adw_id = bench.create(task("ask")).await;
    bench.until(&adw_id, |workflow| workflow.question().is_some()).await;
    cut.arm(0, true, true);
    let answer = || NewAnswer { answer: "approve".into(), note: None };
    let unheard = bench.engine.answer(&adw_id, answer(), None).await;
    assert!(matches!(unheard, Err(AnswerError::Command(CommandError::Store(_)))), "{unheard:?}");
    let again = bench.engine.answer(&adw_id, answer(), None).await;
    assert!(
        matches!(again, Err(AnswerError::Command(CommandError::Refused(Refusal::NothingAsked)))),
        "{again:?}"
    );
    bench.ends_as(&adw_id, Status::Completed).await;
}

/// git's filter that has no space while there is a file `full` in the folder of tools.
fn with_a_disk_that_fills_up(folder: &tempfile::TempDir, tools: &tempfile::TempDir) -> PathBuf {
    let full = tools.path().join("full");
    let refuse =
        format!("[ -e {} ] && {{ echo 'No space left on device' >&2; exit 1; }}; cat\n", full.display());
    let filter = script(tools.path(), "filter", &refuse).display().to_string();
    git(folder.path(), &["config", "filter.disk.clean", &filter]);
    git(folder.path(), &["config", "filter.disk.smudge", "cat"]);
    git(folder.path(), &["config", "filter.disk.required", "true"]);
    full
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_did_is_kept_once_git_has_space_again() {
    let folder = repository(&[("a.txt", "a\n"), (".gitattributes", "*.txt filter=disk\n")]);
    let tools = tempfile::tempdir().unwrap();
    let (full, ledger) = (with_a_disk_that_fills_up(&folder, &tools), tools.path().join("ledger"));
    let body = "cat >/dev/null; echo run >> {ledger}; echo b >> a.txt; touch {full}\n";
    let body = body
        .replace("{ledger}", &ledger.display().to_string())
        .replace("{full}", &full.display().to_string());
    with_agent(&folder, &tools, &body);
    let bench = troubled(folder, Refusals::default()).await;
    let mut new = task("work");
    new.adw_id = Some("fills_up".parse().unwrap());
    let mut heard = bench.engine.subscribe(new.adw_id.as_ref().unwrap());
    let adw_id = bench.create(new).await;
    let told = async {
        loop {
            if let Live::Log(line) = heard.next().await.unwrap()
                && line.message.starts_with("trying again, since git add failed")
            {
                return line.message.clone();
            }
        }
    };
    let told = tokio::time::timeout(PATIENCE, told).await.expect("what is waited for is told");
    assert!(
        ["No space left on device", "Free some space there"].iter().all(|words| told.contains(words)),
        "{told}"
    );
    std::fs::remove_file(&full).unwrap();
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!((workflow.stages[0].attempt, workflow.stages[0].failures), (1, 0));
    assert_eq!(std::fs::read_to_string(&ledger).unwrap(), "run\n", "the agent was asked once");
    assert_eq!(git(bench.path(), &["show", &format!("{}:a.txt", workflow.branch())]), "a\nb\n");
}
