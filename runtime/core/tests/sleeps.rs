//! An attempt that sleeps for long: it has no place meanwhile, and goes on where it was.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use adw_core::{
    AttemptResult, Command, EndAttempt, Event, Pause, Refusal, Resume, StageStatus, Start, Suspend, Waiting,
};
use support::{History, done, name, pipeline};

const HOUR: u64 = 3_600_000;

/// The attempt under way sleeps for an hour.
fn asleep() -> History {
    let mut history = History::new(pipeline(&["implement", "test"]));
    history.start();
    history.run(sleep(&history, 1));
    history
}

fn sleep(history: &History, attempt: u32) -> Command {
    let until = history.at.plus_millis(HOUR);
    let waiting =
        Waiting::Timer { stage: name("implement"), until, message: "it sleeps".to_owned(), goes_on: true };
    Command::Suspend(Suspend { waiting, attempt })
}

#[test]
fn the_same_attempt_goes_on_when_it_is_over_and_not_before() {
    let mut history = asleep();
    let stage = &history.workflow.stages[0];
    assert_eq!((stage.status, stage.slept_ms), (StageStatus::Waiting, HOUR));
    let due = history.workflow.due().unwrap();
    assert!(matches!(history.try_run(Command::Start(Start)), Err(Refusal::NothingToStart)));
    history.at = due;
    let resumed = history.run(Command::Start(Start));
    assert!(matches!(&resumed[..], [Event::StageResumed { attempt: 1, .. }]), "{resumed:?}");
    assert_eq!((history.workflow.waiting.clone(), history.workflow.due()), (None, None));
    history.run(sleep(&history, 1));
    assert_eq!(history.workflow.stages[0].slept_ms, 2 * HOUR, "in all");
}

#[test]
fn it_may_be_over_while_a_person_holds_the_workflow() {
    let mut history = asleep();
    history.run(Command::Pause(Pause::default()));
    history.at = history.at.plus_millis(2 * HOUR);
    assert!(matches!(history.try_run(Command::Start(Start)), Err(Refusal::NothingToStart)));
    history.run(Command::Resume(Resume));
    let resumed = history.run(Command::Start(Start));
    assert!(matches!(&resumed[..], [Event::StageResumed { attempt: 1, .. }]), "{resumed:?}");
}

#[test]
fn one_that_sleeps_says_nothing_and_another_attempt_has_not_slept() {
    let mut history = asleep();
    let late = EndAttempt { stage: name("implement"), attempt: 1, result: done("late"), chance: 0 };
    assert!(matches!(history.try_run(Command::EndAttempt(late)), Err(Refusal::StaleAttempt { .. })));
    history.at = history.workflow.due().unwrap();
    history.run(Command::Start(Start));
    history.end(AttemptResult::Retryable { class: "network".to_owned(), message: "no answer".to_owned() });
    history.at = history.workflow.due().unwrap();
    let started = history.run(Command::Start(Start));
    assert!(matches!(&started[..], [Event::StageStarted { attempt: 2, .. }]), "{started:?}");
    assert_eq!(history.workflow.stages[0].slept_ms, 0);
}
