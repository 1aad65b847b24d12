//! Names for workflows.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

static MADE: AtomicU32 = AtomicU32::new(0);

/// An id like those that the server makes, ordered by time, and never the same.
pub(crate) fn new_id() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("adw_chore_{}_{:08x}", now.as_secs(), MADE.fetch_add(1, Ordering::Relaxed))
}
