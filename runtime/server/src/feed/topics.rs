//! What a connection to `/ws/events` is told: the topics that its client subscribed to.

use std::sync::Arc;

use adw_engine::Engine;

use super::{
    board::{Board, BoardError},
    follow::FollowError,
    inbound::{Inbound, Language, Topic, Unknown},
    messages::BoardWriter,
    socket::Told,
};

/// A client's subscriptions.
pub(super) struct Topics {
    engine: Engine,
    writer: BoardWriter,
    greeting: Option<Arc<str>>,
    board: Option<Board>,
}

impl Topics {
    /// A client that has subscribed to nothing yet.
    pub(super) fn new(engine: Engine) -> Self {
        let writer = BoardWriter { epoch: engine.epoch() };
        Self { engine, writer, greeting: Some(writer.established()), board: None }
    }

    fn subscribe(&mut self, topic: Topic) -> Arc<str> {
        if self.board.is_some() {
            let words = format!("{} is subscribed to already: unsubscribe first", topic.as_str());
            return self.writer.error("already_subscribed", &words);
        }
        self.board = Some(Board::new(self.engine.clone()));
        self.writer.subscribed(topic)
    }

    fn unsubscribe(&mut self, topic: Topic) -> Arc<str> {
        if self.board.take().is_some() {
            return self.writer.unsubscribed(topic);
        }
        self.writer.error("not_subscribed", &format!("{} is not subscribed to", topic.as_str()))
    }
}

impl Told for Topics {
    const LANGUAGE: Language = Language::Topics;
    const SAYS_GOODBYE: bool = true;

    async fn next(&mut self) -> Result<Arc<str>, FollowError> {
        if let Some(greeting) = self.greeting.take() {
            return Ok(greeting);
        }
        let Some(board) = &mut self.board else { return std::future::pending().await };
        match board.next().await {
            Ok(message) => Ok(message),
            Err(BoardError::Store(error)) => Err(error.into()),
            Err(BoardError::Missed(missed)) => {
                self.board = None;
                let reason = format!("{missed}: subscribe again, and the rows come as they stand");
                Ok(self.writer.resync_required(Topic::Board, &reason))
            }
        }
    }

    fn answer(&mut self, said: Result<Inbound, Unknown>) -> Arc<str> {
        match said {
            Ok(Inbound::Ping) => self.writer.pong(),
            Ok(Inbound::Subscribe(topic)) => self.subscribe(topic),
            Ok(Inbound::Unsubscribe(topic)) => self.unsubscribe(topic),
            Err(unknown @ Unknown::Topic) => self.writer.error("unknown_topic", &unknown.to_string()),
            Err(unknown) => self.writer.error("bad_message", &unknown.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

    use adw_core::{Command, SetStatus};
    use serde_json::{Value, json};

    use super::*;
    use crate::bench::Bench;

    async fn next(topics: &mut Topics) -> Value {
        serde_json::from_str(&topics.next().await.unwrap()).unwrap()
    }

    async fn annotate(bench: &Bench, adw_id: &str, note: usize) {
        let set = SetStatus { result: Some(json!({ "note": note })), ..SetStatus::default() };
        bench.engine.command(&adw_id.parse().unwrap(), Command::SetStatus(set), None).await.unwrap();
    }

    /// More than a subscription holds, so that it lets the oldest go.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_reader_that_falls_behind_is_told_to_begin_anew() {
        let bench = Bench::new().await;
        let adw_id = bench.completed().await;
        let mut topics = Topics::new(bench.engine.clone());
        assert_eq!(next(&mut topics).await["data"]["topics"], json!(["board"]));
        topics.answer(Ok(Inbound::Subscribe(Topic::Board)));
        while next(&mut topics).await["data"]["complete"] != true {}
        for note in 0..1100 {
            annotate(&bench, &adw_id, note).await;
        }
        let told = next(&mut topics).await;
        assert_eq!((&told["type"], &told["topic"]), (&json!("resync_required"), &json!("board")), "{told}");

        topics.answer(Ok(Inbound::Subscribe(Topic::Board)));
        let rows = next(&mut topics).await;
        let seq = bench.engine.workflow(&adw_id.parse().unwrap()).await.unwrap().unwrap().workflow.seq;
        assert_eq!(rows["data"]["items"][0]["seq"], seq, "{rows}");
        annotate(&bench, &adw_id, 1100).await;
        assert_eq!(next(&mut topics).await["seq"], seq + 1, "and is live again");
    }
}
