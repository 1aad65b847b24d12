//! Tasks that are handed over at once, and followed each on a feed of its own.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, future::join_all, stream};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{
    api::Api,
    feed::{Feed, Heard, events, is_end, seq},
};

/// As many as `concurrent_workflows` says where adw.toml doesn't.
pub const PLACES: usize = 10;

/// How many connections hand tasks over.
const CONNECTIONS: usize = 32;

const PRIORITIES: [&str; 4] = ["low", "medium", "high", "urgent"];

/// A task as its client remembers it.
pub struct Acknowledged {
    pub adw_id: String,
    /// From low to urgent.
    pub priority: usize,
    pub sent: Instant,
    /// When its 201 was there.
    pub answered: Instant,
}

/// Tasks that were all acknowledged.
pub struct Burst {
    pub tasks: Vec<Acknowledged>,
    /// Feeds that were there before the tasks.
    early: Vec<Feed>,
}

impl Burst {
    /// Hands over this many; the first of them have a listener already.
    pub async fn of(api: &Api, round: usize, count: usize) -> Self {
        let names: Vec<_> = (0..count).map(|number| format!("crowd_{round}_{number}")).collect();
        let early = join_all(names.iter().take(count / 4).map(|name| Feed::open(api, name, Some(0)))).await;
        let mut tasks = stream::iter(names.into_iter().enumerate())
            .map(|(number, adw_id)| create(api, adw_id, number % PRIORITIES.len()))
            .buffer_unordered(CONNECTIONS)
            .collect::<Vec<_>>()
            .await;
        tasks.sort_by_key(|task| number_of(&task.adw_id));
        Self { tasks, early }
    }

    /// Creates a second.
    pub fn rate(&self) -> f64 {
        let first = self.tasks.iter().map(|task| task.sent).min().unwrap();
        let last = self.tasks.iter().map(|task| task.answered).max().unwrap();
        let tasks = u32::try_from(self.tasks.len()).unwrap();
        f64::from(tasks) / last.duration_since(first).as_secs_f64()
    }

    /// Follows each to its end, in the ways that clients have.
    pub fn follow(&mut self, api: &Api) -> Vec<JoinHandle<Vec<Value>>> {
        let mut early: Vec<_> = self.early.drain(..).map(Some).collect();
        early.resize_with(self.tasks.len(), || None);
        let follow = |(number, (task, early)): (usize, (&Acknowledged, Option<Feed>))| {
            let (api, adw_id) = (api.clone(), task.adw_id.clone());
            match (early, number % 4) {
                (Some(feed), _) => tokio::spawn(all_along(feed)),
                (None, 0) => tokio::spawn(coming_and_going(api, adw_id)),
                (None, 1) => tokio::spawn(slowly(api, adw_id)),
                (None, _) => {
                    tokio::spawn(async move { all_along(Feed::open(&api, &adw_id, Some(0)).await).await })
                }
            }
        };
        self.tasks.iter().zip(early).enumerate().map(follow).collect()
    }

    /// Cancels every twentieth while it waits.
    pub async fn cancel_some(&self, api: &Api) -> HashSet<String> {
        let some = self.tasks.iter().step_by(20).map(|task| async move {
            api.cancel(&task.adw_id).await.with(204);
            task.adw_id.clone()
        });
        join_all(some).await.into_iter().collect()
    }
}

async fn create(api: &Api, adw_id: String, priority: usize) -> Acknowledged {
    let task = json!({ "title": "One of many", "adw_id": adw_id, "priority": PRIORITIES[priority] });
    let sent = Instant::now();
    api.create(&task).await;
    Acknowledged { adw_id, priority, sent, answered: Instant::now() }
}

fn number_of(adw_id: &str) -> usize {
    adw_id.rsplit_once('_').unwrap().1.parse().unwrap()
}

async fn all_along(mut feed: Feed) -> Vec<Value> {
    events(&feed.until_end().await)
}

/// Hangs up after every other message, and comes back with the last number that it saw.
async fn coming_and_going(api: Api, adw_id: String) -> Vec<Value> {
    let mut heard: Vec<Value> = Vec::new();
    while !heard.last().is_some_and(is_end) {
        let last = heard.last().and_then(seq).unwrap_or(0);
        let mut feed = Feed::open(&api, &adw_id, Some(last)).await;
        for _ in 0..3 {
            match feed.hear().await {
                Heard::Message(message) => heard.extend(events(&[message])),
                other => panic!("the feed of {adw_id} ended: {other:?}"),
            }
            if heard.last().is_some_and(is_end) {
                break;
            }
        }
    }
    heard
}

/// Leaves what is sent lying for a while between two messages.
async fn slowly(api: Api, adw_id: String) -> Vec<Value> {
    let mut feed = Feed::open(&api, &adw_id, Some(0)).await;
    let mut heard: Vec<Value> = Vec::new();
    while !heard.last().is_some_and(is_end) {
        heard.extend(events(&[feed.message().await]));
        // A reader's own pace, and no waiting for anything.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    heard
}
