//! The topic `board`: the rows of all workflows as they stand, then every event with the row after it.
//!
//! The live subscription is there before anything is read. A workflow that changes while the rows are read comes with
//! its event too; so no change is missed, whichever part of the rows it would have fallen between, and what a client has
//! already is known by its number. The rows are those of every open workflow and of the newest.
//!
//! What becomes of adw.toml is told here as well: a board shows what a new task may name.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use adw_core::Status;
use adw_engine::{BoardSubscription, Configuration, Engine, Missed, Published};
use adw_store::{Filter, Pagination, RowId, StoreError};
use tokio::sync::watch;

use super::messages::BoardWriter;
use crate::wire::RowObject;

/// How many rows are read at a time, and how many of the newest workflows there are among them.
const PAGE: u32 = 200;

/// Why a subscription can't go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum BoardError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Missed(#[from] Missed),
}

/// One client's place on the board.
pub(super) struct Board {
    engine: Engine,
    writer: BoardWriter,
    subscription: BoardSubscription,
    configuration: watch::Receiver<Arc<Configuration>>,
    /// What is still to be read, the next last.
    unread: Vec<Part>,
    /// The newest event that the client has of a workflow, until the live ones have passed it.
    told: HashMap<i64, u64>,
    ready: VecDeque<Arc<str>>,
}

/// A part of the rows.
enum Part {
    /// Those that stand so, older than a row.
    Standing(Status, Option<RowId>),
    /// The newest, however they stand.
    Newest,
}

impl Board {
    pub(super) fn new(engine: Engine) -> Self {
        Self {
            subscription: engine.subscribe_to_all(),
            configuration: engine.configuration(),
            writer: BoardWriter { epoch: engine.epoch() },
            engine,
            unread: vec![
                Part::Newest,
                Part::Standing(Status::Pending, None),
                Part::Standing(Status::Running, None),
            ],
            told: HashMap::new(),
            ready: VecDeque::new(),
        }
    }

    /// The next message; waits for it. Nothing is lost when this is dropped while it waits.
    pub(super) async fn next(&mut self) -> Result<Arc<str>, BoardError> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Ok(message);
            }
            if self.unread.is_empty() {
                tokio::select! {
                    event = self.subscription.next() => {
                        let event = event?;
                        self.hear(&event);
                    }
                    Ok(()) = self.configuration.changed() => {
                        let message = self.writer.configuration(&self.configuration.borrow_and_update());
                        self.ready.push_back(message);
                    }
                }
            } else {
                self.read().await?;
                // What happened meanwhile, before there is too much of it.
                while let Some(event) = self.subscription.at_hand()? {
                    self.hear(&event);
                }
            }
        }
    }

    /// Reads a page of the rows, and tells those that the client doesn't have.
    async fn read(&mut self) -> Result<(), StoreError> {
        let Some(part) = self.unread.last() else { return Ok(()) };
        let (filter, before) = match *part {
            Part::Standing(status, before) => (Filter { status: Some(status), ..Filter::default() }, before),
            Part::Newest => (Filter::default(), None),
        };
        let page = self.engine.list(&filter, &Pagination::Cursor { before, limit: PAGE }).await?;
        // Only now: a read that is given up is made again.
        if let (Some(Part::Standing(status, _)), Some(last), true) =
            (self.unread.pop(), page.items.last(), page.more)
        {
            self.unread.push(Part::Standing(status, Some(last.id)));
        }
        let mut rows = Vec::new();
        for stored in &page.items {
            if self.is_news(stored.id.0, stored.workflow.seq) {
                self.told.insert(stored.id.0, stored.workflow.seq);
                rows.push(RowObject::of(stored.id.0, &stored.workflow));
            }
        }
        let complete = self.unread.is_empty();
        if complete || !rows.is_empty() {
            self.ready.push_back(self.writer.snapshot(&rows, complete));
        }
        Ok(())
    }

    fn hear(&mut self, event: &Published) {
        let (id, seq) = (event.id, event.recorded.seq);
        if !self.is_news(id, seq) {
            return;
        }
        if self.unread.is_empty() {
            // From here on its events come one by one.
            self.told.remove(&id);
        } else {
            self.told.insert(id, seq);
        }
        self.ready.push_back(self.writer.event(event));
    }

    fn is_news(&self, id: i64, seq: u64) -> bool {
        self.told.get(&id).is_none_or(|told| seq > *told)
    }
}
