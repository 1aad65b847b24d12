//! The clock: history is written by it, and waits end by it.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use adw_config::Config;

use super::surroundings::database;
use super::{Finding, Surroundings};

/// Clocks of file systems may be a little ahead.
const AHEAD: Duration = Duration::from_mins(1);

/// 2025-01-01: nothing of adw is older.
const EARLIEST: Duration = Duration::from_hours(482_136);

const FIX: &str = "sudo timedatectl set-ntp true";

pub(super) fn check(surroundings: &Surroundings) -> Vec<Finding> {
    let of_config = |config: &Config| modified(database(config)).max(modified(&config.data_dir()));
    let written = surroundings.config().and_then(of_config);
    vec![judge(SystemTime::now(), written)]
}

fn judge(now: SystemTime, written: Option<SystemTime>) -> Finding {
    if now < UNIX_EPOCH + EARLIEST {
        return Finding::fail("the clock stands before 2025", FIX);
    }
    match written.and_then(|written| written.duration_since(now).ok()).filter(|ahead| *ahead > AHEAD) {
        Some(ahead) => Finding::warn(
            format!("the clock is behind: the data were written {} min later than now", ahead.as_secs() / 60),
            FIX,
        ),
        None => Finding::ok("the clock is not behind what was written"),
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn a_clock_that_was_set_back_is_seen() {
        let now = UNIX_EPOCH + EARLIEST + Duration::from_hours(1000);
        assert_eq!(judge(now, None).verdict, Verdict::Ok);
        assert_eq!(judge(now, Some(now + Duration::from_secs(5))).verdict, Verdict::Ok);
        assert!(matches!(judge(now, Some(now + Duration::from_hours(2))).verdict, Verdict::Warn { .. }));
        assert!(matches!(judge(UNIX_EPOCH, None).verdict, Verdict::Fail { .. }));
    }
}
