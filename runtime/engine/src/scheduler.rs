//! Who runs next: a queue of workflows that have work, and a number of places.
//!
//! Nothing here waits or polls: whoever makes a workflow runnable puts it into the queue, whoever gives up a place
//! hands it on. A workflow is in the queue once at the most and has one place at the most.

use std::{
    collections::{BinaryHeap, HashSet},
    sync::{Mutex, PoisonError},
};

use adw_core::{AdwId, Priority};
use adw_store::Stored;

/// Places and the queue for them.
pub(crate) struct Scheduler {
    places: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: BinaryHeap<Queued>,
    queued: HashSet<AdwId>,
    active: HashSet<AdwId>,
    closed: bool,
}

/// Ordered by priority, then by age.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Queued {
    priority: Priority,
    age: std::cmp::Reverse<i64>,
    adw_id: AdwId,
}

impl Scheduler {
    pub(crate) fn new(places: usize) -> Self {
        Self { places, state: Mutex::default() }
    }

    /// Puts a workflow into the queue, unless it is there or has a place already, and answers with those that are
    /// to run now.
    #[must_use = "what is answered has a place and must be run"]
    pub(crate) fn enqueue(&self, stored: &Stored) -> Vec<AdwId> {
        let mut state = self.lock();
        let adw_id = &stored.workflow.adw_id;
        if !state.active.contains(adw_id) && state.queued.insert(adw_id.clone()) {
            let priority = stored.workflow.task.priority;
            state.queue.push(Queued {
                priority,
                age: std::cmp::Reverse(stored.id.0),
                adw_id: adw_id.clone(),
            });
        }
        self.dispatch(&mut state)
    }

    /// Takes a workflow out of the queue, if it is there.
    pub(crate) fn forget(&self, adw_id: &AdwId) {
        let mut state = self.lock();
        if state.queued.remove(adw_id) {
            state.queue.retain(|queued| queued.adw_id != *adw_id);
        }
    }

    /// Gives back the place of a workflow and answers with those that are to run now.
    #[must_use = "what is answered has a place and must be run"]
    pub(crate) fn release(&self, adw_id: &AdwId) -> Vec<AdwId> {
        let mut state = self.lock();
        state.active.remove(adw_id);
        self.dispatch(&mut state)
    }

    /// Whether somebody runs it.
    pub(crate) fn has_place(&self, adw_id: &AdwId) -> bool {
        self.lock().active.contains(adw_id)
    }

    /// No place is given any more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
    }

    /// How many wait for a place, and how many have one.
    pub(crate) fn load(&self) -> (usize, usize) {
        let state = self.lock();
        (state.queue.len(), state.active.len())
    }

    fn dispatch(&self, state: &mut State) -> Vec<AdwId> {
        let mut started = Vec::new();
        while !state.closed && state.active.len() < self.places {
            let Some(next) = state.queue.pop() else { break };
            state.queued.remove(&next.adw_id);
            state.active.insert(next.adw_id.clone());
            started.push(next.adw_id);
        }
        started
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
