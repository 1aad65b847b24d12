//! Calls in doubt: asked by an earlier run of the attempt, and not known to have come to anything.
//!
//! What a program did to the worktree before a crash is not known either. So what was there before is noted first, and a
//! call that is made again begins from that.

use std::time::Duration;

use adw_host::CallError;

use super::{Live, workspace::answer};
use crate::{
    calls::Before,
    clock::backoff,
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
        let checkpoint = self.checkpoint(moment).await?;
        let head = self.workspace().await?.head().await.map_err(answer)?;
        let before = Before { checkpoint, head, at: self.now() };
        self.note(n, &before).await?;
        Ok(Found::New(before))
    }

    /// The worktree as it was before the call, whether it is made for the first time or again.
    pub(super) async fn from_before(&self, n: u32, moment: &str) -> Result<Before, CallError> {
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
        let mut patience = self.patience("what was before a call can't be read");
        loop {
            match self.calls.before(n).await.map_err(|error| patience.error(&error)) {
                Err(error) if patience.lasts(&error).await => {}
                noted => return noted,
            }
        }
    }

    async fn note(&self, n: u32, before: &Before) -> Result<(), CallError> {
        let mut patience = self.patience("what is before a call can't be noted");
        loop {
            match self.calls.note(n, before).await.map_err(|error| patience.error(&error)) {
                Err(error) if patience.lasts(&error).await => {}
                noted => return noted,
            }
        }
    }

    /// For what is ours to do: `trouble` says what doesn't work.
    pub(super) fn patience<'a>(&'a self, trouble: &'static str) -> Patience<'a> {
        Patience { live: self, trouble, waits: Box::new(backoff()) }
    }
}

/// Tries what is ours to do again while it is unavailable, until the attempt is stopped: a full disk or a busy store is no
/// failure of a stage.
pub(super) struct Patience<'a> {
    live: &'a Live,
    trouble: &'static str,
    waits: Box<dyn Iterator<Item = Duration> + Send + Sync>,
}

impl Patience<'_> {
    /// The trouble and its cause.
    fn error(&self, error: &std::io::Error) -> CallError {
        CallError::Unavailable(format!("{}: {error}", self.trouble))
    }

    /// Waits a little, if it is of use to try again.
    pub(super) async fn lasts(&mut self, error: &CallError) -> bool {
        let stop = &self.live.options.stop;
        if stop.is_cancelled() || !matches!(error, CallError::Unavailable(_)) {
            return false;
        }
        let adw_id = &self.live.options.workflow.adw_id;
        tracing::warn!(%adw_id, %error, "{}; trying again", self.trouble);
        tokio::select! {
            () = tokio::time::sleep(self.waits.next().unwrap_or_default()) => {}
            () = stop.cancelled() => {}
        }
        true
    }
}
