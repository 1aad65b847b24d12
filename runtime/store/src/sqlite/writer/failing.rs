//! Commits that fail as those of a disk do that can't be synced: what was written is not known to be there.
//!
//! Only with the feature `failure-points`, which the end-to-end tests turn on and no build of `adw` has.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::StoreError;

/// The variable that says which commits of a process fail: the first, a colon, and how many.
const VARIABLE: &str = "ADW_FAIL_COMMITS";

/// Some commits of a process, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailingCommits {
    /// The number of the first, from 1.
    pub first: u32,
    /// How many they are.
    pub number: u32,
}

impl FailingCommits {
    /// The setting that has these commits of a server fail.
    pub fn setting(self) -> (&'static str, String) {
        (VARIABLE, format!("{}:{}", self.first, self.number))
    }

    /// Fails, where the next commit is one of those: it takes place all the same every other time, since that is what
    /// nobody knows of a sync that failed.
    pub(crate) async fn commit<T, E: From<StoreError>>(
        commit: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        static ASKED: LazyLock<Option<FailingCommits>> = LazyLock::new(FailingCommits::from_environment);
        static COMMITS: AtomicU32 = AtomicU32::new(0);
        let Some(failing) = *ASKED else { return commit.await };
        let number = COMMITS.fetch_add(1, Ordering::SeqCst) + 1;
        if number < failing.first || number - failing.first >= failing.number {
            return commit.await;
        }
        if number.is_multiple_of(2) {
            commit.await?;
        }
        Err(StoreError::Unavailable("(code: 1034) disk I/O error".to_owned()).into())
    }

    fn from_environment() -> Option<Self> {
        let value = std::env::var(VARIABLE).ok()?;
        let read = value.split_once(':').and_then(|(first, number)| {
            Some(Self { first: first.parse().ok()?, number: number.parse().ok()? })
        });
        if read.is_none() {
            tracing::error!("{VARIABLE}={value} names no commits, as 20:5 would");
        }
        read
    }
}
