//! `[limits]`: how much the server takes on.

use crate::{
    Env,
    reader::{Keys, Table},
};

/// `[limits]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// How many workflows run at once; one that waits on something else than its turn doesn't count.
    pub concurrent_workflows: usize,
    /// How many may wait for their turn.
    pub queue: usize,
}

impl Default for LimitsConfig {
    /// 10 at once, 10,000 waiting for their turn.
    fn default() -> Self {
        Self { concurrent_workflows: 10, queue: 10_000 }
    }
}

pub(crate) fn read(root: &Table<'_>, env: &Env) -> LimitsConfig {
    let table = root.overridable("limits", &Keys::flat(&["concurrent_workflows", "queue"]), env);
    let number = |key: &str, most: u64, default: usize| {
        let read = table.get(key).and_then(|entry| entry.integer(&(1..=most)));
        read.and_then(|number| usize::try_from(number).ok()).unwrap_or(default)
    };
    let default = LimitsConfig::default();
    LimitsConfig {
        concurrent_workflows: number("concurrent_workflows", 1_000, default.concurrent_workflows),
        queue: number("queue", 1_000_000, default.queue),
    }
}
