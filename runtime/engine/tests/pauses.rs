//! Workflows that are paused: nothing of them goes on, others have their place, and nothing is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::{path::Path, sync::Arc};

use adw_core::{
    AdwId, Cancel, Command, EventKind, Pause, Refusal, Resume, StageStatus, Status, Workflow, fold,
};
use adw_engine::{CommandError, NewTask, Route};
use support::{Bench, clock::ByHand, repository, script, task, until_there};

/// One place, so that whoever holds it is found out.
const PIPELINES: &str = r#"
[agents.mine]
profile = "command"
command = ["./agent.sh"]
[stages.begin]
plugin = "builtin:noop"
[stages.approve]
plugin = "builtin:gate"
[stages.implement]
plugin = "builtin:implement"
grants = { workspace = "write", agent = ["*"] }
retry = { attempts = 2, backoff = "1h..1h", on = ["crashed"] }
[pipelines.default]
stages = ["begin"]
[pipelines.asks]
stages = ["begin", "approve"]
[pipelines.work]
stages = ["begin", "implement"]
[limits]
concurrent_workflows = 1
"#;

/// A bench whose agent does this in the worktree.
async fn bench(agent: &str) -> Bench {
    let folder = repository(&[("a.txt", "a\n")]);
    script(folder.path(), "agent.sh", &format!("cat > /dev/null\n{agent}\n"));
    Bench::in_folder(folder, PIPELINES).await
}

async fn through(bench: &Bench, pipeline: &str) -> AdwId {
    bench.create(NewTask { route: Route::Pipeline(pipeline.to_owned()), ..task(pipeline) }).await
}

async fn command(bench: &Bench, adw_id: &AdwId, command: Command) -> Workflow {
    bench.engine.command(adw_id, command, None).await.unwrap().workflow
}

async fn pause(bench: &Bench, adw_id: &AdwId) -> Workflow {
    let reason = Some("for a look".to_owned());
    command(bench, adw_id, Command::Pause(Pause { reason })).await
}

async fn resume(bench: &Bench, adw_id: &AdwId) -> Workflow {
    command(bench, adw_id, Command::Resume(Resume)).await
}

async fn kinds(bench: &Bench, adw_id: &AdwId) -> Vec<EventKind> {
    let events = bench.engine.events(adw_id, 0, 1000).await.unwrap();
    assert_eq!(fold(&events).unwrap().unwrap(), bench.workflow(adw_id).await);
    events.iter().map(|recorded| recorded.event.kind()).collect()
}

/// Others have the only place meanwhile, and are through: what was to be done of this one first has not been done.
async fn stands_still(bench: &Bench, adw_id: &AdwId) {
    let before = bench.workflow(adw_id).await;
    assert!(before.paused.is_some());
    for _ in 0..3 {
        let other = through(bench, "default").await;
        bench.ends_as(&other, Status::Completed).await;
    }
    assert_eq!(bench.workflow(adw_id).await, before);
    assert_eq!(bench.engine.readiness().await.queued, 0);
}

/// Says in files that it is at work, and works until the file `go` is there; each of its runs leaves a line.
fn patient(folder: &Path) -> String {
    let beside = folder.display();
    format!("echo $$ >> {beside}/runs; while [ ! -e {beside}/go ]; do sleep 0.02; done; echo b >> a.txt")
}

/// A bench with a workflow whose agent is at work.
async fn at_work() -> (Bench, tempfile::TempDir, AdwId) {
    let beside = tempfile::tempdir().unwrap();
    let bench = bench(&patient(beside.path())).await;
    let adw_id = through(&bench, "work").await;
    until_there(&beside.path().join("runs"), true).await;
    (bench, beside, adw_id)
}

fn runs(beside: &Path) -> Vec<String> {
    let runs = std::fs::read_to_string(beside.join("runs")).unwrap();
    runs.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_at_work_goes_on_while_others_have_the_place_and_its_answer_is_taken_afterwards() {
    use EventKind::{
        StageCompleted, StageInterrupted, StageResumed, StageStarted, TaskCreated, WorkflowCompleted,
        WorkflowPaused, WorkflowResumed, WorkflowStarted,
    };

    for (is_restarted, ends_meanwhile) in [(false, false), (false, true), (true, false), (true, true)] {
        let (mut bench, beside, adw_id) = at_work().await;
        let paused = pause(&bench, &adw_id).await;
        assert_eq!((paused.status, paused.running_stage()), (Status::Running, None));
        stands_still(&bench, &adw_id).await;
        let process = Path::new("/proc").join(&runs(beside.path())[0]);
        assert!(process.exists(), "the agent works on");
        if is_restarted {
            bench = bench.restart().await;
            stands_still(&bench, &adw_id).await;
        }
        let go = || std::fs::write(beside.path().join("go"), "").unwrap();
        if ends_meanwhile {
            go();
            until_there(&process, false).await;
            stands_still(&bench, &adw_id).await;
        }
        resume(&bench, &adw_id).await;
        go();
        let workflow = bench.ends_as(&adw_id, Status::Completed).await;
        assert_eq!((workflow.stages[1].attempt, workflow.stages[1].failures), (1, 0));
        assert_eq!(runs(beside.path()).len(), 1, "it was asked once");
        let work = support::git(bench.path(), &["show", &format!("{}:a.txt", workflow.branch())]);
        assert_eq!(work, "a\nb\n");
        assert_eq!(
            kinds(&bench, &adw_id).await,
            [
                TaskCreated,
                WorkflowStarted,
                StageStarted,
                StageCompleted,
                StageStarted,
                StageInterrupted,
                WorkflowPaused,
                WorkflowResumed,
                StageResumed,
                StageCompleted,
                WorkflowCompleted
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_waits_for_a_place_is_not_given_one() {
    let (bench, beside, first) = at_work().await;
    let queued = through(&bench, "default").await;
    let paused = pause(&bench, &queued).await;
    assert_eq!((paused.status, bench.engine.readiness().await.queued), (Status::Pending, 0));
    std::fs::write(beside.path().join("go"), "").unwrap();
    bench.ends_as(&first, Status::Completed).await;
    stands_still(&bench, &queued).await;
    let bench = bench.restart().await;
    stands_still(&bench, &queued).await;
    resume(&bench, &queued).await;
    bench.ends_as(&queued, Status::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_taken_while_it_is_paused_and_used_afterwards() {
    let bench = bench("").await;
    let adw_id = through(&bench, "asks").await;
    bench.asks_or_ends(&adw_id).await;
    let paused = pause(&bench, &adw_id).await;
    assert!(paused.question().is_some() && paused.stages[1].status == StageStatus::Waiting);
    stands_still(&bench, &adw_id).await;
    bench.answer(&adw_id, "approve").await;
    stands_still(&bench, &adw_id).await;
    let bench = bench.restart().await;
    resume(&bench, &adw_id).await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(workflow.stages[1].attempt, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_falls_due_while_it_is_paused_goes_on_afterwards_at_once() {
    let first = bench("exit 1").await;
    let adw_id = through(&first, "work").await;
    let due = first.until(&adw_id, |workflow| workflow.waiting.is_some()).await.due().unwrap();
    pause(&first, &adw_id).await;
    let bench = Bench::on_clock(first.stop().await, Arc::new(ByHand::at(due.plus_millis(1)))).await;
    stands_still(&bench, &adw_id).await;
    resume(&bench, &adw_id).await;
    let workflow = bench.ends_as(&adw_id, Status::Failed).await;
    assert_eq!(workflow.stages[1].attempt, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_the_agent_of_one_that_is_paused() {
    let (bench, beside, adw_id) = at_work().await;
    pause(&bench, &adw_id).await;
    stands_still(&bench, &adw_id).await;
    let cancelled = command(&bench, &adw_id, Command::Cancel(Cancel::default())).await;
    assert_eq!((cancelled.status, cancelled.paused), (Status::Cancelled, None));
    until_there(&Path::new("/proc").join(&runs(beside.path())[0]), false).await;
    until_there(&bench.path().join(".adw/trees").join(adw_id.as_str()), false).await;
    for late in [Command::Pause(Pause::default()), Command::Resume(Resume)] {
        let refused = bench.engine.command(&adw_id, late, None).await.unwrap_err();
        assert!(
            matches!(refused, CommandError::Refused(Refusal::NothingToPause(Status::Cancelled))),
            "{refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_pauses_and_resumes_all_the_time_changes_nothing() {
    let bench = bench("echo b >> a.txt").await;
    for number in 0..20 {
        let adw_id = through(&bench, "work").await;
        for _ in 0..=number {
            for again in [Command::Pause(Pause::default()), Command::Resume(Resume)] {
                // It may have ended by now.
                let _ = bench.engine.command(&adw_id, again, None).await;
            }
        }
        let workflow = bench.ends_as(&adw_id, Status::Completed).await;
        assert!(workflow.stages.iter().all(|stage| stage.attempt == 1 && stage.failures == 0));
        let work = support::git(bench.path(), &["show", &format!("{}:a.txt", workflow.branch())]);
        assert_eq!(work, "a\nb\n");
    }
}
