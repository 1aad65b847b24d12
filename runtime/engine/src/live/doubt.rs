//! Calls in doubt: asked by an earlier run of the attempt, and not known to have come to anything.
//!
//! What a program did to the worktree before a crash is not known either. So what was there before is noted first, and a
//! call that is made again begins from that.

use adw_host::CallError;

use super::{Live, workspace::answer};
use crate::{
    calls::Before,
    logs::{LogLevel, LogSource},
};

/// What a call finds.
pub(super) enum Found {
    /// It is made for the first time.
    New(Before),
    /// An earlier run made it, perhaps to its end.
    InDoubt(Before),
}

impl Live {
    /// Keeps the worktree as it is before a call, or finds what it was when the call was first made.
    pub(super) async fn found(&self, n: u32, moment: &str) -> Result<Found, CallError> {
        if self.options.resumed
            && let Some(before) = self.noted(n).await?
        {
            return Ok(Found::InDoubt(before));
        }
        let (workspace, label) = (self.workspace().await?, self.label(moment));
        let kept = self.insist(|| workspace.checkpoint(&label, self.git_time())).await.map_err(answer)?;
        let head = workspace.head().await.map_err(answer)?;
        let before = Before { checkpoint: kept.id, head, at: self.now() };
        self.note(n, &before).await?;
        Ok(Found::New(before))
    }

    /// The worktree as it was before the call, whether it is made for the first time or again.
    pub(super) async fn back_to_before(&self, n: u32, moment: &str) -> Result<Before, CallError> {
        match self.found(n, moment).await? {
            Found::New(before) => Ok(before),
            Found::InDoubt(before) => {
                let workspace = self.workspace().await?;
                workspace.restore(&before.checkpoint, self.git_time()).await.map_err(answer)?;
                let message = format!(
                    "call {n} was cut off: it is made again, on the worktree as it was before ({moment})"
                );
                self.say(LogLevel::Warn, LogSource::Runtime, message).await;
                Ok(before)
            }
        }
    }

    async fn noted(&self, n: u32) -> Result<Option<Before>, CallError> {
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
