//! human: asking a person. The attempt is dropped, and goes on over its journal once there is an answer.

use adw_core::{Answered, DefaultAnswer, Question, Waiting};
use adw_host::{CallError, JsonSchema, Reply, Stop, Suspension, capability::human};

use super::Live;
use crate::{
    NewAnswer,
    answer::judge,
    logs::{LogLevel, LogSource},
};

/// Whether answers can be held against it.
async fn usable(schema: serde_json::Value) -> Result<(), CallError> {
    let read = tokio::task::spawn_blocking(move || JsonSchema::new(&schema).map(drop)).await;
    match read {
        Ok(usable) => usable.map_err(|error| CallError::Invalid(error.to_string())),
        Err(error) => Err(CallError::Invalid(format!("the JSON Schema can't be used: {error}"))),
    }
}

impl Live {
    pub(super) async fn human(&self, n: u32, asked: human::Question) -> Result<adw_host::Answer, Stop> {
        if let Some(answered) = self.answer_to(n) {
            return Ok(Ok(Reply::Human(answered.answer.clone())));
        }
        // A person must not be the first to notice that no answer can ever fit.
        if let Some(schema) = asked.schema.clone()
            && let Err(error) = usable(schema).await
        {
            return Ok(Err(error));
        }
        // What the person may look at, or change, meanwhile.
        if let Err(error) = self.leave().await {
            return Ok(Err(error));
        }
        let human::Question { text, choices, schema } = asked;
        let question = Question { choices, schema, ..self.question(n, text) };
        let default = self.default_for(&question).await;
        let question = Question { default, ..question };
        Err(self.suspend(Waiting::Question(Box::new(question))))
    }

    /// What adw.toml has for questions that nobody answers, where that is an answer to this one.
    async fn default_for(&self, question: &Question) -> Option<DefaultAnswer> {
        let policy = self.options.spec.questions.as_ref()?;
        let until = self.now().plus_millis(policy.timeout_ms);
        let (asked, given) = (question.clone(), NewAnswer { answer: policy.default.clone(), note: None });
        let judged = tokio::task::spawn_blocking(move || judge(&asked, &given)).await;
        let why = match judged {
            Ok(Ok(())) => return Some(DefaultAnswer { until, answer: policy.default.clone() }),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        let stage = &self.options.spec.name;
        let message = format!(
            "stages.{stage}.question_default is no answer to this question, which waits for a person: {why}"
        );
        self.say(LogLevel::Warn, LogSource::Runtime, message).await;
        None
    }

    /// What a person answered to this call.
    pub(super) fn answer_to(&self, n: u32) -> Option<&Answered> {
        let stage = self.options.workflow.stage(&self.options.spec.name)?;
        stage.answered.as_ref().filter(|answered| answered.call == n)
    }

    /// A question of this call, to be answered with anything.
    pub(super) fn question(&self, n: u32, message: String) -> Question {
        let (stage, attempt) = (self.options.spec.name.clone(), self.options.attempt);
        Question { stage, attempt, call: n, message, choices: Vec::new(), schema: None, default: None }
    }

    /// Ends this run of the attempt, which is to go on when what it waits on is there.
    pub(super) fn suspend(&self, waiting: Waiting) -> Stop {
        let why = match &waiting {
            Waiting::Timer { .. } => adw_host::Waiting::Timer,
            Waiting::Question(_) => adw_host::Waiting::Question,
            Waiting::AgentByHand(_) => adw_host::Waiting::AgentByHand,
        };
        let until_ms = waiting.until().map(|until| u64::try_from(until.as_millis()).unwrap_or(0));
        // A guest makes one call at a time, and none after this one.
        let _ = self.waiting.set(waiting);
        Stop::Suspended(Suspension { why, until_ms, session: None })
    }

    /// What the attempt was suspended for.
    pub(crate) fn waiting(&self) -> Option<&Waiting> {
        self.waiting.get()
    }
}
