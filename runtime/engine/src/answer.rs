//! A person's answer, held against what was asked.

use std::path::PathBuf;

use adw_core::{Answer, HandWork, Question, Refusal, Waiting, is_too_deep};
use adw_host::JsonSchema;
use adw_store::Stored;
use adw_workspace::WorkspaceError;
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
    /// Work by hand is said to be done, and there is none.
    #[error(
        "nothing has changed in the worktree {} since it was asked (what git ignores doesn't count): do the work there \
         and answer {:?} again, or {:?} if it can't be done",
        worktree.display(),
        HandWork::DONE,
        HandWork::FAILED
    )]
    NothingDone {
        /// Where it was to be done.
        worktree: PathBuf,
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
    if let Some(Waiting::AgentByHand(work)) = &stored.workflow.waiting
        && answer.answer.as_str() == Some(HandWork::DONE)
        && is_undone(engine, &stored, &work.question).await
    {
        return Err(AnswerError::NothingDone { worktree: work.worktree.clone() });
    }
    Ok(engine.command(adw_id, &adw_core::Command::Answer(answer), expected).await?)
}

/// Whether the worktree is what it was when the work was asked for. Where that can't be seen now, the stage finds out.
async fn is_undone(engine: &Inner, stored: &Stored, asked: &Question) -> bool {
    let adw_id = &stored.workflow.adw_id;
    match changed(engine, stored, asked).await {
        Ok(changed) => changed.is_some_and(|paths| paths.is_empty()),
        Err(reason) => {
            tracing::warn!(%adw_id, reason, "whether work was done by hand can't be seen");
            false
        }
    }
}

/// What differs in the worktree from what it was before the call that asks; none where either is gone.
async fn changed(engine: &Inner, stored: &Stored, asked: &Question) -> Result<Option<Vec<String>>, String> {
    let workflow = &stored.workflow;
    let calls = engine.calls.attempt(stored.id, &asked.stage, asked.attempt);
    let Some(before) = calls.before(asked.call).await.map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    let pipeline = engine.ledger.pipeline(workflow).await.map_err(|error| error.to_string())?;
    let project = &pipeline.project;
    let changes = async {
        let repository = engine.workspaces.open(&project.repo, project.base.as_deref()).await?;
        let found = engine.workspaces.find(workflow.adw_id.as_str(), &repository, &workflow.branch()).await?;
        let Some(workspace) = found else { return Ok(None) };
        workspace.changes(&before.checkpoint).await.map(Some)
    };
    changes.await.map_err(|error: WorkspaceError| error.to_string())
}

/// Whether an answer fits a question. A schema may take its time over it.
pub(crate) fn judge(question: &Question, given: &NewAnswer) -> Result<(), AnswerError> {
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
