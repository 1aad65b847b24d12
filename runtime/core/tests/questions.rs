//! What a question does to a workflow: it waits, is answered once, and goes on in the middle of its attempt.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use adw_core::{
    Answer, AttemptResult, Cancel, Command, DefaultAnswer, Event, EventKind, Expire, Interrupt, Pause,
    Question, Refusal, Resume, SetStatus, StageStatus, Start, Status, Suspend, Timestamp, Waiting,
};
use serde_json::json;
use support::{History, done, name, pipeline};

/// A workflow at its second stage.
fn at_test() -> History {
    let mut history = History::new(pipeline(&["implement", "test"]));
    history.start();
    history.end(done("built"));
    history
}

/// The question that the attempt under way asks by its `call`th call.
fn question(history: &History, call: u32) -> Question {
    let stage = history.workflow.running_stage().unwrap();
    let (stage, attempt, message) = (stage.name.clone(), stage.attempt, "Ready?".to_owned());
    Question { stage, attempt, call, message, choices: Vec::new(), schema: None, default: None }
}

fn ask(history: &mut History, call: u32) -> Question {
    let asked = question(history, call);
    let waiting = Waiting::Question(Box::new(asked.clone()));
    history.run(Command::Suspend(Suspend { waiting, attempt: asked.attempt }));
    asked
}

fn answer(question: &Question) -> Command {
    Command::Answer(Answer::to(question, json!("yes"), None))
}

#[test]
fn a_question_holds_the_attempt_until_it_is_answered() {
    let mut history = at_test();
    let asked = ask(&mut history, 3);
    assert_eq!(history.workflow.stages[1].status, StageStatus::Waiting);
    assert_eq!(history.workflow.question(), Some(&asked));
    assert_eq!(history.workflow.current_stage(), Some(&name("test")));
    assert!(!history.workflow.is_runnable());
    assert_eq!(history.decide(&Command::Start(Start)), Err(Refusal::NothingToStart));

    history.run(answer(&asked));
    assert!(history.workflow.waiting.is_none() && history.workflow.is_runnable());
    let events = history.run(Command::Start(Start));
    assert_eq!(events.iter().map(adw_core::Event::kind).collect::<Vec<_>>(), [EventKind::StageResumed]);
    let stage = history.workflow.running_stage().unwrap();
    assert_eq!((stage.name.as_str(), stage.attempt), ("test", 1), "it is the same attempt");
    assert_eq!(stage.answered.as_ref().map(|answered| answered.call), Some(3));

    history.end(done("tested"));
    assert_eq!(history.workflow.status, Status::Completed);
    assert_eq!(history.workflow.stages[1].answered, None, "it is used up");
}

#[test]
fn an_answer_is_taken_once_and_only_for_the_question_that_is_open() {
    let mut history = at_test();
    let first = ask(&mut history, 3);
    history.run(answer(&first));
    assert_eq!(history.decide(&answer(&first)), Err(Refusal::NothingAsked), "a second time");
    history.start();
    let second = ask(&mut history, 4);
    assert_eq!(history.decide(&answer(&first)), Err(Refusal::NothingAsked), "late, for the first one");
    history.run(answer(&second));
    assert_eq!(history.workflow.stages[1].answered.as_ref().unwrap().call, 4);
}

#[test]
fn what_an_attempt_waits_for_people_is_counted_apart() {
    let mut history = at_test();
    let first = ask(&mut history, 3);
    let asked_at = history.workflow.updated_at;
    assert_eq!(history.workflow.stages[1].asked_at, Some(asked_at));
    history.at = asked_at.plus_millis(60_000);
    history.run(answer(&first));
    let stage = &history.workflow.stages[1];
    assert_eq!((stage.asked_at, stage.waited_ms), (None, 60_000));

    history.start();
    ask(&mut history, 4);
    let mut cancelled = history.clone();
    cancelled.at = cancelled.workflow.updated_at.plus_millis(30_000);
    cancelled.run(Command::Cancel(Cancel::default()));
    let stage = &cancelled.workflow.stages[1];
    assert_eq!((stage.asked_at, stage.waited_ms), (None, 90_000), "in all");

    let to = SetStatus { current_stage: Some(name("implement")), ..SetStatus::default() };
    history.run(Command::SetStatus(to));
    history.start();
    history.end(done("built again"));
    assert_eq!(history.workflow.running_stage().map(|stage| stage.attempt), Some(2));
    assert_eq!(history.workflow.stages[1].waited_ms, 0, "another attempt has waited for nobody yet");
}

#[test]
fn an_attempt_that_is_not_under_way_asks_nothing() {
    let mut history = at_test();
    let asked = question(&history, 1);
    let suspend = Command::Suspend(Suspend { waiting: Waiting::Question(Box::new(asked)), attempt: 1 });
    history.end(AttemptResult::Fatal { message: "no".to_owned() });
    assert!(matches!(history.decide(&suspend), Err(Refusal::StaleAttempt { attempt: 1, .. })));
}

#[test]
fn what_was_answered_stays_answered_when_the_server_stops() {
    let mut history = at_test();
    let asked = ask(&mut history, 3);
    history.run(answer(&asked));
    history.start();
    history.run(Command::Interrupt(Interrupt { cause: "the server stopped".to_owned() }));
    let kinds: Vec<_> = history.run(Command::Start(Start)).iter().map(adw_core::Event::kind).collect();
    assert_eq!(kinds, [EventKind::StageResumed], "nobody is asked again");
}

#[test]
fn a_new_attempt_asks_anew() {
    let mut history = at_test();
    let asked = ask(&mut history, 3);
    history.run(answer(&asked));
    history.start();
    history.end(AttemptResult::Retryable { class: "network".to_owned(), message: String::new() });
    history.at = history.at.plus_millis(100_000);
    let kinds: Vec<_> = history.run(Command::Start(Start)).iter().map(adw_core::Event::kind).collect();
    assert_eq!(kinds, [EventKind::StageStarted]);
    assert_eq!(history.workflow.stages[1].answered, None);
}

#[test]
fn a_workflow_that_waits_can_be_cancelled_and_moved() {
    let mut cancelled = at_test();
    let asked = ask(&mut cancelled, 1);
    let mut moved = cancelled.clone();
    cancelled.run(Command::Cancel(Cancel::default()));
    assert_eq!(cancelled.workflow.status, Status::Cancelled);
    assert_eq!(cancelled.decide(&answer(&asked)), Err(Refusal::NothingAsked));

    let to = SetStatus { current_stage: Some(name("implement")), ..SetStatus::default() };
    moved.run(Command::SetStatus(to));
    assert!(moved.workflow.waiting.is_none() && moved.workflow.is_runnable());
    assert_eq!(moved.decide(&answer(&asked)), Err(Refusal::NothingAsked));
}

/// Asks a question that is answered with no after a minute, and says when that is.
fn ask_with_default(history: &mut History) -> (Question, Timestamp) {
    let until = history.at.plus_millis(60_000);
    let default = Some(DefaultAnswer { until, answer: json!("no") });
    let asked = Question { default, ..question(history, 3) };
    let waiting = Waiting::Question(Box::new(asked.clone()));
    history.run(Command::Suspend(Suspend { waiting, attempt: asked.attempt }));
    (asked, until)
}

#[test]
fn a_question_that_nobody_answers_in_time_is_answered_by_its_default() {
    let mut history = at_test();
    let (asked, until) = ask_with_default(&mut history);
    assert_eq!(history.workflow.due(), Some(until));
    assert_eq!(history.decide(&Command::Expire(Expire)), Ok(Vec::new()), "there is time left");
    history.at = until;
    let events = history.run(Command::Expire(Expire));
    let [Event::QuestionAnswered { answer: given, call: 3, by_default: true, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(given, &json!("no"));
    assert_eq!(history.decide(&Command::Expire(Expire)), Ok(Vec::new()), "once");
    assert_eq!(history.decide(&answer(&asked)), Err(Refusal::NothingAsked), "a person comes too late");
    history.start();
    assert_eq!(history.workflow.stages[1].answered.as_ref().unwrap().answer, json!("no"));
}

#[test]
fn whoever_answers_in_time_is_not_overruled_by_a_default() {
    let mut history = at_test();
    let (asked, until) = ask_with_default(&mut history);
    let events = history.run(answer(&asked));
    assert!(matches!(&events[..], [Event::QuestionAnswered { by_default: false, .. }]), "{events:?}");
    history.at = until;
    assert_eq!(history.decide(&Command::Expire(Expire)), Ok(Vec::new()));
}

#[test]
fn a_default_is_not_taken_while_it_is_paused() {
    let mut history = at_test();
    let (_, until) = ask_with_default(&mut history);
    history.run(Command::Pause(Pause::default()));
    history.at = until.plus_millis(1);
    assert_eq!(history.decide(&Command::Expire(Expire)), Ok(Vec::new()));
    history.run(Command::Resume(Resume));
    assert_eq!(history.run(Command::Expire(Expire)).len(), 1);
}

#[test]
fn nothing_but_a_question_expires() {
    let mut waits = at_test();
    waits.end(AttemptResult::Retryable { class: "network".to_owned(), message: String::new() });
    let mut asks = at_test();
    ask(&mut asks, 3);
    for mut history in [at_test(), waits, asks] {
        history.at = history.at.plus_millis(1_000_000_000);
        assert_eq!(
            history.decide(&Command::Expire(Expire)),
            Ok(Vec::new()),
            "{:?}",
            history.workflow.waiting
        );
    }
}
