use crate::{Event, Timestamp, Workflow};

/// A time that was given may be up: to a question, which is answered by its default then, or to all of the workflow, which
/// has failed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expire;

impl Expire {
    pub(super) fn decide(workflow: &Workflow, at: Timestamp) -> Vec<Event> {
        if let Some(failed) = out_of_time(workflow, at) {
            return vec![failed];
        }
        if workflow.due().is_none_or(|due| due > at) {
            return Vec::new();
        }
        let answered = workflow.question().and_then(|question| {
            let default = question.default.as_ref()?;
            Some(Event::QuestionAnswered {
                stage: question.stage.clone(),
                attempt: question.attempt,
                call: question.call,
                answer: default.answer.clone(),
                note: None,
                by_default: true,
            })
        });
        answered.into_iter().collect()
    }
}

/// The end of a workflow whose time is counted at the moment, and is up.
pub(super) fn out_of_time(workflow: &Workflow, at: Timestamp) -> Option<Event> {
    workflow.spent.wall_since?;
    let used_up = workflow.pipeline.budget.out_of_time(&workflow.spent, at)?;
    let error_message = match workflow.failure() {
        Some(failure) => format!("{failure}\n({used_up})"),
        None => used_up.to_string(),
    };
    Some(Event::WorkflowFailed { error_message, by_hand: false })
}
