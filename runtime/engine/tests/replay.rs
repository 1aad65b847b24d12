//! Attempts once more over their record, by their own plugin and by others.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use adw_core::{AdwId, Event, Status};
use adw_engine::{Difference, Replay, ReplayError};
use adw_test_guests::ONLOOKER;
use support::{Bench, onlooker, repository, task};

/// An engine whose stage `look` takes these steps, and a workflow that has come as far as it gets by itself.
async fn began(steps: &str) -> (Bench, AdwId) {
    let folder = repository(&[("a.txt", "a\n")]);
    onlooker(folder.path(), steps);
    let bench = Bench::again(folder).await;
    let adw_id = bench.create(task("look")).await;
    bench.asks_or_ends(&adw_id).await;
    (bench, adw_id)
}

async fn replay(bench: &Bench, adw_id: &AdwId, other: Option<&[u8]>) -> Replay {
    let (stage, other) = ("look".parse().unwrap(), other.map(Into::into));
    bench.engine.replay(adw_id, &stage, 1, other).await.unwrap()
}

fn builtin(name: &str) -> &'static [u8] {
    adw_plugins_bundle::builtin(name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_does_the_same_over_its_record_and_nothing_happens_again() {
    let ledger = tempfile::NamedTempFile::new().unwrap();
    let run = format!("{{ run = \"echo run >> {}\" }}", ledger.path().display());
    let (bench, adw_id) = began(&format!("{run}, {{ keep = 2 }}, {{ ask = \"Go on?\" }}, {run}")).await;
    let waiting = replay(&bench, &adw_id, None).await;
    assert_eq!((waiting.calls, &waiting.end, &waiting.difference), (4, &None, &None), "it waits");

    bench.answer(&adw_id, "yes").await;
    bench.ends_as(&adw_id, Status::Completed).await;
    let before = bench.engine.workflow(&adw_id).await.unwrap();
    let ended = replay(&bench, &adw_id, None).await;
    assert_eq!((ended.calls, &ended.difference), (5, &None));
    assert!(
        matches!(&ended.end, Some(Event::StageCompleted { output, .. }) if output.data == serde_json::json!(["yes"])),
        "{ended:?}"
    );
    assert_eq!(ended.plugin, ended.recorded_by);
    assert_eq!(bench.engine.workflow(&adw_id).await.unwrap(), before);
    assert_eq!(
        std::fs::read_to_string(ledger.path()).unwrap(),
        "run\nrun\n",
        "only the attempt itself ran it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_failed_fails_in_the_same_words() {
    let (bench, adw_id) = began("{ run = \"echo no >&2; false\" }").await;
    bench.ends_as(&adw_id, Status::Failed).await;
    let replay = replay(&bench, &adw_id, None).await;
    assert_eq!(replay.difference, None);
    assert!(
        matches!(&replay.end, Some(Event::StageFailed { error, .. }) if error.contains("no")),
        "{replay:?}"
    );
}

/// The same, of a stage `look` that is a built-in plugin without a configuration.
async fn began_with(plugin: &str) -> (Bench, AdwId) {
    let folder = repository(&[("a.txt", "a\n")]);
    let config = format!(
        "[stages.look]\nplugin = \"builtin:{plugin}\"\n[stages.look.grants]\nworkspace = \"write\"\nagent = []\n\
         [pipelines.default]\nstages = [\"look\"]\n"
    );
    let bench = Bench::in_folder(folder, &config).await;
    let adw_id = bench.create(task("look")).await;
    bench.asks_or_ends(&adw_id).await;
    (bench, adw_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_another_plugin_the_first_call_is_told_that_is_another() {
    let (bench, adw_id) = began_with("plan").await;
    bench.ends_as(&adw_id, Status::Completed).await;
    let replay = replay(&bench, &adw_id, Some(builtin("gate"))).await;
    let Some(Difference::Call { recorded: Some(recorded), now: Some(now), .. }) = &replay.difference else {
        panic!("{replay:?}")
    };
    assert_ne!(recorded.name, now.name);
    assert_eq!((now.name, &replay.end), (Some("human.ask"), &None));
    assert_eq!((replay.recorded_by.name.as_str(), replay.plugin.name.as_str()), ("plan", "gate"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_another_plugin_a_call_is_told_that_it_leaves_out_and_how_it_ends() {
    let (bench, adw_id) = began_with("gate").await;
    let replay = replay(&bench, &adw_id, Some(builtin("noop"))).await;
    let Some(Difference::Call { n, recorded: Some(recorded), now: None }) = &replay.difference else {
        panic!("{replay:?}")
    };
    assert_eq!((*n, recorded.name), (1, Some("human.ask")));
    assert!(matches!(&replay.end, Some(Event::StageCompleted { .. })), "{replay:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_another_plugin_a_call_is_told_that_nobody_made_before() {
    let (bench, adw_id) = began_with("noop").await;
    bench.ends_as(&adw_id, Status::Completed).await;
    let replay = replay(&bench, &adw_id, Some(builtin("gate"))).await;
    let Some(Difference::Call { recorded: None, now: Some(now), .. }) = &replay.difference else {
        panic!("{replay:?}")
    };
    assert_eq!((now.name, &replay.end), (Some("human.ask"), &None));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_another_plugin_the_end_is_told_where_only_that_is_another() {
    let (bench, adw_id) = began("").await;
    bench.ends_as(&adw_id, Status::Completed).await;
    // It takes no steps.
    match replay(&bench, &adw_id, Some(builtin("noop"))).await.difference {
        Some(Difference::End { recorded, now }) => {
            assert!(matches!(*recorded, Event::StageCompleted { .. }), "{recorded:?}");
            assert!(matches!(*now, Event::StageFailed { .. }), "{now:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(replay(&bench, &adw_id, Some(ONLOOKER)).await.difference, None, "the same bytes once more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_record_is_gone_through_in_one_go() {
    let (bench, adw_id) = began("{ keep = 1000 }").await;
    bench.ends_as(&adw_id, Status::Completed).await;
    let replay = replay(&bench, &adw_id, None).await;
    assert_eq!((replay.calls, replay.difference), (1000, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_attempted_and_what_is_no_plugin_is_refused() {
    let (bench, adw_id) = began("").await;
    let look = "look".parse().unwrap();
    let none = bench.engine.replay(&adw_id, &look, 2, None).await;
    assert!(matches!(none, Err(ReplayError::NoAttempt { newest: 1, .. })), "{none:?}");
    let junk = bench.engine.replay(&adw_id, &look, 1, Some((*b"junk").into())).await;
    assert!(matches!(junk, Err(ReplayError::Plugin(_))), "{junk:?}");
}
