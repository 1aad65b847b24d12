//! What waits to be written, taken in groups.

use std::collections::{HashSet, VecDeque};

use tokio::sync::{mpsc, oneshot};

use super::write::Write;
use crate::StoreError;

/// A write and whoever waits for it.
pub(crate) struct Queued {
    pub(crate) write: Write,
    pub(crate) reply: oneshot::Sender<Result<(), StoreError>>,
}

/// More in one group gains nothing, and makes the first wait for the last.
const MOST_WRITES: usize = 256;
/// A group ends with the write that passes this.
const MOST_BYTES: usize = 4 * 1024 * 1024;

pub(super) struct Queue {
    receiver: mpsc::Receiver<Queued>,
    /// Writes that could not be in a group with an earlier one.
    held: VecDeque<Queued>,
}

impl Queue {
    pub(super) fn new(receiver: mpsc::Receiver<Queued>) -> Self {
        Self { receiver, held: VecDeque::new() }
    }

    /// Everything that waits, up to a group's size, and at least one; none once every sender is gone and nothing waits.
    ///
    /// A group changes each workflow once at the most: a second change is judged by what became of the first, and so
    /// waits for the next group.
    pub(super) async fn next_group(&mut self) -> Option<Vec<Queued>> {
        let mut group = Group::default();
        for queued in std::mem::take(&mut self.held) {
            group.take(queued, &mut self.held);
        }
        if group.writes.is_empty() {
            group.take(self.receiver.recv().await?, &mut self.held);
        }
        while !group.is_full()
            && let Ok(queued) = self.receiver.try_recv()
        {
            group.take(queued, &mut self.held);
        }
        Some(group.writes)
    }
}

#[derive(Default)]
struct Group {
    writes: Vec<Queued>,
    changes: HashSet<crate::RowId>,
    bytes: usize,
}

impl Group {
    fn is_full(&self) -> bool {
        self.writes.len() >= MOST_WRITES || self.bytes >= MOST_BYTES
    }

    fn take(&mut self, queued: Queued, held: &mut VecDeque<Queued>) {
        let free = queued.write.changes().is_none_or(|workflow| self.changes.insert(workflow));
        if free && !self.is_full() {
            self.bytes += queued.write.size();
            self.writes.push(queued);
        } else {
            held.push_back(queued);
        }
    }
}
