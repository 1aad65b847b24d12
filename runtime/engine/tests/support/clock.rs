//! A clock that is set by hand.

use std::sync::atomic::{AtomicI64, Ordering};

use adw_core::Timestamp;
use adw_engine::Clock;

pub struct ByHand(AtomicI64);

impl ByHand {
    pub fn at(time: Timestamp) -> Self {
        Self(AtomicI64::new(time.as_millis()))
    }

    pub fn set(&self, time: Timestamp) {
        self.0.store(time.as_millis(), Ordering::SeqCst);
    }
}

impl Clock for ByHand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
