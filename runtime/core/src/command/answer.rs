use serde_json::Value;

use crate::{Event, Question, Refusal, StageName, Workflow};

/// A person answers the question that a workflow waits on. That the answer fits the question has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The stage that asked.
    pub stage: StageName,
    /// The attempt that asked.
    pub attempt: u32,
    /// The call that asked: a later question needs an answer of its own.
    pub call: u32,
    /// The answer.
    pub answer: Value,
    /// What the person said beside it.
    pub note: Option<String>,
}

impl Answer {
    /// An answer to this question.
    pub fn to(question: &Question, answer: Value, note: Option<String>) -> Self {
        let Question { stage, attempt, call, .. } = question;
        Self { stage: stage.clone(), attempt: *attempt, call: *call, answer, note }
    }

    pub(super) fn decide(&self, workflow: &Workflow) -> Result<Vec<Event>, Refusal> {
        let asked = workflow.question().ok_or(Refusal::NothingAsked)?;
        if (&asked.stage, asked.attempt, asked.call) != (&self.stage, self.attempt, self.call) {
            return Err(Refusal::NothingAsked);
        }
        let Self { stage, attempt, call, answer, note } = self.clone();
        Ok(vec![Event::QuestionAnswered { stage, attempt, call, answer, note, by_default: false }])
    }
}
