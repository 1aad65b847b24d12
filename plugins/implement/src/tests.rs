//! The stage against the scripted host.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use super::*;
use adw_plugin_sdk::testing::{AgentReply, Call, agent_fails, reply};

const SPECIFICATION: &str = "specs/adw_bug_1-fix-the-sum.md";

fn host() -> TestHost {
    TestHost::new()
        .adw_id("adw_bug_1")
        .stage("implement")
        .task(TaskKind::Bug, "Fix the sum", "It drops the last number.")
        .file("src/lib.rs", "wrong")
}

fn planned() -> TestHost {
    host()
        .file(SPECIFICATION, "# Fix the sum\n\n## Steps\n\n1. Correct the range.\n")
        .earlier("plan", json!({ "path": SPECIFICATION, "steps": ["Correct the range."] }))
}

fn mended() -> AgentReply {
    reply("done").by("claude").writes("src/lib.rs", "right")
}

#[test]
fn what_the_agent_changed_is_committed() {
    let agent = mended().writes("tests/sum.rs", "new").usage("cost_usd", "0.25").usage("model", "m");
    let run = planned().agent(agent).run(implement, Config::default());
    let expected = Change {
        commit: Some(format!("{:040x}", 1)),
        files: vec!["src/lib.rs".to_owned(), "tests/sum.rs".to_owned()],
        agent: "claude".to_owned(),
        usage: [("cost_usd".to_owned(), json!(0.25)), ("model".to_owned(), json!("m"))].into(),
    };
    assert_eq!(*run.data(), expected);
    assert_eq!(run.summary(), "claude changed 2 files");
    assert_eq!(run.commits(), ["fix: Fix the sum\n\nAdw-Id: adw_bug_1\n"]);
}

#[test]
fn the_kind_of_task_is_the_kind_of_commit() {
    let cases = [
        (TaskKind::Feature, "feat: T"),
        (TaskKind::Bug, "fix: T"),
        (TaskKind::Chore, "chore: T"),
        (TaskKind::Patch, "fix: T"),
    ];
    for (kind, expected) in cases {
        let run = TestHost::new().task(kind, "T", "").agent(mended()).run(implement, Config::default());
        assert_eq!(run.commits()[0].lines().next(), Some(expected));
    }
}

#[test]
fn an_agent_that_committed_by_itself_did_its_work() {
    let run = planned().agent(mended().commits()).run(implement, Config::default());
    assert_eq!(run.data().files, ["src/lib.rs"]);
    assert_eq!(run.data().commit, None);
}

#[test]
fn new_and_removed_files_count_as_changes() {
    for agent in [reply("").writes("new.rs", ""), reply("").removes("src/lib.rs")] {
        assert_eq!(planned().agent(agent).run(implement, Config::default()).data().files.len(), 1);
    }
}

#[test]
fn an_agent_that_changed_nothing_failed() {
    let run = planned().agent(reply("All is well.").by("claude")).run(implement, Config::default());
    assert_eq!(
        *run.failure(),
        Failure::retryable("empty_diff", "claude ended without changing a file; it said: All is well.")
    );
    assert_eq!(run.commits(), Vec::<&str>::new());

    let run = planned().agent(reply("").by("patch")).run(implement, Config::default());
    assert_eq!(*run.failure(), Failure::fatal("patch ended without changing a file"));
}

#[test]
fn writing_a_file_as_it_was_is_no_change() {
    let run = planned().agent(reply("").writes("src/lib.rs", "wrong")).run(implement, Config::default());
    assert!(matches!(run.failure(), Failure::Retryable { class, .. } if class == "empty_diff"));
}

#[test]
fn long_last_words_are_cut() {
    let run = planned().agent(reply("ä".repeat(2_000))).run(implement, Config::default());
    let Failure::Retryable { message, .. } = run.failure() else { panic!("{:?}", run.result) };
    assert!(message.contains("it said: …ä") && message.len() < 1_100, "{message}");
}

#[test]
fn the_agent_gets_the_specification_and_may_write() {
    let run = planned().agent(mended()).run(implement, Config::default());
    insta::assert_snapshot!(run.prompts()[0]);
    assert!(run.calls.iter().any(|call| matches!(call, Call::Agent { writes: true, agent: None, .. })));
}

#[test]
fn without_a_plan_the_task_is_the_order() {
    for host in [host(), host().earlier_skipped("plan", "nothing to plan")] {
        let run = host.agent(mended()).run(implement, Config::default());
        assert!(
            run.prompts()[0]
                .contains("# The task, a fault to repair: Fix the sum\n\nIt drops the last number.\n")
        );
        assert!(!run.prompts()[0].contains("specification"));
    }
}

#[test]
fn rework_brings_the_feedback_and_the_rules() {
    let config = Config { instructions: Some("Tabs, not spaces.".to_owned()), ..Config::default() };
    let run = planned().rework("test", 2, "tests::adds fails").agent(mended()).run(implement, config);
    let prompt = run.prompts()[0];
    assert!(prompt.contains("# The specification"));
    assert!(prompt.contains("# Rules of this repository\n\nTabs, not spaces."));
    assert!(prompt.contains("the stage `test` sent it back (round 2)"));
    assert!(prompt.ends_with("\n\ntests::adds fails\n"));
}

#[test]
fn the_planning_stage_can_have_another_name() {
    let run = host()
        .file("spec.md", "# Spec")
        .earlier("design", json!({ "path": "spec.md" }))
        .agent(mended())
        .run_json(implement, &json!({ "plan": "design" }));
    assert!(run.prompts()[0].contains("# The specification\n\n# Spec"));
}

#[test]
fn a_plan_that_can_not_be_read_stops_the_work() {
    let lost = host().earlier("plan", json!({ "path": "gone.md" })).run(implement, Config::default());
    assert_eq!(*lost.failure(), Failure::fatal("not found: there is no file gone.md"));
    let odd = host().earlier("plan", json!({ "file": "x" })).run(implement, Config::default());
    assert!(matches!(odd.failure(), Failure::Fatal(message) if message.contains("missing field `path`")));
}

#[test]
fn an_agents_failure_keeps_its_class() {
    let run =
        planned().agent(agent_fails("bad_patch", "hunk 2 doesn't apply")).run(implement, Config::default());
    assert_eq!(*run.failure(), Failure::fatal("the agent failed (bad_patch): hunk 2 doesn't apply"));
    let cases = [
        (agent_fails("rate_limit", "at noon"), "rate_limit"),
        (agent_fails("crashed", "signal 9"), "crashed"),
        (Error::Unavailable("none is configured".to_owned()).into(), "unavailable"),
        (Error::Interrupted("the server stopped".to_owned()).into(), "interrupted"),
    ];
    for (answer, expected) in cases {
        let run = planned().agent(answer).run(implement, Config::default());
        assert!(
            matches!(run.failure(), Failure::Retryable { class, .. } if class == expected),
            "{:?}",
            run.result
        );
    }
}
