//! What is said on a connection that carries topics, and on the topic `board`.
//!
//! A message of an event carries the workflow's row after it: a board shows rows, and is not made to fold events.

use std::sync::Arc;

use adw_core::StageName;
use adw_engine::{Configuration, Published};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Message;
use crate::{
    feed::inbound::Topic,
    wire::{ConfigurationObject, RowObject},
};

/// A workflow after an event, and the stage that the event tells of.
#[derive(Serialize)]
struct Changed<'a> {
    #[serde(flatten)]
    row: RowObject<'a>,
    stage: Option<&'a StageName>,
}

/// A part of the rows that there are.
#[derive(Serialize)]
struct Snapshot<'a> {
    items: &'a [RowObject<'a>],
    /// Whether it is the last part.
    complete: bool,
}

/// Writes the messages of a connection that carries topics.
#[derive(Clone, Copy, Debug)]
pub(in crate::feed) struct BoardWriter {
    pub(in crate::feed) epoch: Uuid,
}

impl BoardWriter {
    /// The first message.
    pub(in crate::feed) fn established(self) -> Arc<str> {
        let topics = Topic::ALL.map(Topic::as_str);
        let words = "subscribe to a topic";
        let data = json!({ "topics": topics });
        Message { words: Some(words), ..Message::now("connection_established", data, self.epoch) }.write()
    }

    pub(in crate::feed) fn subscribed(self, topic: Topic) -> Arc<str> {
        self.of_topic(topic, "subscribed", None, json!({}))
    }

    pub(in crate::feed) fn unsubscribed(self, topic: Topic) -> Arc<str> {
        self.of_topic(topic, "unsubscribed", None, json!({}))
    }

    /// Rows as they stand.
    pub(in crate::feed) fn snapshot(self, items: &[RowObject<'_>], complete: bool) -> Arc<str> {
        self.of_topic(Topic::Board, "snapshot", None, Snapshot { items, complete })
    }

    /// An event, and the row after it. Written once, for all who follow the board.
    pub(in crate::feed) fn event(self, event: &Published) -> Arc<str> {
        let write = || {
            let row = RowObject::of(event.id, &event.after);
            let changed = Changed { row, stage: event.recorded.event.stage() };
            let message = Message::of_event(&event.recorded, changed, self.epoch).about(&event.after.adw_id);
            Message { topic: Some(Topic::Board.as_str()), ..message }.write()
        };
        Arc::clone(event.board.get_or_init(write))
    }

    /// adw.toml was read anew, and is gone by or was refused.
    pub(in crate::feed) fn configuration(self, configuration: &Configuration) -> Arc<str> {
        let name = match configuration.refused {
            None => "configuration_reloaded",
            Some(_) => "configuration_refused",
        };
        self.of_topic(Topic::Board, name, None, ConfigurationObject::from(configuration))
    }

    /// The subscription is over: what was missed can't be told, and a new one begins with the rows as they stand.
    pub(in crate::feed) fn resync_required(self, topic: Topic, reason: &str) -> Arc<str> {
        self.of_topic(topic, "resync_required", Some(reason), json!({ "reason": reason }))
    }

    pub(in crate::feed) fn pong(self) -> Arc<str> {
        Message::now("pong", json!({}), self.epoch).write()
    }

    /// The client said something that means nothing here.
    pub(in crate::feed) fn error(self, code: &str, reason: &str) -> Arc<str> {
        let data: Value = json!({ "code": code, "message": reason });
        Message { words: Some(reason), ..Message::now("error", data, self.epoch) }.write()
    }

    fn of_topic<D: Serialize>(self, topic: Topic, name: &str, words: Option<&str>, data: D) -> Arc<str> {
        Message { topic: Some(topic.as_str()), words, ..Message::now(name, data, self.epoch) }.write()
    }
}
