//! Ending what an earlier server left running.

use crate::process::ladder::{self, LEFT_BEHIND, Rung};
use crate::process::mark::{Owner, RunMark};
use crate::process::table::Family;

/// What a sweep found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Processes that were ended.
    pub ended: usize,
    /// Processes that live on although they were killed: the kernel itself holds them up.
    pub survivors: usize,
}

/// Ends every process that was started for a workflow by this server or an earlier one of the same data folder.
/// To be called when none of its programs is meant to run.
pub async fn sweep(owner: &Owner) -> Swept {
    descend(Family::new(owner.marks().to_vec(), None), LEFT_BEHIND).await
}

/// Ends every process that an earlier server of the same data folder started, for whichever workflow. `server` is the
/// one of [`Owner`]. To be called before anything is run.
pub async fn sweep_all(server: &str) -> Swept {
    sweep_all_but(server, &[]).await
}

/// The same, but for runs that are to go on.
pub async fn sweep_all_but(server: &str, kept: &[RunMark]) -> Swept {
    let kept = kept.iter().map(RunMark::as_mark).collect();
    descend(Family::new(vec![Owner::mark_of(server)], None).sparing(kept), LEFT_BEHIND).await
}

/// Takes a family down a ladder.
pub(crate) async fn descend(mut family: Family, rungs: &'static [Rung]) -> Swept {
    let work = move || {
        let survivors = ladder::descend(&mut family, rungs);
        Swept { ended: family.len().saturating_sub(survivors), survivors }
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a sweep was broken off");
        Swept::default()
    })
}
