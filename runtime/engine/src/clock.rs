//! Time and chance, handed in, so that tests can decide both.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use adw_core::Timestamp;

/// Where times come from.
pub trait Clock: Send + Sync + 'static {
    /// The present.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// The waits between tries while something has trouble that passes: a full disk, most often.
pub(crate) fn backoff() -> impl Iterator<Item = Duration> {
    [100, 500, 2_000].into_iter().chain(std::iter::repeat(5_000)).map(Duration::from_millis)
}

/// Thirty-two random bits.
pub(crate) fn chance() -> u32 {
    let [.., a, b, c, d] = uuid::Uuid::new_v4().into_bytes();
    u32::from_be_bytes([a, b, c, d])
}
