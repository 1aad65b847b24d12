//! Calls in doubt: asked by an earlier run of the attempt, and not known to have come to anything.
//!
//! What such a call did to the worktree before a crash is not known either. So what was there before is noted first, and a
//! call that is made again begins from that.

use adw_host::CallError;

use super::{Live, workspace::answer};
use crate::{
    calls::{Asked, Before},
    logs::{LogLevel, LogSource},
};

/// What a call finds.
pub(super) enum Found {
    /// It is made for the first time.
    New(Before),
    /// It was made before, perhaps to its end.
    InDoubt(Before),
}

impl Live {
    /// Keeps the worktree as it is before a call, or finds what it was when the call was first made. `asked` is the agent
    /// that the call asks.
    pub(super) async fn found(&self, n: u32, moment: &str, asked: Option<Asked>) -> Result<Found, CallError> {
        if (self.options.resumed || self.has_run(n))
            && let Some(before) = self.noted(n).await?
        {
            return Ok(Found::InDoubt(before));
        }
        let (workspace, label) = (self.workspace().await?, self.label(moment));
        let kept = self.insist(|| workspace.checkpoint(&label, self.git_time())).await.map_err(answer)?;
        failure_point!(Checkpointing);
        let head = workspace.head().await.map_err(answer)?;
        let before = Before { checkpoint: kept.id, head, at: self.now(), asked };
        self.note(n, &before).await?;
        Ok(Found::New(before))
    }

    /// The worktree as it was before the call, whether it is made for the first time or again. Not for a call whose program
    /// was [begun](Self::begun): that one works on the tree.
    pub(super) async fn back_to_before(
        &self,
        n: u32,
        moment: &str,
        asked: Option<Asked>,
    ) -> Result<Before, CallError> {
        let found = self.found(n, moment, asked.clone()).await?;
        if !self.is_in_doubt(n) {
            // What lies in the place of its program is of another time: of a database that was put back, most likely.
            self.forget_program(n).await;
        }
        let before = match found {
            Found::New(before) => return Ok(before),
            Found::InDoubt(before) => before,
        };
        // Where there is room for a program, nothing has been done yet, or all was undone; and whoever was told to begin it,
        // just before a server was killed, may still do so.
        if self.state_of_program(n).await?.is_none() {
            self.restore(&before).await?;
            let message = format!(
                "call {n} was cut off: it is made again, on the worktree as it was before ({moment})"
            );
            self.say(LogLevel::Warn, LogSource::Runtime, message).await;
        }
        if before.asked == asked {
            return Ok(before);
        }
        let before = Before { asked, ..before };
        self.note(n, &before).await?;
        Ok(before)
    }

    /// Takes the worktree back to what it was.
    pub(super) async fn restore(&self, before: &Before) -> Result<(), CallError> {
        let workspace = self.workspace().await?;
        let restore = || workspace.restore(&before.checkpoint, self.git_time());
        self.insist(restore).await.map(drop).map_err(answer)
    }

    pub(super) async fn noted(&self, n: u32) -> Result<Option<Before>, CallError> {
        let noted = self.insist(|| self.calls.before(n)).await;
        noted.map_err(|error| {
            CallError::Unavailable(format!("what was before the call can't be read: {error}"))
        })
    }

    async fn note(&self, n: u32, before: &Before) -> Result<(), CallError> {
        let noted = self.insist(|| self.calls.note(n, before)).await;
        noted.map_err(|error| {
            CallError::Unavailable(format!("what is before the call can't be noted: {error}"))
        })
    }
}
