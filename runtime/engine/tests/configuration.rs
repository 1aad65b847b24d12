//! adw.toml, read anew while workflows are under way.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use adw_core::{Pipeline, Status, Workflow};
use adw_engine::Configuration;
use support::{Bench, repository, task};

/// A person is asked, then a command runs.
const BEFORE: &str = r#"
[stages.ask]
plugin = "builtin:gate"
[stages.run]
plugin = "builtin:test"
[stages.run.config]
command = "true"
trust_exit_code = true
[stages.run.grants]
workspace = "read"
exec = [["true"]]
[pipelines.default]
stages = ["ask", "run"]
"#;

/// Nobody is asked, by another plugin, and the command may not be run any more.
fn after() -> String {
    BEFORE.replace("builtin:gate", "builtin:noop").replace(r#"exec = [["true"]]"#, "exec = []")
}

async fn pinned(bench: &Bench, workflow: &Workflow) -> Pipeline {
    let document = bench.store.pipeline(&workflow.pipeline.hash).await.unwrap().unwrap();
    serde_json::from_str(&document).unwrap()
}

fn write(bench: &Bench, adw_toml: &str) {
    std::fs::write(bench.path().join("adw.toml"), adw_toml).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn those_under_way_finish_with_what_they_began_with_and_new_ones_take_the_new() {
    let bench = Bench::in_folder(repository(&[("file", "")]), BEFORE).await;
    let old = bench.create(task("asked")).await;
    bench.asks_or_ends(&old).await;

    write(&bench, &after());
    let told = bench.engine.reload().await.unwrap();
    assert_eq!((told.refused.as_ref(), &told.at_next_start[..]), (None, &[][..]));
    let new = bench.create(task("not asked")).await;
    let new = bench.ends_as(&new, Status::Failed).await;
    assert!(new.error_message.as_ref().unwrap().contains("exec"), "{new:#?}");

    // Over a restart too, when nothing of adw.toml names the plugin any more.
    let bench = bench.restart().await;
    bench.answer(&old, "approve").await;
    let old = bench.ends_as(&old, Status::Completed).await;

    assert_ne!(old.pipeline.hash, new.pipeline.hash);
    let (old, new) = (pinned(&bench, &old).await, pinned(&bench, &new).await);
    assert_ne!(old.stages[0].plugin.sha256, new.stages[0].plugin.sha256);
    assert_eq!(old.stages[1].plugin, new.stages[1].plugin);
    assert_ne!(old.stages[1].grants, new.stages[1].grants);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_wrong_is_refused_whole_and_the_one_before_stays() {
    let bench = Bench::new(BEFORE).await;
    let first = bench.engine.configuration().borrow().clone();
    for (wrong, said) in [
        ("[stages.ask]\nplugin = builtin\n".to_owned(), "adw.toml:2:"),
        (BEFORE.replace(r#"stages = ["ask", "run"]"#, r#"stages = ["run", "publish"]"#), "publish"),
        (after().replace("exec = []\n", ""), "grants"),
        (BEFORE.replace("trust_exit_code", "trust_exit_cod"), "'trust_exit_cod' was unexpected"),
        // As it is while somebody writes it.
        (String::new(), "there are no stages"),
        (
            after().replace("plugin = \"builtin:noop\"", "path = \"nowhere.wasm\""),
            "nowhere.wasm can't be read",
        ),
    ] {
        write(&bench, &wrong);
        let refused = bench.engine.reload().await.unwrap_err();
        assert!(refused.to_string().contains(said), "{said}: {refused}");
        let told = bench.engine.configuration().borrow().clone();
        assert_eq!((&told.sha256, told.since), (&first.sha256, first.since));
        assert_eq!(told.refused.as_ref(), Some(&refused));
        assert_eq!(bench.engine.config().pipelines[0].stages.len(), 2);
        let asked = bench.create(task("asked")).await;
        assert!(bench.asks_or_ends(&asked).await.question().is_some(), "the old one counts");
    }
    write(&bench, BEFORE);
    assert_eq!(bench.engine.reload().await.unwrap().refused, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_can_not_change_while_it_runs_is_named() {
    let bench = Bench::new(BEFORE).await;
    let changed = "[server]\nlisten = \"127.0.0.1:1\"\n[limits]\nconcurrent_workflows = 3\nqueue = 7\n";
    write(&bench, &format!("{BEFORE}{changed}"));
    let told = bench.engine.reload().await.unwrap();
    assert_eq!(told.at_next_start, ["server", "limits.concurrent_workflows"]);
    assert_eq!(bench.engine.config().limits.queue, 7, "what it can change counts");
    write(&bench, BEFORE);
    assert!(bench.engine.reload().await.unwrap().at_next_start.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stages_would_fail_of_is_told_of_what_is_gone_by() {
    let said = |told: &Configuration| {
        told.warnings.iter().map(|warning| (warning.key.clone(), warning.message.clone())).collect::<Vec<_>>()
    };
    let bench = Bench::new(&after()).await;
    let first = bench.engine.configuration().borrow().clone();
    let of_the_command = (
        Some("stages.run.config.command".to_owned()),
        "the stage `run` would fail: running `true` is not granted".to_owned(),
    );
    assert_eq!(said(&first), std::slice::from_ref(&of_the_command));

    write(&bench, BEFORE);
    assert_eq!(said(&bench.engine.reload().await.unwrap()), []);
    let absent = "[agents.absent]\nprofile = \"command\"\ncommand = [\"no-such-agent\"]\n";
    let asking = after().replace("[stages.run.grants]", "[stages.run.grants]\nagent = [\"absent\"]");
    let asking = asking.replace("[stages.run]\n", "[stages.run]\nagent = \"absent\"\n");
    write(&bench, &format!("{asking}{absent}"));
    let told = bench.engine.reload().await.unwrap();
    let of_the_agent = (
        Some("stages.run.agent".to_owned()),
        "the stage `run` asks the agent `absent`, whose program is not there: no-such-agent".to_owned(),
    );
    assert_eq!(said(&told), [of_the_agent, of_the_command]);

    // What is refused changes nothing of it; and an agent that no stage names is for machines that have it.
    write(&bench, "[stages");
    assert!(bench.engine.reload().await.is_err());
    assert_eq!(bench.engine.configuration().borrow().warnings, told.warnings);
    write(&bench, &format!("{BEFORE}{absent}"));
    assert_eq!(said(&bench.engine.reload().await.unwrap()), []);
}
