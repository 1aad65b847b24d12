//! Stages that run in any case, after the work has come to its end and before that end is declared.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fmt::Write;

use adw_core::{AttemptResult, Cancel, Command, Retry, SetStatus, StageStatus, Status, Workflow, fold};
use support::{History, done, name, with_finally};

fn fatal(message: &str) -> AttemptResult {
    AttemptResult::Fatal { message: message.to_owned() }
}

fn retryable() -> AttemptResult {
    AttemptResult::Retryable { class: "network".to_owned(), message: "no route".to_owned() }
}

fn rework() -> AttemptResult {
    AttemptResult::Rework { feedback: "not good".to_owned() }
}

fn begun() -> History {
    let mut history = History::new(with_finally(&["plan", "implement"], &["notify", "clean"]));
    history.start();
    history
}

/// Begins as it should, and goes through these ends, one after the other.
fn through(ends: impl IntoIterator<Item = AttemptResult>) -> History {
    let mut history = begun();
    for end in ends {
        history.end(end);
    }
    history
}

fn told(workflow: &Workflow) -> String {
    let mut text = workflow.status.as_str().to_owned();
    for stage in &workflow.stages {
        let _ = write!(text, ", {} {}", stage.name, stage.status.as_str());
    }
    if let Some(error) = &workflow.error_message {
        let _ = write!(text, ": {error}");
    }
    text
}

#[test]
fn they_run_before_an_end_is_declared_good_or_bad() {
    let cases = [
        ("all is well", vec![done("a"), done("b"), done("c"), done("d")]),
        (
            "nothing to do",
            vec![done("a"), AttemptResult::Skipped { reason: "none".to_owned() }, done("c"), done("d")],
        ),
        ("the work fails", vec![done("a"), fatal("broken"), done("c"), done("d")]),
        ("it fails at once", vec![fatal("broken"), done("c"), done("d")]),
        ("both fail", vec![fatal("broken"), fatal("no mail"), done("d")]),
        ("only the end fails", vec![done("a"), done("b"), fatal("no mail"), done("d")]),
        ("only the last fails", vec![done("a"), done("b"), done("c"), fatal("")]),
    ];
    let mut table = String::new();
    for (case, ends) in cases {
        let history = through(ends);
        assert_eq!(fold(&history.events).unwrap().unwrap(), history.workflow);
        let _ = writeln!(table, "{case}: {}", told(&history.workflow));
    }
    insta::assert_snapshot!(table);
}

#[test]
fn the_end_is_not_declared_while_one_is_left() {
    let mut history = through([fatal("broken")]);
    for stage in ["notify", "clean"] {
        assert_eq!(history.workflow.status, Status::Running);
        assert_eq!(history.workflow.current_stage(), Some(&name(stage)));
        assert_eq!(history.workflow.failure().as_deref(), Some("stage plan failed: broken"));
        history.end(done("told"));
    }
    assert_eq!(history.workflow.status, Status::Failed);
    assert_eq!(history.workflow.current_stage(), Some(&name("plan")));
}

#[test]
fn what_came_of_the_work_is_not_what_they_say() {
    let history = through([done("planned"), done("written"), done("told"), done("clean")]);
    let result = history.workflow.result.unwrap();
    assert_eq!(result["summary"], "written");
    assert_eq!(result["stages"]["notify"], "told");
    assert_eq!(history.workflow.progress, 100);
}

#[test]
fn one_that_is_cut_off_or_tried_again_goes_on_although_the_work_failed() {
    let mut history = through([fatal("broken")]);
    history.run(Command::Interrupt(adw_core::Interrupt { cause: "the server stopped".to_owned() }));
    assert!(history.workflow.is_runnable());
    assert_eq!(history.workflow.current_stage(), Some(&name("notify")));
    history.start();
    history.end(retryable());
    history.at = history.workflow.due().unwrap();
    history.start();
    assert_eq!(history.workflow.running_stage().unwrap().name, "notify");
    history.end(done("told"));
    assert_eq!(history.workflow.running_stage().unwrap().name, "clean");
}

#[test]
fn none_runs_after_a_cancel_or_an_end_by_hand() {
    let mut cancelled = begun();
    cancelled.run(Command::Cancel(Cancel::default()));
    assert_eq!(
        told(&cancelled.workflow),
        "cancelled, plan cancelled, implement cancelled, notify cancelled, clean cancelled"
    );
    let mut by_hand = begun();
    let status = Some(Status::Failed);
    by_hand.run(Command::SetStatus(SetStatus { status, ..SetStatus::default() }));
    assert_eq!(
        told(&by_hand.workflow),
        "failed, plan cancelled, implement pending, notify pending, clean pending: failed by hand"
    );
    assert!(!by_hand.workflow.is_runnable());
    let mut between = through([fatal("broken")]);
    between.run(Command::Cancel(Cancel::default()));
    assert_eq!(
        told(&between.workflow),
        "cancelled, plan failed, implement cancelled, notify cancelled, clean cancelled"
    );
}

#[test]
fn they_have_nobody_to_send_work_back_to() {
    let mut history = History::new(with_finally(&["implement"], &["test"]));
    history.start();
    history.end(done("written"));
    history.end(rework());
    insta::assert_snapshot!(history.workflow.error_message.unwrap(), @r"
    stage test failed: not good
    (test runs after the work has come to its end, and can't send it back)
    ");
}

#[test]
fn a_retry_takes_up_the_work_and_they_run_again_at_its_end() {
    let mut history = through([done("planned"), fatal("broken"), done("told"), done("clean")]);
    history.run(Command::Retry(Retry::default()));
    history.start();
    assert_eq!(history.workflow.running_stage().unwrap().name, "implement");
    for end in [done("written"), done("told"), done("clean")] {
        history.end(end);
    }
    assert_eq!(
        told(&history.workflow),
        "completed, plan completed, implement completed, notify completed, clean completed"
    );
    assert_eq!(history.workflow.stages[2].attempt, 2);
}

#[test]
fn a_retry_after_one_of_them_failed_leaves_the_work_alone() {
    let mut history = through([done("planned"), done("written"), fatal("no mail"), done("clean")]);
    assert_eq!(history.workflow.current_stage(), Some(&name("notify")));
    history.run(Command::Retry(Retry::default()));
    history.start();
    assert_eq!(history.workflow.running_stage().unwrap().name, "notify");
    history.end(done("told"));
    history.end(done("clean"));
    assert_eq!(history.workflow.status, Status::Completed);
    assert_eq!(history.workflow.stages[1].attempt, 1);
}

#[test]
fn a_person_who_moves_it_there_changes_nothing_about_a_failure() {
    let mut history = through([fatal("broken"), done("told")]);
    let current_stage = Some(name("notify"));
    history.run(Command::SetStatus(SetStatus { current_stage, ..SetStatus::default() }));
    assert_eq!(history.workflow.stages[0].status, StageStatus::Failed);
    history.start();
    history.end(done("told again"));
    history.end(done("clean"));
    assert_eq!(history.workflow.error_message.as_deref(), Some("stage plan failed: broken"));
}
