//! Stages that sleep for long.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::{path::Path, sync::Arc};

use adw_core::{AdwId, Event, Status, Timestamp, Waiting, Workflow};
use adw_engine::{NewTask, Route};
use support::{Bench, clock::ByHand, onlooker, repository, task};
use tempfile::TempDir;

/// A repository whose stage `look` takes these steps within a minute, on an engine that has one place.
fn folder(steps: &str) -> TempDir {
    let folder = repository(&[("a.txt", "a\n")]);
    onlooker(folder.path(), steps);
    let file = folder.path().join("adw.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    let config = config.replace("path = \"onlooker.wasm\"", "path = \"onlooker.wasm\"\ntimeout = \"60s\"");
    let more = "[stages.nothing]\nplugin = \"builtin:noop\"\n[limits]\nconcurrent_workflows = 1\n";
    let config = config
        .replace("[pipelines.default]", "[pipelines.other]\nstages = [\"nothing\"]\n[pipelines.default]");
    std::fs::write(file, format!("{config}{more}")).unwrap();
    folder
}

async fn asleep(bench: &Bench, adw_id: &AdwId) -> Workflow {
    bench.until(adw_id, |workflow| workflow.waiting.is_some()).await
}

/// Another engine, at the time when the sleep is over.
async fn later(bench: Bench, until: Timestamp) -> Bench {
    Bench::on_clock(bench.stop().await, Arc::new(ByHand::at(until))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_sleep_takes_no_place_and_what_was_done_before_it_is_not_done_again() {
    let ledger = tempfile::NamedTempFile::new().unwrap();
    let note = |what: &str| format!(r#"{{ run = "echo {what} >> {}" }}"#, ledger.path().display());
    let bench =
        Bench::again(folder(&format!("{}, {{ sleep = 50 }}, {}", note("before"), note("after")))).await;
    let adw_id = bench.create(task("sleeps")).await;
    let sleeping = asleep(&bench, &adw_id).await;
    let Some(Waiting::Timer { until, goes_on: true, .. }) = sleeping.waiting else { panic!("{sleeping:#?}") };
    let other = NewTask { route: Route::Pipeline("other".to_owned()), ..task("has the place meanwhile") };
    let other = bench.create(other).await;
    bench.ends_as(&other, Status::Completed).await;
    assert_eq!(lines(ledger.path()), ["before"]);
    let bench = later(bench, until).await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(lines(ledger.path()), ["before", "after"]);
    assert_eq!((workflow.stages[0].attempt, workflow.stages[0].failures), (1, 0));
    let events = bench.engine.events(&adw_id, 0, 100).await.unwrap();
    let resumed = events.iter().filter(|recorded| matches!(recorded.event, Event::StageResumed { .. }));
    assert_eq!(resumed.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_sleep_ends_by_itself() {
    let bench = Bench::again(folder("{ sleep = 10 }")).await;
    let adw_id = bench.create(task("sleeps")).await;
    let until = asleep(&bench, &adw_id).await.due().unwrap();
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert!(workflow.completed_at.unwrap() >= until, "{workflow:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stage_has_slept_is_a_part_of_its_time() {
    let bench = Bench::again(folder("{ sleep = 55 }, { sleep = 55 }")).await;
    let adw_id = bench.create(task("sleeps")).await;
    let until = asleep(&bench, &adw_id).await.due().unwrap();
    let bench = later(bench, until).await;
    let workflow = bench.ends_as(&adw_id, Status::Failed).await;
    let message = workflow.error_message.as_deref().unwrap();
    assert!(message.contains("stages.look.timeout raises that"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sleeps_can_be_cancelled() {
    let bench = Bench::again(folder("{ sleep = 50 }")).await;
    let adw_id = bench.create(task("sleeps")).await;
    asleep(&bench, &adw_id).await;
    bench
        .engine
        .command(&adw_id, adw_core::Command::Cancel(adw_core::Cancel::default()), None)
        .await
        .unwrap();
    let workflow = bench.ends_as(&adw_id, Status::Cancelled).await;
    assert_eq!(workflow.waiting, None);
}

fn lines(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect()
}
