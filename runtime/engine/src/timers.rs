//! One queue of all times at which something is due.
//!
//! A timer is only a wake-up: whether the workflow still waits is decided when it rings, so a timer that is no longer
//! wanted needs no removal. A workflow has one at the most: the one that was set last.

use std::{
    collections::{HashMap, hash_map::Entry},
    time::Duration,
};

use adw_core::{AdwId, Timestamp};
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_util::time::{DelayQueue, delay_queue::Key};

use crate::clock::Clock;

/// The longest that one is set for.
const LONGEST: Duration = Duration::from_hours(1);

/// Sets timers.
#[derive(Clone)]
pub(crate) struct Timers {
    set: mpsc::UnboundedSender<(AdwId, Duration)>,
}

/// Timers that rang.
pub(crate) struct Rings {
    set: mpsc::UnboundedReceiver<(AdwId, Duration)>,
    queue: DelayQueue<AdwId>,
    keys: HashMap<AdwId, Key>,
}

/// A pair of ends: one to set timers, one to hear them ring.
pub(crate) fn timers() -> (Timers, Rings) {
    let (set, receiver) = mpsc::unbounded_channel();
    (Timers { set }, Rings { set: receiver, queue: DelayQueue::new(), keys: HashMap::new() })
}

impl Timers {
    /// Rings once the time has come; at once for a time that has passed.
    pub(crate) fn set(&self, adw_id: &AdwId, until: Timestamp, clock: &dyn Clock) {
        let left = until.as_millis().saturating_sub(clock.now().as_millis());
        // One that rings too early is set again; so a clock that jumps, or a time far off, does no harm.
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0)).min(LONGEST);
        self.set_in(adw_id, left);
    }

    /// Rings after this long.
    pub(crate) fn set_in(&self, adw_id: &AdwId, left: Duration) {
        // The other end is gone only when the engine is.
        let _ = self.set.send((adw_id.clone(), left));
    }
}

impl Rings {
    /// The next that rings; none once nobody can set one any more.
    pub(crate) async fn next(&mut self) -> Option<AdwId> {
        loop {
            tokio::select! {
                rung = self.queue.next(), if !self.queue.is_empty() => {
                    if let Some(rung) = rung {
                        self.keys.remove(rung.get_ref());
                        return Some(rung.into_inner());
                    }
                }
                set = self.set.recv() => {
                    let (adw_id, left) = set?;
                    self.put(adw_id, left);
                }
            }
        }
    }

    fn put(&mut self, adw_id: AdwId, left: Duration) {
        match self.keys.entry(adw_id) {
            Entry::Occupied(set) => self.queue.reset(set.get(), left),
            Entry::Vacant(new) => {
                let key = self.queue.insert(new.key().clone(), left);
                new.insert(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use tokio::time::{Instant, timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_workflow_has_one_timer_the_one_that_was_set_last() {
        let (timers, mut rings) = timers();
        let begun = Instant::now();
        let (one, other): (AdwId, AdwId) = ("one".parse().unwrap(), "other".parse().unwrap());
        for seconds in [10, 30, 20] {
            timers.set_in(&one, Duration::from_secs(seconds));
        }
        timers.set_in(&other, Duration::from_secs(25));
        for (adw_id, seconds) in [(&one, 20), (&other, 25)] {
            assert_eq!(rings.next().await.as_ref(), Some(adw_id));
            assert_eq!(begun.elapsed().as_secs(), seconds);
        }
        assert!(timeout(Duration::from_hours(1), rings.next()).await.is_err(), "it rings once");
        timers.set_in(&one, Duration::from_secs(1));
        assert_eq!(rings.next().await, Some(one), "and again, once it is set again");
    }
}
