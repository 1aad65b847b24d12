//! A person's answer, held against what was asked.

use adw_core::{Answer, Question, Refusal, is_too_deep};
use adw_host::JsonSchema;
use adw_store::Stored;
use serde_json::Value;

use crate::{CommandError, inner::Inner};

/// The longest answer, in bytes of JSON.
const LONGEST_ANSWER: usize = 256 << 10;
/// The longest note beside it, in bytes.
const LONGEST_NOTE: usize = 16 << 10;

/// What a person answers.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAnswer {
    /// The answer: one of the choices, what the schema asks for, or anything.
    pub answer: Value,
    /// What there is to say beside it.
    pub note: Option<String>,
}

/// Why an answer was not taken.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// It doesn't fit the question. `field` is the member of the request.
    #[error("{message}")]
    Invalid {
        /// The member of the request that is wrong.
        field: &'static str,
        /// What is wrong, and what would do.
        message: String,
    },
    /// Nothing is asked, or the workflow can't take it.
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// Checks the answer against the question that the workflow waits on, and lets the workflow go on with it. `expected` is
/// the version that the person saw.
pub(crate) async fn answer(
    engine: &Inner,
    adw_id: &adw_core::AdwId,
    given: NewAnswer,
    expected: Option<u64>,
) -> Result<Stored, AnswerError> {
    let stored = engine.ledger.current(adw_id).await?;
    let question = stored.workflow.question().ok_or(CommandError::Refused(Refusal::NothingAsked))?.clone();
    // A schema may take its time over a large answer.
    let judged = tokio::task::spawn_blocking(move || match judge(&question, &given) {
        Ok(()) => Ok(Answer::to(&question, given.answer, given.note)),
        Err(error) => Err(error),
    });
    let answer = judged.await.map_err(|error| CommandError::Broken {
        adw_id: adw_id.clone(),
        reason: format!("the answer could not be checked: {error}"),
    })??;
    Ok(engine.command(adw_id, &adw_core::Command::Answer(answer), expected).await?)
}

fn judge(question: &Question, given: &NewAnswer) -> Result<(), AnswerError> {
    let invalid = |message: String| Err(AnswerError::Invalid { field: "answer", message });
    let NewAnswer { answer, note } = given;
    if note.as_ref().is_some_and(|note| note.len() > LONGEST_NOTE) {
        let message = format!("a note may have {LONGEST_NOTE} bytes at the most");
        return Err(AnswerError::Invalid { field: "note", message });
    }
    if is_too_deep(answer) {
        return invalid("the answer is nested too deep".to_owned());
    }
    if answer.to_string().len() > LONGEST_ANSWER {
        return invalid(format!("an answer may have {LONGEST_ANSWER} bytes of JSON at the most"));
    }
    let chosen = answer.as_str().is_some_and(|answer| question.choices.iter().any(|choice| choice == answer));
    if !question.choices.is_empty() && !chosen {
        let choices: Vec<String> = question.choices.iter().map(|choice| format!("{choice:?}")).collect();
        return invalid(format!("the answer must be one of {}", choices.join(", ")));
    }
    let Some(schema) = &question.schema else { return Ok(()) };
    // That the schema can be used was checked before the question was asked.
    match JsonSchema::new(schema).map(|schema| schema.check(answer)) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(mismatch)) => invalid(format!("the answer doesn't fit the question's schema: {mismatch}")),
        Err(error) => invalid(error.to_string()),
    }
}
