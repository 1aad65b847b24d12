//! Retries by a configuration that says something else by now.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fmt::Write;

use adw_core::{
    AttemptResult, Command, Event, Grants, Recorded, Refusal, Retry, RetryBy, SetStatus, Stage, Status,
    Workflow, fold,
};
use serde_json::json;
use support::{History, done, name, pipeline, with_finally};

/// A workflow that has failed in its last stage.
fn failed(stages: &[&str]) -> History {
    let mut history = History::new(pipeline(stages));
    history.start();
    for _ in 1..stages.len() {
        history.end(done("ok"));
    }
    fails(&mut history);
    history
}

fn fails(history: &mut History) {
    history.end(AttemptResult::Fatal { message: "denied".to_owned() });
    assert_eq!(history.workflow.status, Status::Failed);
}

fn retry(from: Option<&str>, by: RetryBy) -> Command {
    Command::Retry(Retry { from: from.map(name), by })
}

fn present(from: Option<&str>) -> Command {
    retry(from, RetryBy::Present)
}

fn stages(stages: &[Stage]) -> Vec<(&str, u32)> {
    stages.iter().map(|stage| (stage.name.as_str(), stage.attempt)).collect()
}

fn agrees(history: &History) {
    assert_eq!(fold(&history.events).unwrap().as_ref(), Some(&history.workflow));
    let text = serde_json::to_string(&history.events).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Recorded>>(&text).unwrap(), history.events);
    let row: Workflow = serde_json::from_value(json!(history.workflow)).unwrap();
    assert_eq!(Workflow { task: history.workflow.task.clone(), ..row }, history.workflow);
}

#[test]
fn what_was_mended_counts_and_is_named() {
    let mut history = failed(&["plan", "test"]);
    let before = history.workflow.pipeline.clone();
    history.present.project.base = Some("main".to_owned());
    let test = &mut history.present.stages[1];
    test.grants = Grants { exec: Some(Vec::new()), ..Grants::default() };
    test.config = json!({ "command": "true" });
    test.plugin.sha256 = "1".repeat(64);
    test.timeout_ms += 1;
    let events = history.run(present(None));
    let [Event::WorkflowRetried { from, reconfigured: Some(now) }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(*from, "test");
    assert_eq!(
        now.changes,
        [
            "projects.demo",
            "stages.test.plugin",
            "stages.test.config",
            "stages.test.grants",
            "stages.test.timeout"
        ]
    );
    assert_eq!(history.workflow.pipeline, now.pipeline);
    assert_ne!(history.workflow.pipeline, before);
    let told = history.workflow.reconfigured.as_ref().unwrap();
    assert_eq!((told.at, &told.changes), (history.workflow.updated_at, &now.changes));
    history.start();
    assert_eq!(history.workflow.running_stage().unwrap().name, "test");
    agrees(&history);
}

#[test]
fn where_nothing_differs_and_where_nobody_wants_it_the_document_stays() {
    for (differs, by) in [(false, RetryBy::Present), (true, RetryBy::Pinned)] {
        let mut history = failed(&["plan", "test"]);
        let before = history.workflow.pipeline.clone();
        if differs {
            history.present = pipeline(&["lint"]);
        }
        let events = history.run(retry(None, by));
        assert_eq!(events, [Event::WorkflowRetried { from: name("test"), reconfigured: None }]);
        assert_eq!((&history.workflow.pipeline, &history.workflow.reconfigured), (&before, &None));
        agrees(&history);
    }
}

#[test]
fn a_retry_by_hand_takes_it_up_too() {
    let mut history = failed(&["plan", "test"]);
    history.present = pipeline(&["plan", "lint", "test"]);
    let status = Some(Status::Pending);
    let events = history.run(Command::SetStatus(SetStatus { status, ..SetStatus::default() }));
    assert!(matches!(&events[..], [Event::WorkflowRetried { reconfigured: Some(_), .. }]), "{events:?}");
}

/// What comes after the stages that are done is as the new pipeline has it.
#[test]
fn stages_come_and_go_after_what_is_done() {
    for (now, from, expected) in [
        (&["plan", "implement", "test", "ship"][..], None, "test"),
        (&["plan", "implement", "lint", "test"], None, "lint"),
        (&["plan", "implement", "lint"], None, "lint"),
        (&["plan", "implement", "lint", "test"], Some("test"), "lint"),
        (&["plan", "test", "implement"], Some("implement"), "test"),
        (&["lint", "plan"], Some("plan"), "lint"),
    ] {
        let mut history = failed(&["plan", "implement", "test"]);
        history.present = pipeline(now);
        let events = history.run(present(from));
        assert!(
            matches!(&events[..], [Event::WorkflowRetried { from, .. }] if *from == expected),
            "{events:?}"
        );
        history.start();
        assert_eq!(history.workflow.running_stage().unwrap().name, expected, "{now:?} {from:?}");
        assert!(history.workflow.stages.iter().map(|stage| stage.name.as_str()).eq(now.iter().copied()));
        agrees(&history);
    }
}

#[test]
fn what_does_not_fit_what_is_done_is_refused_with_what_would() {
    let mut told = String::new();
    let elsewhere = {
        let mut pipeline = pipeline(&["plan", "implement", "test"]);
        pipeline.project.repo = "/srv/other".into();
        pipeline
    };
    for (now, from) in [
        (pipeline(&["plan", "test"]), None),
        (pipeline(&["implement", "test"]), None),
        (pipeline(&["plan", "lint", "implement", "test"]), None),
        (pipeline(&["implement", "plan", "test"]), None),
        (pipeline(&["lint"]), None),
        (pipeline(&["plan", "implement"]), None),
        (pipeline(&["plan", "test"]), Some("implement")),
        (elsewhere, None),
    ] {
        let mut history = failed(&["plan", "implement", "test"]);
        history.present = now;
        let refusal = history.decide(&present(from)).unwrap_err();
        assert!(matches!(refusal, Refusal::Unfit(_)), "{refusal:?}");
        writeln!(told, "{refusal}").unwrap();
        history.run(retry(from, RetryBy::Pinned));
    }
    insta::assert_snapshot!(told, @"
    by the present adw.toml it can't go on: its stage implement is done, and the pipeline has it no more; its stages are plan, test. Put implement back, or retry from plan
    by the present adw.toml it can't go on: its stage plan is done, and the pipeline has it no more; its stages are implement, test. Put plan back
    by the present adw.toml it can't go on: its stage implement is done, and the pipeline has it in another place now; its stages are plan, lint, implement, test. Put implement back, or retry from implement
    by the present adw.toml it can't go on: its stage plan is done, and the pipeline has it in another place now; its stages are implement, plan, test. Put plan back, or retry from plan
    by the present adw.toml it can't go on: its stage plan is done, and the pipeline has it no more; its stages are lint. Put plan back
    by the present adw.toml it can't go on: the pipeline ends with implement now, which is done; put back what is to run after it, or retry from implement
    by the present adw.toml it can't go on: the pipeline has no stage implement any more; its stages are plan, test. Name one of them, or put implement back
    by the present adw.toml it can't go on: its work lies in /srv/demo, and `projects.demo.repo` is /srv/other now; put that back, or hand over what it did as a new task
    ");
}

/// A retry from where the refusal says goes well.
#[test]
fn the_stage_that_a_refusal_names_is_one_to_retry_from() {
    let mut history = failed(&["plan", "implement", "lint", "test"]);
    history.present = pipeline(&["plan", "lint", "test"]);
    let refusal = history.decide(&present(None)).unwrap_err();
    assert!(refusal.to_string().ends_with("or retry from plan"), "{refusal}");
    history.run(present(Some("plan")));
}

/// Else two attempts would have one name, and one journal.
#[test]
fn the_attempts_of_a_stage_that_comes_back_count_on() {
    let mut history = failed(&["plan", "test"]);
    history.present = pipeline(&["plan", "lint"]);
    history.run(present(None));
    assert_eq!(stages(&history.workflow.stages), [("plan", 1), ("lint", 0)]);
    assert_eq!(stages(&history.workflow.former), [("test", 1)]);
    assert_eq!(history.workflow.newest_attempt(&name("test")), 1);
    history.start();
    fails(&mut history);
    history.present = pipeline(&["plan", "test"]);
    history.run(present(None));
    assert_eq!(stages(&history.workflow.former), [("lint", 1)]);
    history.start();
    let running = history.workflow.running_stage().unwrap();
    assert_eq!((running.name.as_str(), running.attempt), ("test", 2));
    agrees(&history);
}

#[test]
fn what_was_written_before_there_was_such_a_thing_is_read() {
    let retried: Event = serde_json::from_str(r#"{"type":"workflow_retried","from":"plan"}"#).unwrap();
    assert_eq!(retried, Event::WorkflowRetried { from: name("plan"), reconfigured: None });
    assert_eq!(serde_json::to_string(&retried).unwrap(), r#"{"type":"workflow_retried","from":"plan"}"#);
    let mut history = failed(&["plan", "test"]);
    history.run(present(None));
    let row = json!(history.workflow);
    assert!(row.get("former").is_none() && row.get("reconfigured").is_none(), "{row}");
    agrees(&history);
}

#[test]
fn those_that_run_in_any_case_may_change_whatever_is_done() {
    let mut history = History::new(with_finally(&["plan", "test"], &["notify"]));
    history.start();
    history.end(done("planned"));
    history.end(done("tested"));
    fails(&mut history);
    history.present = with_finally(&["plan", "test"], &["clean", "notify"]);
    let events = history.run(present(None));
    let [Event::WorkflowRetried { from, reconfigured: Some(now) }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((from.as_str(), &now.changes[..]), ("clean", &["pipelines.default.finally".to_owned()][..]));
    agrees(&history);
    history.start();
    history.end(done("clean"));
    assert_eq!(history.workflow.running_stage().unwrap().name, "notify");
    history.end(done("told"));
    assert_eq!(history.workflow.status, Status::Completed);
    assert_eq!(stages(&history.workflow.stages), [("plan", 1), ("test", 1), ("clean", 1), ("notify", 2)]);
}

#[test]
fn work_that_is_new_comes_before_those_that_run_in_any_case() {
    let mut history = History::new(with_finally(&["plan"], &["notify"]));
    history.start();
    history.end(done("planned"));
    fails(&mut history);
    history.present = with_finally(&["plan", "test"], &["notify"]);
    history.run(present(None));
    history.start();
    assert_eq!(history.workflow.running_stage().unwrap().name, "test");
    history.present = with_finally(&["plan"], &[]);
    fails_and_tells(&mut history);
    let refused = history.decide(&present(None)).unwrap_err();
    assert!(refused.to_string().contains("ends with plan now"), "{refused}");
}

fn fails_and_tells(history: &mut History) {
    history.end(AttemptResult::Fatal { message: "red".to_owned() });
    history.end(done("told"));
    assert_eq!(history.workflow.status, Status::Failed);
}
