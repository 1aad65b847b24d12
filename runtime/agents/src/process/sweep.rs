//! Ending what an earlier server left running.

use crate::process::ladder::{self, LEFT_BEHIND};
use crate::process::mark::{Mark, Owner};
use crate::process::table::Family;

/// What a sweep found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    /// Processes that were ended.
    pub ended: usize,
    /// Processes that live on although they were killed: the kernel itself holds them up.
    pub survivors: usize,
}

/// Ends every process that was started for a workflow by this server or an earlier one of the same data folder.
/// To be called when none of its programs is meant to run.
pub async fn sweep(owner: &Owner) -> Swept {
    end(owner.marks().to_vec()).await
}

/// Ends every process that an earlier server of the same data folder started, for whichever workflow. `server` is the
/// one of [`Owner`]. To be called before anything is run.
pub async fn sweep_all(server: &str) -> Swept {
    end(vec![Owner::mark_of(server)]).await
}

async fn end(marks: Vec<Mark>) -> Swept {
    let work = move || {
        let mut family = Family::new(marks, None);
        let survivors = ladder::descend(&mut family, LEFT_BEHIND);
        Swept { ended: family.len() - survivors, survivors }
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a sweep was broken off");
        Swept { ended: 0, survivors: 0 }
    })
}
