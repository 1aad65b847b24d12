//! A person's answer, held against what was asked.

use std::path::{Path, PathBuf};

use adw_core::{Answer, HandWork, Question, Refusal, Waiting, is_too_deep};
use adw_host::JsonSchema;
use adw_store::Stored;
use adw_workspace::{Tip, WorkspaceError};
use serde_json::Value;

use crate::{CommandError, inner::Inner, live::quoted};

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
    /// Work by hand is said to be done, and where it was to be done is no more.
    #[error(
        "the worktree {} is gone, and what was done there with it{}",
        quoted(worktree),
        again(worktree, git_dir, branch, tip)
    )]
    WorktreeGone {
        /// Where it was to be done.
        worktree: PathBuf,
        /// The repository that it belongs to.
        git_dir: PathBuf,
        /// The branch that is to be checked out there.
        branch: String,
        /// What it can be made of.
        tip: Tip,
    },
    /// Nothing is asked, or the workflow can't take it.
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// How a worktree that is gone is made again, where there is anything to make it of.
fn again(worktree: &Path, git_dir: &Path, branch: &str, tip: &Tip) -> String {
    let add = format!("git --git-dir={} worktree add --force", quoted(git_dir));
    let (worktree, done, failed) = (quoted(worktree), HandWork::DONE, HandWork::FAILED);
    let (gone, command) = match tip {
        Tip::Branch => ("", format!("{add} {worktree} {branch}")),
        Tip::Remembered(commit) => {
            (", and so is its branch", format!("{add} -b {branch} {worktree} {commit}"))
        }
        Tip::Nothing => {
            return format!(
                ", and so is its branch {branch}: nothing is left to go on from; answer {failed:?}, and hand the task over anew"
            );
        }
    };
    format!(
        "{gone}: make it again with `{command}`, do the work there and answer {done:?} then, or {failed:?} if it can't be done"
    )
}

/// Checks the answer against the question that the workflow waits on, and lets the workflow go on with it. `expected` is
/// the version that the person saw.
pub(crate) async fn answer(
    engine: &Inner,
    adw_id: &adw_core::AdwId,
    given: NewAnswer,
    expected: Option<u64>,
) -> Result<Stored, AnswerError> {
    // Whoever answers again because they heard nothing may have been heard: that is followed here at the latest.
    let stored = engine.ledger.look(adw_id, |stored| engine.react(stored)).await?;
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
    {
        check_done(engine, &stored, work).await?;
    }
    Ok(engine.command(adw_id, &adw_core::Command::Answer(answer), expected).await?)
}

/// Refuses work by hand of which nothing can be seen. Where it can't be looked at now, the stage finds out.
async fn check_done(engine: &Inner, stored: &Stored, work: &HandWork) -> Result<(), AnswerError> {
    let adw_id = &stored.workflow.adw_id;
    let worktree = work.worktree.clone();
    match seen(engine, stored, &work.question).await {
        Ok(Seen::Unchanged) => Err(AnswerError::NothingDone { worktree }),
        Ok(Seen::Gone { git_dir, tip }) => {
            Err(AnswerError::WorktreeGone { worktree, git_dir, branch: stored.workflow.branch(), tip })
        }
        Ok(Seen::Changed | Seen::Unknown) => Ok(()),
        Err(reason) => {
            tracing::warn!(%adw_id, reason, "whether work was done by hand can't be seen");
            Ok(())
        }
    }
}

/// The worktree, held against what it was before the call that asks.
enum Seen {
    Changed,
    Unchanged,
    /// It is no worktree of this repository any more.
    Gone {
        git_dir: PathBuf,
        tip: Tip,
    },
    /// What it was is not known.
    Unknown,
}

async fn seen(engine: &Inner, stored: &Stored, asked: &Question) -> Result<Seen, String> {
    let workflow = &stored.workflow;
    let calls = engine.calls.attempt(stored.id, &asked.stage, asked.attempt);
    let Some(before) = calls.before(asked.call).await.map_err(|error| error.to_string())? else {
        return Ok(Seen::Unknown);
    };
    let pipeline = engine.ledger.pipeline(workflow).await.map_err(|error| error.to_string())?;
    let project = &pipeline.project;
    let seen = async {
        let repository = engine.workspaces.open(&project.repo, project.base.as_deref()).await?;
        let (adw_id, branch) = (workflow.adw_id.as_str(), workflow.branch());
        let Some(workspace) = engine.workspaces.find(adw_id, &repository, &branch).await? else {
            let tip = engine.workspaces.tip(adw_id, &repository, &branch).await?;
            return Ok(Seen::Gone { git_dir: repository.git_dir().to_owned(), tip });
        };
        let changes = workspace.changes(&before.checkpoint).await?;
        Ok(if changes.is_empty() { Seen::Unchanged } else { Seen::Changed })
    };
    seen.await.map_err(|error: WorkspaceError| error.to_string())
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
