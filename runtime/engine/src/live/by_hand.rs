//! The agent `manual`: a person does what an agent would, in the workflow's worktree, and says when it is done.

use std::path::Path;

use adw_core::{Answered, HandWork, Question, Waiting};
use adw_host::{
    CallError, Stop,
    capability::agent::{Answer, Failed, Request},
};

use super::{Live, doubt::Found, workspace::answer};
use crate::agents::{ByHand, MANUAL};

impl Live {
    /// Asks a person to do it.
    pub(super) async fn ask_by_hand(
        &self,
        n: u32,
        request: Request,
        why: ByHand,
    ) -> Result<Result<Answer, CallError>, Stop> {
        match self.prepare_hand_work(n, request, why).await {
            Ok(work) => Err(self.suspend(Waiting::AgentByHand(Box::new(work)))),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn prepare_hand_work(&self, n: u32, request: Request, why: ByHand) -> Result<HandWork, CallError> {
        if request.schema.is_some() {
            return Err(CallError::Unavailable(
                "work that is done by hand leaves files, and no JSON: ask without a schema, or name another agent"
                    .to_owned(),
            ));
        }
        self.found(n, "before work by hand", None).await?;
        let kept = self.log.keep_prompt(&request.prompt).await;
        let prompt_file =
            kept.map_err(|error| CallError::Unavailable(format!("keeping the prompt: {error}")))?;
        let worktree = self.workspace().await?.path().to_owned();
        let stage = &self.options.spec.name;
        let message = format!(
            "stage {stage} is to be done by hand, because {why}. Do in the worktree what the prompt asks for, and answer \
             {:?} then, or {:?} if it can't be done.",
            HandWork::DONE,
            HandWork::FAILED,
        );
        let choices = [HandWork::DONE, HandWork::FAILED].map(str::to_owned).to_vec();
        Ok(HandWork {
            question: Question { choices, ..self.question(n, message) },
            prompt: request.prompt,
            command: show_prompt(&worktree, &prompt_file),
            worktree,
        })
    }

    /// The person has answered: what they changed is what the agent would have changed.
    pub(super) async fn done_by_hand(&self, n: u32, answered: &Answered) -> Result<Answer, CallError> {
        let note = answered.note.clone();
        if answered.answer.as_str() != Some(HandWork::DONE) {
            let message = note.unwrap_or_else(|| "a person says that it can't be done".to_owned());
            return Err(CallError::Agent(Failed { class: "refused".to_owned(), message, session: None }));
        }
        let Found::InDoubt(before) = self.found(n, "after work by hand", None).await? else {
            let message = "what the worktree was before the work by hand is not known".to_owned();
            return Err(CallError::Interrupted(message));
        };
        let workspace = self.workspace().await?;
        // What the person did is not to be lost for want of space: it would be done again from the start.
        let changes = self.insist(|| workspace.changes(&before.checkpoint)).await.map_err(answer)?;
        Ok(Answer {
            agent: MANUAL.to_owned(),
            text: note.unwrap_or_default(),
            structured: None,
            session: None,
            changes,
            usage: [].into(),
        })
    }
}

/// A line for a shell.
fn show_prompt(worktree: &Path, prompt: &Path) -> String {
    format!("cd {} && cat {}", quoted(worktree), quoted(prompt))
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
