use crate::{Event, Timestamp, Workflow};

/// The time that a question was given may be up: it is answered by its default then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expire;

impl Expire {
    pub(super) fn decide(workflow: &Workflow, at: Timestamp) -> Vec<Event> {
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
