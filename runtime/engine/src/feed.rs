//! The live feed: what was committed, handed to those who listen, in order.
//!
//! An event is published after its commit and under its workflow's lock, so a listener sees each workflow's events
//! in the order of their numbers. A listener that falls behind is told so and reads the store, which has them all;
//! log lines have their files. So nothing here needs to be kept for anybody.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use adw_core::{AdwId, Recorded, Workflow};
use tokio::sync::broadcast;

use crate::LogLine;

/// How many items a listener may be behind before it has to read the store.
const BEHIND: usize = 256;

/// The same for a listener to all workflows, who hears more and has more to read.
const BEHIND_ALL: usize = 1024;

/// An event, after its commit.
#[derive(Debug)]
pub struct Published {
    /// The event.
    pub recorded: Recorded,
    /// The row's number.
    pub id: i64,
    /// The workflow after it.
    pub after: Arc<Workflow>,
    /// The event as it goes over the wire: written once by whoever needs it first, shared by all.
    pub wire: OnceLock<Arc<str>>,
    /// The same for those who listen to all workflows, in the words of theirs.
    pub board: OnceLock<Arc<str>>,
}

/// Something to tell a listener.
#[derive(Clone, Debug)]
pub enum Live {
    /// The workflow changed.
    Event(Arc<Published>),
    /// A line was logged within a stage. Not an event: it may be dropped.
    Log(Arc<LogLine>),
    /// A stage says how far it is. Not an event: it may be dropped.
    Progress(Arc<StageProgress>),
}

/// How far a running stage says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageProgress {
    /// The workflow.
    pub adw_id: AdwId,
    /// The stage.
    pub stage: adw_core::StageName,
    /// Its attempt.
    pub attempt: u32,
    /// 0 to 100, of this stage.
    pub percent: u8,
    /// What it is at.
    pub message: String,
}

/// The listener fell behind, and some items are gone: read the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{missed} items were missed")]
pub struct Missed {
    /// How many.
    pub missed: u64,
}

type Topics = Mutex<HashMap<AdwId, broadcast::Sender<Live>>>;

/// Who listens to which workflow, and who to all of them.
#[derive(Clone)]
pub struct Feed {
    topics: Arc<Topics>,
    all: broadcast::Sender<Arc<Published>>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { topics: Arc::default(), all: broadcast::Sender::new(BEHIND_ALL) }
    }
}

/// What one listener hears of one workflow.
pub struct Subscription {
    receiver: Option<broadcast::Receiver<Live>>,
    adw_id: AdwId,
    topics: Arc<Topics>,
}

/// What one listener hears of all workflows: their events, each workflow's in order.
pub struct BoardSubscription {
    receiver: broadcast::Receiver<Arc<Published>>,
}

impl Feed {
    /// Listens to a workflow, one that doesn't exist yet included. Subscribe first and read the store afterwards:
    /// what happens in between then comes twice, never not at all.
    pub fn subscribe(&self, adw_id: &AdwId) -> Subscription {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let topic = topics.entry(adw_id.clone()).or_insert_with(|| broadcast::channel(BEHIND).0);
        Subscription {
            receiver: Some(topic.subscribe()),
            adw_id: adw_id.clone(),
            topics: Arc::clone(&self.topics),
        }
    }

    /// Listens to the events of all workflows. Here too: subscribe first, and read the store afterwards.
    pub fn subscribe_to_all(&self) -> BoardSubscription {
        BoardSubscription { receiver: self.all.subscribe() }
    }

    /// Tells those who listen to this workflow, and those who listen to all.
    pub(crate) fn publish_event(&self, adw_id: &AdwId, event: impl FnOnce() -> Published) {
        let to_all = self.all.receiver_count() > 0;
        let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let topic = topics.get(adw_id);
        if topic.is_none() && !to_all {
            return;
        }
        let event = Arc::new(event());
        // An error means that the last listener has just left.
        if let Some(topic) = topic {
            let _ = topic.send(Live::Event(Arc::clone(&event)));
        }
        drop(topics);
        if to_all {
            let _ = self.all.send(event);
        }
    }

    /// Tells those who listen to this workflow.
    pub(crate) fn publish(&self, adw_id: &AdwId, live: impl FnOnce() -> Live) {
        let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(topic) = topics.get(adw_id) {
            // An error means that the last listener has just left.
            let _ = topic.send(live());
        }
    }
}

impl Subscription {
    /// The next item; waits for it.
    pub async fn next(&mut self) -> Result<Live, Missed> {
        use broadcast::error::RecvError;
        match &mut self.receiver {
            Some(receiver) => match receiver.recv().await {
                Ok(live) => Ok(live),
                Err(RecvError::Lagged(missed)) => Err(Missed { missed }),
                // Topics outlive their listeners, so this is only ever the end of the process.
                Err(RecvError::Closed) => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }
}

impl BoardSubscription {
    /// The next event; waits for it.
    pub async fn next(&mut self) -> Result<Arc<Published>, Missed> {
        use broadcast::error::RecvError;
        match self.receiver.recv().await {
            Ok(event) => Ok(event),
            Err(RecvError::Lagged(missed)) => Err(Missed { missed }),
            // The feed outlives its listeners, so this is only ever the end of the process.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }

    /// An event that is there already; none where there is none yet.
    pub fn at_hand(&mut self) -> Result<Option<Arc<Published>>, Missed> {
        use broadcast::error::TryRecvError;
        match self.receiver.try_recv() {
            Ok(event) => Ok(Some(event)),
            Err(TryRecvError::Lagged(missed)) => Err(Missed { missed }),
            Err(TryRecvError::Empty | TryRecvError::Closed) => Ok(None),
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        self.receiver = None;
        if topics.get(&self.adw_id).is_some_and(|topic| topic.receiver_count() == 0) {
            topics.remove(&self.adw_id);
        }
    }
}
