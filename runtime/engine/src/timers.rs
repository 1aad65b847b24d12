//! One queue of all times at which something is due.
//!
//! A timer is only a wake-up: whether the workflow still waits is decided when it rings, so a timer that is no longer
//! wanted needs no removal.

use std::time::Duration;

use adw_core::{AdwId, Timestamp};
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_util::time::DelayQueue;

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
}

/// A pair of ends: one to set timers, one to hear them ring.
pub(crate) fn timers() -> (Timers, Rings) {
    let (set, receiver) = mpsc::unbounded_channel();
    (Timers { set }, Rings { set: receiver, queue: DelayQueue::new() })
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
                        return Some(rung.into_inner());
                    }
                }
                set = self.set.recv() => {
                    let (adw_id, left) = set?;
                    self.queue.insert(adw_id, left);
                }
            }
        }
    }
}
