//! Failed workflows that go on by what adw.toml says by then.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use adw_core::{AdwId, Command, Event, PluginPin, Refusal, Retry, RetryBy, Status, Unfit, Workflow, fold};
use adw_engine::{CommandError, NewTask, Replay, Route};
use support::{Bench, repository, task};

/// The first stage is what was paid for; the second isn't granted what it is configured to run.
const WRONG: &str = r#"
[stages.make]
plugin = "builtin:noop"
[stages.check]
plugin = "builtin:test"
[stages.check.config]
command = "true"
trust_exit_code = true
[stages.check.grants]
workspace = "read"
exec = []
[pipelines.default]
stages = ["make", "check"]
"#;

fn mended() -> String {
    WRONG.replace("exec = []", r#"exec = [["true"]]"#)
}

fn write(bench: &Bench, adw_toml: &str) {
    std::fs::write(bench.path().join("adw.toml"), adw_toml).unwrap();
}

async fn reload(bench: &Bench, adw_toml: &str) {
    write(bench, adw_toml);
    bench.engine.reload().await.unwrap();
}

async fn failed(adw_toml: &str) -> (Bench, Workflow) {
    let bench = Bench::in_folder(repository(&[("file", "")]), adw_toml).await;
    let adw_id = bench.create(task("check it")).await;
    let workflow = bench.ends_as(&adw_id, Status::Failed).await;
    (bench, workflow)
}

async fn retry(bench: &Bench, adw_id: &AdwId, retry: Retry) -> Result<Workflow, CommandError> {
    Ok(bench.engine.command(adw_id, Command::Retry(retry), None).await?.workflow)
}

/// Goes on by the present adw.toml, to its end.
async fn retried(bench: &Bench, adw_id: &AdwId, end: Status) -> Workflow {
    let taken = retry(bench, adw_id, Retry::default()).await.unwrap();
    assert_eq!(taken.status, Status::Pending);
    let workflow = bench.ends_as(adw_id, end).await;
    let events = bench.engine.events(adw_id, 0, 1_000).await.unwrap();
    assert_eq!(fold(&events).unwrap().as_ref(), Some(&workflow), "the row is what the events give");
    assert!(bench.store.pipeline(&workflow.pipeline.hash).await.unwrap().is_some());
    workflow
}

fn attempts(workflow: &Workflow) -> Vec<(&str, u32)> {
    workflow.stages.iter().map(|stage| (stage.name.as_str(), stage.attempt)).collect()
}

fn changes(workflow: &Workflow) -> &[String] {
    workflow.reconfigured.as_ref().map_or(&[], |reconfigured| &reconfigured.changes)
}

async fn replay(bench: &Bench, adw_id: &AdwId, attempt: u32) -> Replay {
    let replay = bench.engine.replay(adw_id, &"check".parse().unwrap(), attempt, None).await.unwrap();
    assert_eq!(replay.difference, None, "attempt {attempt}");
    replay
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_was_mended_counts_and_what_was_done_is_not_done_again() {
    let (bench, before) = failed(WRONG).await;
    assert!(before.error_message.as_ref().unwrap().contains("not granted"), "{before:#?}");
    reload(&bench, &mended()).await;
    let after = retried(&bench, &before.adw_id, Status::Completed).await;
    assert_eq!(attempts(&after), [("make", 1), ("check", 2)]);
    assert_ne!(after.pipeline.hash, before.pipeline.hash);
    assert_eq!(changes(&after), ["stages.check.grants"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_counts_over_a_restart_and_an_earlier_attempt_is_replayed_by_what_it_went_by() {
    let (bench, before) = failed(WRONG).await;
    let adw_id = before.adw_id.clone();
    // Another plugin, and another config: neither is what the first attempt had.
    let now = WRONG.replace("builtin:test", "builtin:noop");
    let (head, tail) = now.split_once("[stages.check.config]").unwrap();
    let (_, tail) = tail.split_once("[stages.check.grants]").unwrap();
    write(&bench, &format!("{head}[stages.check.grants]{tail}"));
    let bench = bench.restart().await;
    let after = retried(&bench, &adw_id, Status::Completed).await;
    assert_eq!(changes(&after), ["stages.check.plugin", "stages.check.config"]);

    let bench = bench.restart().await;
    assert_eq!(bench.workflow(&adw_id).await, after);
    let first = replay(&bench, &adw_id, 1).await;
    assert!(matches!(&first.end, Some(Event::StageFailed { error, .. }) if error.contains("not granted")));
    let second = replay(&bench, &adw_id, 2).await;
    assert!(matches!(&second.end, Some(Event::StageCompleted { .. })), "{second:?}");
    let by = |replay: &Replay| replay.recorded_by.name.clone();
    assert_eq!((by(&first), by(&second)), ("test".to_owned(), "noop".to_owned()));
}

/// Same adw.toml, other bytes.
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_was_built_anew_counts() {
    let builtin = |name| adw_plugins_bundle::builtin(name).unwrap();
    let folder = repository(&[("file", "")]);
    let file = folder.path().join("check.wasm");
    std::fs::write(&file, builtin("implement")).unwrap();
    let adw_toml = "[stages.check]\npath = \"check.wasm\"\n[stages.check.grants]\nworkspace = \"write\"\nagent = []\n\
                    [pipelines.default]\nstages = [\"check\"]\n";
    let bench = Bench::in_folder(folder, adw_toml).await;
    let adw_id = bench.create(task("check it")).await;
    bench.ends_as(&adw_id, Status::Failed).await;
    std::fs::write(&file, builtin("noop")).unwrap();
    bench.engine.reload().await.unwrap();
    let after = retried(&bench, &adw_id, Status::Completed).await;
    assert_eq!(changes(&after), ["stages.check.plugin"]);
    let pins: Vec<PluginPin> =
        vec![replay(&bench, &adw_id, 1).await.plugin, replay(&bench, &adw_id, 2).await.plugin];
    assert_eq!([pins[0].name.as_str(), pins[1].name.as_str()], ["implement", "noop"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_differs_or_it_stays_pinned_the_document_is_the_same() {
    let (bench, before) = failed(WRONG).await;
    let after = retried(&bench, &before.adw_id, Status::Failed).await;
    assert_eq!((&after.pipeline, changes(&after)), (&before.pipeline, &[][..]));
    reload(&bench, &mended()).await;
    let pinned = Retry { by: RetryBy::Pinned, ..Retry::default() };
    retry(&bench, &before.adw_id, pinned).await.unwrap();
    let after = bench.ends_as(&before.adw_id, Status::Failed).await;
    assert_eq!((&after.pipeline, changes(&after)), (&before.pipeline, &[][..]));
    assert_eq!(attempts(&after), [("make", 1), ("check", 3)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let thorough = "[pipelines.thorough]\nstages = [\"make\", \"check\"]\n";
    let bench = Bench::in_folder(repository(&[("file", "")]), &format!("{WRONG}{thorough}")).await;
    let route = Route::Pipeline("thorough".to_owned());
    let adw_id = bench.create(NewTask { route, ..task("check it") }).await;
    let before = bench.ends_as(&adw_id, Status::Failed).await;
    for (present, said) in [
        (thorough.replace(r#""make", "#, ""), "its stage make is done"),
        (String::new(), "there is no pipeline \"thorough\""),
    ] {
        let present = format!("{}{present}", mended());
        reload(&bench, &present).await;
        let refused = retry(&bench, &before.adw_id, Retry::default()).await.unwrap_err();
        assert!(matches!(refused, CommandError::Refused(Refusal::Unfit(_))), "{refused:?}");
        assert!(refused.to_string().contains(said), "{refused}");
        assert_eq!(bench.workflow(&before.adw_id).await, before);
    }
    reload(&bench, &format!("{}{thorough}", mended())).await;
    retried(&bench, &before.adw_id, Status::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_listed_its_stages_takes_up_what_they_are_now() {
    let bench = Bench::in_folder(repository(&[("file", "")]), WRONG).await;
    let stages = ["make", "check"].map(|name| name.parse().unwrap()).to_vec();
    let adw_id = bench.create(NewTask { route: Route::Stages(stages), ..task("check it") }).await;
    bench.ends_as(&adw_id, Status::Failed).await;
    reload(&bench, &mended().replace("stages.make", "stages.mold").replace("\"make\"", "\"mold\"")).await;
    let refused = retry(&bench, &adw_id, Retry::default()).await.unwrap_err();
    assert!(
        matches!(&refused, CommandError::Refused(Refusal::Unfit(Unfit::Nothing(why))) if why.contains("no stage make")),
        "{refused}"
    );
    reload(&bench, &mended()).await;
    let after = retried(&bench, &adw_id, Status::Completed).await;
    assert_eq!((after.pipeline.name.as_ref(), attempts(&after)), (None, vec![("make", 1), ("check", 2)]));
}

/// What is retried again and again keeps each document that one of its attempts went by.
#[tokio::test(flavor = "multi_thread")]
async fn a_stage_that_goes_and_comes_back_keeps_its_attempts_apart() {
    let (bench, before) = failed(WRONG).await;
    let adw_id = before.adw_id;
    let other =
        WRONG.replace("stages.check", "stages.other").replace(r#""make", "check""#, r#""make", "other""#);
    reload(&bench, &other).await;
    let without = retried(&bench, &adw_id, Status::Failed).await;
    assert_eq!(attempts(&without), [("make", 1), ("other", 1)]);
    assert!(replay(&bench, &adw_id, 1).await.end.is_some(), "it is found though its stage is gone");
    reload(&bench, &mended()).await;
    let back = retried(&bench, &adw_id, Status::Completed).await;
    assert_eq!(attempts(&back), [("make", 1), ("check", 2)]);
    replay(&bench, &adw_id, 1).await;
    replay(&bench, &adw_id, 2).await;
}
