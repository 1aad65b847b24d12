//! The stage against the scripted host.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use super::*;
use adw_plugin_sdk::TaskKind;
use adw_plugin_sdk::testing::{Call, Level, Line, Run, agent_fails, reply};
use specification::RelevantFile;

fn host() -> TestHost {
    TestHost::new()
        .adw_id("adw_bug_1")
        .task(TaskKind::Bug, "Fix the sum", "sum() of `src/lib.rs` drops the last number.")
        .file("Cargo.toml", "[package]\nname = \"sums\"\n")
        .file("README.md", "# Sums\n")
        .file("src/lib.rs", "pub fn sum() {}\n")
}

fn draft() -> Specification {
    Specification {
        problem: "The loop ends\none number early.".to_owned(),
        relevant_files: vec![RelevantFile {
            path: "src/lib.rs".to_owned(),
            why: "holds the loop".to_owned(),
        }],
        steps: vec!["Write a failing test.".to_owned(), "Correct the range.".to_owned()],
        validation_commands: vec!["cargo test".to_owned()],
        acceptance: vec!["The sum of 1 and 2 is 3.".to_owned()],
    }
}

fn specification(run: &Run<Plan>) -> String {
    run.file(&run.data().path).expect("the specification").into_owned()
}

#[test]
fn an_agents_plan_becomes_a_committed_specification() {
    let run = host().agent(reply("planned").by("claude").structured(&draft())).run(plan, Config::default());
    assert_eq!(run.summary(), "specs/adw_bug_1-fix-the-sum.md, planned by claude");
    assert_eq!(run.data().planned_by, "claude");
    assert_eq!(run.data().steps.len(), 2);
    assert!(run.data().commit.is_some());
    assert_eq!(run.commits(), ["docs: specification for Fix the sum\n\nAdw-Id: adw_bug_1\n"]);
    insta::assert_snapshot!(specification(&run));
}

#[test]
fn the_agent_may_only_read_and_is_asked_for_the_shape() {
    let run = host().agent(reply("").structured(&draft())).run(plan, Config::default());
    let asked = run.calls.iter().find_map(|call| match call {
        Call::Agent { writes, schema, agent, .. } => Some((*writes, schema.is_some(), agent.clone())),
        _ => None,
    });
    assert_eq!(asked, Some((false, true, None)));
}

#[test]
fn the_prompt_tells_the_task_and_the_repository() {
    let config = Config { instructions: Some("Tabs, not spaces.".to_owned()), ..Config::default() };
    let run =
        host().rework("review", 1, "Too vague.").agent(reply("").structured(&draft())).run(plan, config);
    insta::assert_snapshot!(run.prompts()[0]);
}

#[test]
fn each_kind_of_task_has_its_own_prompt() {
    let first_line = |kind| {
        let host = TestHost::new().task(kind, "A title", "").agent(reply("").structured(&draft()));
        let run = host.run(plan, Config::default());
        run.prompts()[0].lines().next().unwrap_or_default().to_owned()
    };
    let kinds = [TaskKind::Feature, TaskKind::Bug, TaskKind::Chore, TaskKind::Patch];
    for (kind, word) in kinds.into_iter().zip(["feature", "fault", "chore", "patch"]) {
        assert!(first_line(kind).contains(word), "{kind}");
    }
}

#[test]
fn without_an_agent_that_can_plan_the_task_is_the_plan_and_says_so() {
    let errors = [
        Error::Unavailable("patch can't plan".to_owned()),
        Error::Denied("add `agent = [\"claude\"]`".to_owned()),
        Error::NotFound("no agent is configured".to_owned()),
    ];
    for error in errors {
        let run = host().agent(error.clone()).run(plan, Config::default());
        assert_eq!(run.data().planned_by, "task", "{error}");
        assert!(run.summary().ends_with("made from the task itself"), "{}", run.summary());
        assert_eq!(run.data().validation_commands, ["cargo test --no-fail-fast"]);
        assert_eq!(run.commits().len(), 1);
        assert!(specification(&run).contains("planned by task"));
    }
}

#[test]
fn that_no_agent_plans_is_no_warning_and_that_adw_toml_forbids_it_is_one() {
    for (error, level) in [
        (Error::Unavailable("patch can't plan".to_owned()), Level::Info),
        (Error::Denied("add `agent = [\"claude\"]`".to_owned()), Level::Warn),
    ] {
        let run = host().agent(error).run(plan, Config::default());
        let about_it =
            |line: &&Line| matches!(line, Line::Log(_, said) if said.contains("the task itself is the plan"));
        let Some(Line::Log(found, said)) = run.lines.iter().find(about_it) else { panic!("{:?}", run.lines) };
        assert_eq!(*found, level, "{said}");
    }
}

#[test]
fn the_tasks_own_specification() {
    let run = host().agent(Error::Unavailable("patch can't plan".to_owned())).run(plan, Config::default());
    insta::assert_snapshot!(specification(&run));
}

#[test]
fn an_agent_that_fails_is_a_failure_with_its_class() {
    let cases = [
        (agent_fails("crashed", "signal 11"), "crashed"),
        (agent_fails("rate_limit", "at noon"), "rate_limit"),
        (reply("I'd rather not"), "empty_or_unparsable_output"),
        (reply("").structured(&json!({ "problem": "x" })), "empty_or_unparsable_output"),
        (reply("").structured(&Specification { steps: vec![], ..draft() }), "empty_or_unparsable_output"),
        (Error::Timeout("10 m".to_owned()).into(), "timeout"),
    ];
    for (answer, expected) in cases {
        let run = host().agent(answer).run(plan, Config::default());
        assert!(
            matches!(run.failure(), Failure::Retryable { class, .. } if class == expected),
            "{:?}",
            run.result
        );
        assert_eq!(run.commits(), Vec::<&str>::new());
    }
    let run = host().agent(agent_fails("auth", "log in")).run(plan, Config::default());
    assert!(matches!(run.failure(), Failure::Fatal(message) if message.contains("log in")));
}

#[test]
fn planning_again_replaces_the_specification() {
    let text = draft().render(&task(), "mock");
    let run = host()
        .file("specs/adw_bug_1-fix-the-sum.md", text)
        .agent(reply("").structured(&draft()))
        .run(plan, Config::default());
    assert_eq!(run.data().commit, None, "nothing changed, so there is nothing to commit");
}

fn task() -> adw_plugin_sdk::Task {
    let run = TestHost::new()
        .adw_id("adw_bug_1")
        .task(TaskKind::Bug, "Fix the sum", "")
        .run(|cx, _: NoConfig| Ok(Outcome::done("", cx.task().clone())), NoConfig {});
    run.data().clone()
}

#[test]
fn the_folder_can_be_chosen_and_other_keys_are_mistakes() {
    let folder = |config: &Value| {
        let answer = reply("").structured(&draft());
        host().agent(answer).run_json(plan, config).data()["path"].as_str().unwrap().to_owned()
    };
    assert_eq!(folder(&json!({ "folder": "docs/specs/" })), "docs/specs/adw_bug_1-fix-the-sum.md");
    assert_eq!(folder(&json!({ "folder": "" })), "adw_bug_1-fix-the-sum.md");
    let run = host().run_json(plan, &json!({ "foldr": "x" }));
    assert!(matches!(run.failure(), Failure::Fatal(message) if message.contains("foldr")));
}
