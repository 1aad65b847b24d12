//! Not giving up while something has trouble that passes: a disk that is full, most often, or busy.

use std::{io, time::Duration};

use adw_store::StoreError;
use adw_workspace::WorkspaceError;
use tokio_util::sync::CancellationToken;

use crate::{CommandError, clock::backoff, journal::RecordedError};

/// An error that knows whether another try may see nothing of it.
pub(crate) trait MayPass {
    /// Whether it is worth waiting for.
    fn may_pass(&self) -> bool;
}

impl MayPass for StoreError {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl MayPass for CommandError {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Store(error) if error.may_pass())
    }
}

impl MayPass for RecordedError {
    fn may_pass(&self) -> bool {
        match self {
            Self::Store(error) => error.may_pass(),
            Self::Lost(error) => error.may_pass(),
            Self::Damaged(_) => false,
        }
    }
}

/// Space is freed by somebody; nothing else about a worktree or a file mends itself.
impl MayPass for WorkspaceError {
    fn may_pass(&self) -> bool {
        self.is_want_of_space()
    }
}

impl MayPass for io::Error {
    fn may_pass(&self) -> bool {
        matches!(self.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }
}

/// Tries again, with growing waits, for as long as the trouble is one that may pass. After a stop it makes no further
/// try, and the last error is the answer. `tell` hears of every failure that is followed by a wait.
pub(crate) async fn insist<T, E, F>(
    stop: &CancellationToken,
    tell: impl Fn(&E),
    mut work: impl FnMut() -> F,
) -> Result<T, E>
where
    E: MayPass,
    F: Future<Output = Result<T, E>>,
{
    let mut waits = backoff();
    loop {
        match work().await {
            Err(error) if error.may_pass() && !stop.is_cancelled() => {
                tell(&error);
                wait(stop, waits.next().unwrap_or_default()).await;
            }
            done => return done,
        }
    }
}

async fn wait(stop: &CancellationToken, how_long: Duration) {
    tokio::select! {
        () = tokio::time::sleep(how_long) => {}
        () = stop.cancelled() => {}
    }
}
