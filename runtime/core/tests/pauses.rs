//! What a pause does to a workflow: nothing of it goes on, and nothing that happens meanwhile is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::fmt::Write;

use adw_core::{
    Answer, AttemptResult, Cancel, Command, Event, EventKind, Interrupt, Pause, Question, Refusal, Resume,
    Retry, SetStatus, StageStatus, Start, Status, Suspend, Waiting,
};
use serde_json::json;
use support::{History, done, name, pipeline};

fn pause() -> Command {
    Command::Pause(Pause { reason: Some("the budget is being looked at".to_owned()) })
}

/// Where a workflow is when it is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Queued,
    Running,
    CutOff,
    Timer,
    Question,
    Answered,
}

impl At {
    const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::CutOff, Self::Timer, Self::Question, Self::Answered];

    fn history(self) -> History {
        let mut history = History::new(pipeline(&["implement", "test"]));
        if self == Self::Queued {
            return history;
        }
        history.start();
        match self {
            Self::Queued | Self::Running => {}
            Self::CutOff => drop(history.run(Command::Interrupt(Interrupt { cause: "stop".to_owned() }))),
            Self::Timer => drop(history.end(AttemptResult::Retryable {
                class: "network".to_owned(),
                message: "no answer".to_owned(),
            })),
            Self::Question => drop(ask(&mut history)),
            Self::Answered => {
                let asked = ask(&mut history);
                history.run(answer(&asked));
            }
        }
        history
    }
}

fn ask(history: &mut History) -> Question {
    let stage = history.workflow.running_stage().unwrap();
    let (stage, attempt) = (stage.name.clone(), stage.attempt);
    let message = "Ready?".to_owned();
    let asked =
        Question { stage, attempt, call: 3, message, choices: Vec::new(), schema: None, default: None };
    let waiting = Waiting::Question(Box::new(asked.clone()));
    history.run(Command::Suspend(Suspend { waiting, attempt }));
    asked
}

fn answer(question: &Question) -> Command {
    Command::Answer(Answer::to(question, json!("yes"), None))
}

fn kinds(events: &[Event]) -> Vec<EventKind> {
    events.iter().map(Event::kind).collect()
}

#[test]
fn wherever_it_is_a_pause_holds_it_and_it_goes_on_where_it_was() {
    let mut table = String::new();
    for at in At::ALL {
        let mut held = at.history();
        let before = held.workflow.clone();
        let paused = held.run(pause());
        assert!(held.workflow.paused.is_some() && !held.workflow.is_runnable(), "{at:?}");
        assert_eq!(held.workflow.status, before.status, "{at:?}: it stands where it stood");
        assert_eq!(held.workflow.waiting, before.waiting, "{at:?}: what it waits on is the same");
        held.at = held.at.plus_millis(3_600_000);
        assert_eq!(held.decide(&Command::Start(Start)), Err(Refusal::NothingToStart), "{at:?}");

        held.run(Command::Resume(Resume));
        assert_eq!(held.workflow.paused, None);
        let mut free = at.history();
        if at == At::Running {
            free.run(Command::Interrupt(Interrupt { cause: "stop".to_owned() }));
        }
        free.at = free.at.plus_millis(3_600_000);
        let (held_goes, free_goes) =
            (held.decide(&Command::Start(Start)), free.decide(&Command::Start(Start)));
        assert_eq!(held_goes, free_goes, "{at:?}: as if it had not been paused");
        let then =
            held_goes.map_or_else(|refusal| refusal.to_string(), |events| format!("{:?}", kinds(&events)));
        let _ = writeln!(table, "{at:?}: {:?}; resumed: {then}", kinds(&paused));
    }
    insta::assert_snapshot!(table, @r"
    Queued: [WorkflowPaused]; resumed: [WorkflowStarted, StageStarted]
    Running: [StageInterrupted, WorkflowPaused]; resumed: [StageResumed]
    CutOff: [WorkflowPaused]; resumed: [StageResumed]
    Timer: [WorkflowPaused]; resumed: [StageStarted]
    Question: [WorkflowPaused]; resumed: nothing of this workflow can be started now
    Answered: [WorkflowPaused]; resumed: [StageResumed]
    ");
}

#[test]
fn the_attempt_that_it_cuts_off_goes_on_and_costs_no_try() {
    let mut history = At::Running.history();
    for _ in 0..10 {
        history.run(pause());
        assert_eq!(history.workflow.running_stage(), None);
        history.run(Command::Resume(Resume));
        let begun = history.run(Command::Start(Start));
        assert_eq!(begun, [Event::StageResumed { stage: name("implement"), attempt: 1 }]);
    }
    let stage = &history.workflow.stages[0];
    assert_eq!((stage.attempt, stage.failures), (1, 0));
}

#[test]
fn a_second_pause_and_a_second_resume_change_nothing() {
    let mut history = At::Running.history();
    assert_eq!(history.decide(&Command::Resume(Resume)), Ok(Vec::new()), "it was not paused");
    history.run(pause());
    let paused = history.workflow.paused.clone().unwrap();
    assert_eq!(paused.reason.as_deref(), Some("the budget is being looked at"));
    assert_eq!(history.decide(&Command::Pause(Pause::default())), Ok(Vec::new()));
    assert_eq!(history.workflow.paused, Some(paused), "the first reason stays");
    history.run(Command::Resume(Resume));
    assert_eq!(history.decide(&Command::Resume(Resume)), Ok(Vec::new()));
}

#[test]
fn what_has_ended_is_neither_paused_nor_resumed() {
    let mut said = String::new();
    for status in [Status::Completed, Status::Failed, Status::Cancelled] {
        let mut history = At::Running.history();
        history.run(Command::SetStatus(SetStatus { status: Some(status), ..SetStatus::default() }));
        for command in [pause(), Command::Resume(Resume)] {
            assert_eq!(history.decide(&command), Err(Refusal::NothingToPause(status)));
        }
        let _ = writeln!(said, "{}", Refusal::NothingToPause(status));
    }
    insta::assert_snapshot!(said, @r"
    a workflow that is completed can be neither paused nor resumed: nothing of it goes on by itself
    a workflow that is failed can be neither paused nor resumed: nothing of it goes on by itself; a retry lets it go on
    a workflow that is cancelled can be neither paused nor resumed: nothing of it goes on by itself
    ");
}

#[test]
fn a_question_is_answered_while_it_is_paused_and_the_answer_waits() {
    let mut history = At::Question.history();
    history.run(pause());
    let asked = history.workflow.question().cloned().unwrap();
    history.run(answer(&asked));
    assert!(history.workflow.waiting.is_none() && !history.workflow.is_runnable());
    assert_eq!(history.decide(&Command::Start(Start)), Err(Refusal::NothingToStart));
    history.run(Command::Resume(Resume));
    assert_eq!(kinds(&history.run(Command::Start(Start))), [EventKind::StageResumed]);
    assert_eq!(history.workflow.stages[0].answered.as_ref().unwrap().answer, json!("yes"));
}

#[test]
fn nothing_of_it_falls_due_until_it_is_resumed() {
    let mut history = At::Timer.history();
    let due = history.workflow.due();
    assert!(due.is_some());
    history.run(pause());
    assert_eq!(history.workflow.due(), None);
    history.run(Command::Resume(Resume));
    assert_eq!(history.workflow.due(), due);
}

#[test]
fn the_end_of_an_attempt_that_comes_after_the_pause_is_stale() {
    let mut history = At::Running.history();
    let late = history.end_command(done("too late"));
    let question = Question {
        stage: name("implement"),
        attempt: 1,
        call: 1,
        message: "?".to_owned(),
        choices: Vec::new(),
        schema: None,
        default: None,
    };
    let suspend = Suspend { waiting: Waiting::Question(Box::new(question)), attempt: 1 };
    history.run(pause());
    for late in [late, Command::Suspend(suspend)] {
        let stale = Refusal::StaleAttempt { stage: name("implement"), attempt: 1 };
        assert_eq!(history.decide(&late), Err(stale), "its journal has it, and so it comes again");
    }
}

#[test]
fn a_person_ends_and_moves_what_is_paused() {
    for at in At::ALL {
        let mut ended = at.history();
        ended.run(pause());
        let mut moved = ended.clone();
        ended.run(Command::Cancel(Cancel::default()));
        assert_eq!((ended.workflow.status, &ended.workflow.paused), (Status::Cancelled, &None), "{at:?}");

        let to = SetStatus { current_stage: Some(name("test")), ..SetStatus::default() };
        moved.run(Command::SetStatus(to));
        assert!(moved.workflow.paused.is_some(), "{at:?}: it stays where it was put");
        assert_eq!(moved.workflow.current_stage(), Some(&name("test")));
        assert_eq!(moved.decide(&Command::Start(Start)), Err(Refusal::NothingToStart), "{at:?}");
        moved.run(Command::Resume(Resume));
        assert_eq!(moved.run(Command::Start(Start)).last().map(Event::kind), Some(EventKind::StageStarted));
    }
}

#[test]
fn what_was_failed_by_hand_while_it_was_paused_is_retried_and_not_held() {
    let mut history = At::Running.history();
    history.run(pause());
    history.run(Command::SetStatus(SetStatus { status: Some(Status::Failed), ..SetStatus::default() }));
    history.run(Command::Retry(Retry::default()));
    assert!(history.workflow.is_runnable());
    history.start();
    assert_eq!(history.workflow.stages[0].status, StageStatus::Running);
}
