//! What each command does to a workflow, as a person would tell it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::fmt::Write;

use adw_core::{
    AttemptResult, Cancel, Command, Event, EventKind, Interrupt, Reason, Refusal, Retry, SetStatus,
    StageStatus, Start, Status, Waiting,
};
use serde_json::json;
use support::{History, done, name, pipeline};

#[test]
fn a_workflow_goes_through_its_stages_in_order() {
    let mut history = History::new(pipeline(&["plan", "implement", "test"]));
    history.start();
    for stage in ["plan", "implement", "test"] {
        assert_eq!(history.workflow.running_stage().unwrap().name, stage);
        history.end(done(&format!("{stage} is done")));
    }
    assert_eq!(history.workflow.status, Status::Completed);
    assert_eq!(history.workflow.progress, 100);
    assert_eq!(
        history.workflow.result,
        Some(json!({
            "branch": "adw-task/adw_bug_1_00000000",
            "summary": "test is done",
            "stages": {"plan": "plan is done", "implement": "implement is done", "test": "test is done"},
        }))
    );
    insta::assert_debug_snapshot!(history.kinds(), @r"
    [
        TaskCreated,
        WorkflowStarted,
        StageStarted,
        StageCompleted,
        StageStarted,
        StageCompleted,
        StageStarted,
        StageCompleted,
        WorkflowCompleted,
    ]
    ");
}

#[test]
fn the_end_of_a_stage_and_the_start_of_the_next_are_one_decision() {
    let mut history = History::new(pipeline(&["plan", "test"]));
    history.start();
    let kinds: Vec<_> = history.end(done("ok")).iter().map(adw_core::Event::kind).collect();
    assert_eq!(kinds, [EventKind::StageCompleted, EventKind::StageStarted]);
}

#[test]
fn rework_sends_the_work_back_with_feedback_and_ends_at_its_cap() {
    let mut history = History::new(pipeline(&["plan", "implement", "test"]));
    history.start();
    history.end(done("planned"));
    for round in 1..=3 {
        history.end(done("written"));
        let progress = history.workflow.progress;
        history.end(AttemptResult::Rework { feedback: format!("wrong {round}") });
        assert_eq!(history.workflow.progress, progress, "progress never falls");
        let implement = history.workflow.running_stage().unwrap();
        assert_eq!(implement.name, "implement");
        assert_eq!(implement.attempt, round + 1);
        assert_eq!(
            implement.reason,
            Reason::Rework { stage: name("test"), round, feedback: format!("wrong {round}") }
        );
    }
    history.end(done("written"));
    history.end(AttemptResult::Rework { feedback: "still wrong".to_owned() });
    assert_eq!(history.workflow.status, Status::Failed);
    insta::assert_snapshot!(history.workflow.error_message.as_deref().unwrap(), @r"
    stage test failed: still wrong
    (test sent the work back to implement 3 times; stages.test.max_rework allows no more)
    ");
}

#[test]
fn rework_without_a_stage_to_go_to_is_a_failure_that_says_so() {
    let mut history = History::new(pipeline(&["test"]));
    history.start();
    history.end(AttemptResult::Rework { feedback: "wrong".to_owned() });
    insta::assert_snapshot!(history.workflow.error_message.as_deref().unwrap(), @r"
    stage test failed: wrong
    (this pipeline has no stage implement before test to send the work back to)
    ");
}

#[test]
fn a_failure_that_another_try_may_mend_waits_and_is_tried_again() {
    let mut history = History::new(pipeline(&["plan"]));
    history.start();
    history.end(retryable("network"));
    let Some(Waiting::Timer { until, .. }) = history.workflow.waiting.clone() else { panic!("it waits") };
    assert_eq!(history.workflow.status, Status::Running);
    assert_eq!(history.workflow.stages[0].status, StageStatus::Waiting);
    assert_eq!(history.decide(&Command::Start(Start)), Err(Refusal::NothingToStart), "its time has not come");
    history.at = until;
    history.start();
    assert_eq!(history.workflow.waiting, None);
    assert_eq!(history.workflow.stages[0].reason, Reason::Retry { number: 1 });
    history.end(retryable("network"));
    history.at = history.at.plus_millis(3_600_000);
    history.start();
    history.end(retryable("network"));
    assert_eq!(history.workflow.status, Status::Failed);
    insta::assert_snapshot!(
        history.workflow.error_message.as_deref().unwrap(),
        @"stage plan failed: no answer (tried 3 times)"
    );
}

#[test]
fn a_class_that_the_policy_does_not_name_is_not_tried_again() {
    let mut history = History::new(pipeline(&["plan"]));
    history.start();
    history.end(retryable("empty_diff"));
    assert_eq!(history.workflow.status, Status::Failed);
}

#[test]
fn an_interruption_costs_no_try() {
    let mut history = History::new(pipeline(&["plan", "test"]));
    history.start();
    for _ in 0..10 {
        history.run(Command::Interrupt(Interrupt { cause: "the server stopped".to_owned() }));
        assert!(history.workflow.is_runnable());
        let begun = history.run(Command::Start(Start));
        assert_eq!(
            begun,
            [Event::StageResumed { stage: name("plan"), attempt: 1 }],
            "the same attempt goes on"
        );
    }
    let stage = &history.workflow.stages[0];
    assert_eq!((stage.attempt, stage.failures, &stage.reason), (1, 0, &Reason::First));

    there_and_back(&mut history);
    let begun = history.run(Command::Start(Start));
    let anew = Event::StageStarted { stage: name("plan"), attempt: 2, reason: Reason::First };
    assert_eq!(begun, [anew], "what a person moved begins anew");
}

#[test]
fn only_the_attempt_under_way_can_end_its_stage() {
    let mut history = History::new(pipeline(&["plan", "test"]));
    history.start();
    let late = history.end_command(done("late"));
    there_and_back(&mut history);
    history.start();
    assert_eq!(
        history.decide(&late),
        Err(Refusal::StaleAttempt { stage: name("plan"), attempt: 1 }),
        "the first attempt's answer comes after the second has begun"
    );
}

/// A person moves it from its first stage to another one, and back.
fn there_and_back(history: &mut History) {
    for stage in ["test", "plan"] {
        let current_stage = Some(name(stage));
        let status = Some(Status::Running);
        history.run(Command::SetStatus(SetStatus { status, current_stage, ..SetStatus::default() }));
    }
}

#[test]
fn a_cancel_ends_it_once_and_for_all() {
    let mut history = History::new(pipeline(&["plan", "test"]));
    history.start();
    let end = history.end_command(done("too late"));
    history.run(Command::Cancel(Cancel::default()));
    assert_eq!(history.workflow.status, Status::Cancelled);
    assert!(history.workflow.stages.iter().all(|stage| stage.status == StageStatus::Cancelled));
    assert_eq!(history.decide(&Command::Cancel(Cancel::default())), Ok(Vec::new()), "again is the same");
    assert!(matches!(history.decide(&end), Err(Refusal::StaleAttempt { .. })));
    assert!(matches!(history.decide(&Command::Retry(Retry::default())), Err(Refusal::IllegalMove { .. })));
}

#[test]
fn a_failed_workflow_goes_on_from_the_stage_that_failed_or_an_earlier_one() {
    for (from, expected) in [(None, "implement"), (Some("plan"), "plan"), (Some("implement"), "implement")] {
        let mut history = failed_at_implement();
        history.run(Command::Retry(Retry { from: from.map(name), ..Retry::default() }));
        assert_eq!(history.workflow.status, Status::Pending);
        assert_eq!(history.workflow.error_message, None);
        history.start();
        assert_eq!(history.workflow.running_stage().unwrap().name, expected);
    }
    let history = failed_at_implement();
    let refusal =
        history.decide(&Command::Retry(Retry { from: Some(name("test")), ..Retry::default() })).unwrap_err();
    insta::assert_snapshot!(refusal, @r#"this workflow has no stage "test": it has plan, implement"#);
}

#[test]
fn every_move_by_hand_is_legal_by_the_table_or_refused_with_the_legal_ones() {
    let mut table = String::new();
    for from in Status::ALL {
        for to in Status::ALL {
            let mut history = at(from);
            let decided =
                history.decide(&Command::SetStatus(SetStatus { status: Some(to), ..SetStatus::default() }));
            let legal = from == to || from.moves().contains(&to);
            assert_eq!(decided.is_ok(), legal, "{from:?} to {to:?}");
            let line = if let Err(refusal) = decided {
                refusal.to_string()
            } else {
                history.run(Command::SetStatus(SetStatus { status: Some(to), ..SetStatus::default() }));
                assert_eq!(history.workflow.status, to);
                "legal".to_owned()
            };
            let _ = writeln!(table, "{} -> {}: {line}", from.as_str(), to.as_str());
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_jump_by_hand_ends_the_attempt_and_passes_over_what_lies_between() {
    let mut history = History::new(pipeline(&["plan", "implement", "test"]));
    history.start();
    let late = history.end_command(done("late"));
    history.run(set(|set| set.current_stage = Some(name("test"))));
    assert_eq!(history.workflow.current_stage(), Some(&name("test")));
    assert_eq!(statuses(&history), [StageStatus::Skipped, StageStatus::Skipped, StageStatus::Pending]);
    assert!(history.decide(&late).is_err());
    history.start();
    history.end(done("tested"));
    assert_eq!(history.workflow.status, Status::Completed);
}

#[test]
fn a_jump_back_runs_again_what_follows() {
    let mut history = History::new(pipeline(&["plan", "implement", "test"]));
    history.start();
    history.end(done("planned"));
    history.end(done("written"));
    history.run(set(|set| set.current_stage = Some(name("plan"))));
    assert_eq!(statuses(&history), [StageStatus::Pending; 3]);
    assert_eq!(history.workflow.progress, 66, "progress never falls");
    history.start();
    assert_eq!(history.workflow.stages[0].attempt, 2);
}

#[test]
fn notes_by_hand_change_nothing_else() {
    let mut history = at(Status::Completed);
    let before = history.workflow.clone();
    history.run(set(|set| set.error_message = Some("looked at by a person".to_owned())));
    assert_eq!(history.workflow.status, before.status);
    assert_eq!(history.workflow.error_message.as_deref(), Some("looked at by a person"));
    let again = set(|set| set.error_message = Some("looked at by a person".to_owned()));
    assert_eq!(history.decide(&again), Ok(Vec::new()), "the same note again is no event");
}

#[test]
fn a_note_goes_with_whatever_move_it_comes_with() {
    for (from, to) in [(Status::Running, Status::Cancelled), (Status::Failed, Status::Pending)] {
        let mut history = at(from);
        history.run(set(|set| {
            set.status = Some(to);
            set.result = Some(json!({"note": 1}));
            set.error_message = Some("by a person".to_owned());
        }));
        assert_eq!(history.workflow.status, to);
        assert_eq!(history.workflow.result, Some(json!({"note": 1})), "{from:?} to {to:?}");
        assert_eq!(history.workflow.error_message.as_deref(), Some("by a person"), "{from:?} to {to:?}");
    }
}

#[test]
fn a_note_that_was_there_already_is_still_there_after_the_move_that_it_comes_with() {
    for to in [Status::Completed, Status::Failed, Status::Cancelled] {
        let mut history = at(Status::Running);
        let note = |set: &mut SetStatus| set.error_message = Some("by a person".to_owned());
        history.run(set(note));
        history.run(set(|set| {
            note(set);
            set.status = Some(to);
        }));
        assert_eq!(history.workflow.error_message.as_deref(), Some("by a person"), "{to:?}");
    }
}

#[test]
fn json_of_others_is_bounded_in_depth() {
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    assert!(!adw_core::is_too_deep(&nested(adw_core::DEEPEST_JSON)));
    assert!(adw_core::is_too_deep(&nested(adw_core::DEEPEST_JSON + 1)));
}

#[test]
fn a_failure_by_hand_has_a_message_even_when_none_is_given() {
    let mut history = at(Status::Running);
    history.run(set(|set| {
        set.status = Some(Status::Failed);
        set.error_message = Some("  ".to_owned());
    }));
    assert_eq!(history.workflow.error_message.as_deref(), Some("failed by hand"));
}

fn retryable(class: &str) -> AttemptResult {
    AttemptResult::Retryable { class: class.to_owned(), message: "no answer".to_owned() }
}

fn set(change: impl FnOnce(&mut SetStatus)) -> Command {
    let mut set = SetStatus::default();
    change(&mut set);
    Command::SetStatus(set)
}

fn statuses(history: &History) -> Vec<StageStatus> {
    history.workflow.stages.iter().map(|stage| stage.status).collect()
}

fn failed_at_implement() -> History {
    let mut history = History::new(pipeline(&["plan", "implement", "test"]));
    history.start();
    history.end(done("planned"));
    history.end(AttemptResult::Fatal { message: "no disk".to_owned() });
    history
}

fn at(status: Status) -> History {
    let mut history = History::new(pipeline(&["plan", "test"]));
    match status {
        Status::Pending => {}
        Status::Running => history.start(),
        Status::Completed => {
            history.start();
            history.end(done("planned"));
            history.end(done("tested"));
        }
        Status::Failed => {
            history.start();
            history.end(AttemptResult::Fatal { message: "no disk".to_owned() });
        }
        Status::Cancelled => {
            history.run(Command::Cancel(Cancel::default()));
        }
    }
    assert_eq!(history.workflow.status, status);
    history
}
