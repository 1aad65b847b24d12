//! How the words of the model and those of core meet.

use adw_core::{
    Answer, AttemptResult, Cancel, Command, DefaultAnswer, EndAttempt, Expire, Interrupt, Output, Pause,
    Question, Refusal, Resume, Retry, RetryBy, SetStatus, StageName, StageStatus, Start, Status, Suspend,
    Timestamp, Waiting, Workflow,
};
use serde_json::json;

use crate::{
    campaign::Agreed,
    reference::{Asked, At, How, Model, No, Standing, Waits},
};

/// A call whose number the model doesn't know.
pub const ANY_CALL: u32 = u32::MAX;

/// By place. The last is of no pipeline.
pub const NAMES: [&str; 5] = ["plan", "implement", "review", "test", "unknown"];

pub fn name(stage: usize) -> StageName {
    NAMES[stage].parse().unwrap()
}

fn place(stage: &StageName) -> usize {
    NAMES.iter().position(|name| stage == name).unwrap()
}

pub fn millis(time: Timestamp) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

pub fn time(millis: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(millis).unwrap())
}

pub fn command(asked: Asked, chance: u32) -> Command {
    match asked {
        Asked::Start => Command::Start(Start),
        Asked::End { stage, attempt, how } => {
            Command::EndAttempt(EndAttempt { stage: name(stage), attempt, result: result(how), chance })
        }
        Asked::Question { stage, attempt, call, until } => {
            let default = until.map(|until| DefaultAnswer { until: time(until), answer: json!("no") });
            let (stage, message) = (name(stage), "?".to_owned());
            let question =
                Question { stage, attempt, call, message, choices: Vec::new(), schema: None, default };
            Command::Suspend(Suspend { waiting: Waiting::Question(Box::new(question)), attempt })
        }
        Asked::Sleep { stage, attempt, until } => {
            let (until, message) = (time(until), "it sleeps".to_owned());
            let waiting = Waiting::Timer { stage: name(stage), until, message, goes_on: true };
            Command::Suspend(Suspend { waiting, attempt })
        }
        Asked::Answer { stage, attempt, call } => {
            Command::Answer(Answer { stage: name(stage), attempt, call, answer: json!("yes"), note: None })
        }
        Asked::TimeIsUp => Command::Expire(Expire),
        Asked::CutOff => Command::Interrupt(Interrupt { cause: "a stop".to_owned() }),
        Asked::Pause => Command::Pause(Pause::default()),
        Asked::Resume => Command::Resume(Resume),
        Asked::Cancel => Command::Cancel(Cancel::default()),
        Asked::Retry { from } => Command::Retry(Retry { from: from.map(name), by: RetryBy::Present }),
        Asked::ByHand { to, stage, result, error } => Command::SetStatus(SetStatus {
            status: to.map(status),
            current_stage: stage.map(name),
            result: result.then(|| json!({"noted": true})),
            error_message: error.then(|| "noted".to_owned()),
        }),
    }
}

fn result(how: How) -> AttemptResult {
    match how {
        How::Done => AttemptResult::Done(Output { summary: "done".to_owned(), data: json!({}) }),
        How::Skipped => AttemptResult::Skipped { reason: "nothing to do".to_owned() },
        How::Retryable { class } => {
            AttemptResult::Retryable { class: class.to_owned(), message: "no answer".to_owned() }
        }
        How::Fatal => AttemptResult::Fatal { message: "no way".to_owned() },
        How::Rework => AttemptResult::Rework { feedback: "wrong".to_owned() },
    }
}

const fn status(standing: Standing) -> Status {
    match standing {
        Standing::Pending => Status::Pending,
        Standing::Running => Status::Running,
        Standing::Completed => Status::Completed,
        Standing::Failed => Status::Failed,
        Standing::Cancelled => Status::Cancelled,
    }
}

pub fn no(refusal: &Refusal) -> No {
    match refusal {
        Refusal::Taken(_) => panic!("no id was given twice"),
        Refusal::IllegalMove { .. } => No::IllegalMove,
        Refusal::NoSuchStage { .. } => No::UnknownStage,
        Refusal::NothingToPause(_) => No::NothingToPause,
        Refusal::NothingToStart => No::NothingToStart,
        Refusal::StaleAttempt { .. } => No::StaleAttempt,
        Refusal::NothingAsked => No::NothingAsked,
        Refusal::StageOfEnded(_) => No::StageOfEnded,
        Refusal::OverBudget(used_up) => panic!("there is no budget: {used_up}"),
        Refusal::Unfit(unfit) => panic!("adw.toml stays as it is: {unfit}"),
    }
}

/// Everything of a workflow that the model has a word for.
#[derive(Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "they are what is compared, each by itself")]
struct Picture {
    status: String,
    stages: Vec<String>,
    current: Option<usize>,
    waits: Option<Waits>,
    due: Option<u64>,
    paused: bool,
    has_result: bool,
    has_error: bool,
    has_an_end: bool,
    progress: usize,
}

/// Whether they agree. What the model leaves open is as the workflow has it from then on: the time of the next try, if it is
/// one that may be, and the call that asks.
pub fn compare(model: &mut Model, workflow: &Workflow) -> Agreed {
    if let (Some(Waits::Question { call, .. }), Some(question)) = (&mut model.waits, workflow.question())
        && *call == ANY_CALL
    {
        *call = question.call;
    }
    if let (
        Some(Waits::Timer { stage, earliest, latest }),
        Some(Waiting::Timer { until, goes_on: false, .. }),
    ) = (model.waits, &workflow.waiting)
        && (earliest..=latest).contains(&millis(*until))
    {
        model.waits = Some(Waits::Timer { stage, earliest: millis(*until), latest: millis(*until) });
    }
    let (is, expected) = (of_workflow(workflow), of_model(model));
    if is == expected { Ok(()) } else { Err(format!("it is\n{is:#?}\nand by the model\n{expected:#?}")) }
}

fn of_model(model: &Model) -> Picture {
    let due = match model.waits {
        Some(Waits::Timer { latest: over, .. } | Waits::Sleep { until: over, .. }) => Some(over),
        Some(Waits::Question { until, .. }) => until,
        None => None,
    };
    let stage = |stage: &crate::reference::Stage| {
        let goes_on = stage.goes_on && !model.has_ended();
        picture_of_stage(at(stage.at), stage.attempt, stage.failures, stage.reworks, goes_on)
    };
    Picture {
        status: status(model.standing).as_str().to_owned(),
        stages: model.stages.iter().map(stage).collect(),
        current: model.current(),
        waits: model.waits,
        due: due.filter(|_| !model.paused),
        paused: model.paused,
        has_result: model.has_result,
        has_error: model.has_error,
        has_an_end: model.has_ended(),
        progress: model.progress,
    }
}

fn of_workflow(workflow: &Workflow) -> Picture {
    let stage = |stage: &adw_core::Stage| {
        // It matters to one that is to run, or that sleeps.
        let is_to_run = match stage.status {
            StageStatus::Pending => workflow.completed_at.is_none(),
            StageStatus::Waiting => matches!(workflow.waiting, Some(Waiting::Timer { .. })),
            _ => false,
        };
        let goes_on = stage.goes_on() && is_to_run;
        picture_of_stage(stage.status.as_str(), stage.attempt, stage.failures, stage.reworks, goes_on)
    };
    Picture {
        status: workflow.status.as_str().to_owned(),
        stages: workflow.stages.iter().map(stage).collect(),
        current: workflow.current_stage().map(place),
        waits: workflow.waiting.as_ref().map(waits),
        due: workflow.due().map(millis),
        paused: workflow.paused.is_some(),
        has_result: workflow.result.is_some(),
        has_error: workflow.error_message.is_some(),
        has_an_end: workflow.completed_at.is_some(),
        progress: workflow.progress.into(),
    }
}

fn picture_of_stage(at: &str, attempt: u32, failures: u32, reworks: u32, goes_on: bool) -> String {
    let goes_on = if goes_on { ", goes on" } else { "" };
    format!("{at}, attempt {attempt}, failures {failures}, reworks {reworks}{goes_on}")
}

const fn at(at: At) -> &'static str {
    match at {
        At::Pending => "pending",
        At::Running => "running",
        At::Waiting => "waiting",
        At::Completed => "completed",
        At::Skipped => "skipped",
        At::Failed => "failed",
        At::Cancelled => "cancelled",
    }
}

fn waits(waiting: &Waiting) -> Waits {
    match waiting {
        Waiting::Timer { stage, until, goes_on: true, .. } => {
            Waits::Sleep { stage: place(stage), until: millis(*until) }
        }
        Waiting::Timer { stage, until, .. } => {
            Waits::Timer { stage: place(stage), earliest: millis(*until), latest: millis(*until) }
        }
        Waiting::Question(question) => Waits::Question {
            stage: place(&question.stage),
            attempt: question.attempt,
            call: question.call,
            until: question.default.as_ref().map(|default| millis(default.until)),
        },
        Waiting::AgentByHand(_) => panic!("nobody was asked to work by hand"),
    }
}
