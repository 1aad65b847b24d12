//! What a client may say.

use serde_json::Value;
use tokio::time::{Duration, Instant};

/// The largest message, in bytes.
pub(super) const LARGEST: usize = 64 << 10;

/// What is made ready for reading, in bytes: it is cleared before every look at the connection, of which there is one
/// for each message that goes out. A client says little; what is longer is read in steps.
pub(super) const USUAL: usize = 4 << 10;

/// How many messages a second.
const RATE: f64 = 20.0;

/// A message from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inbound {
    /// `{"type":"ping"}`: an application-level ping, since a browser can't send the protocol's.
    Ping,
    /// `{"type":"subscribe","topic":"board"}`, on a connection that carries topics.
    Subscribe(Topic),
    /// `{"type":"unsubscribe","topic":"board"}`, there too.
    Unsubscribe(Topic),
}

/// What can be subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// The rows of all workflows.
    Board,
}

/// Why a message means nothing here; each is told to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unknown {
    #[error("the message is not JSON: send an object with a string `type`, such as {{\"type\":\"ping\"}}")]
    NotJson,
    #[error("the message must be an object with a string `type`, such as {{\"type\":\"ping\"}}")]
    Shape,
    #[error(
        "the only `type` that is understood here is ping; to follow another workflow, open another socket"
    )]
    Type,
    #[error("the `type`s that are understood here are subscribe, unsubscribe and ping")]
    TopicType,
    #[error("`topic` must be \"board\"")]
    Topic,
    #[error("messages must be text, not binary: send JSON as a text frame")]
    Binary,
}

/// Which messages a connection understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// It follows one workflow: there is nothing to say but a ping.
    OneWorkflow,
    /// It carries topics.
    Topics,
}

impl Inbound {
    pub(super) fn parse(text: &str, language: Language) -> Result<Self, Unknown> {
        let message: Value = serde_json::from_str(text).map_err(|_| Unknown::NotJson)?;
        let topic = || message.get("topic").and_then(Value::as_str).and_then(Topic::parse);
        match (message.get("type").and_then(Value::as_str), language) {
            (Some("ping"), _) => Ok(Self::Ping),
            (Some("subscribe"), Language::Topics) => topic().map(Self::Subscribe).ok_or(Unknown::Topic),
            (Some("unsubscribe"), Language::Topics) => topic().map(Self::Unsubscribe).ok_or(Unknown::Topic),
            (Some(_), Language::OneWorkflow) => Err(Unknown::Type),
            (Some(_), Language::Topics) => Err(Unknown::TopicType),
            (None, _) => Err(Unknown::Shape),
        }
    }
}

impl Topic {
    pub(super) const ALL: [Self; 1] = [Self::Board];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Board => "board",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == name)
    }
}

/// Bounds how fast a client may talk: a bucket that holds a second's worth.
#[derive(Debug)]
pub(super) struct Allowance {
    left: f64,
    counted: Instant,
}

impl Allowance {
    pub(super) fn new() -> Self {
        Self { left: RATE, counted: Instant::now() }
    }

    /// Takes one message out of the bucket; false where it is empty.
    pub(super) fn take(&mut self) -> bool {
        let now = Instant::now();
        let refilled: Duration = now - self.counted;
        self.left = (self.left + refilled.as_secs_f64() * RATE).min(RATE);
        self.counted = now;
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_ping_is_understood_of_one_workflow() {
        let parse = |text: &str| Inbound::parse(text, Language::OneWorkflow);
        assert_eq!(parse(r#"{"type":"ping","at":1}"#), Ok(Inbound::Ping));
        assert_eq!(parse("ping"), Err(Unknown::NotJson));
        assert_eq!(parse(""), Err(Unknown::NotJson));
        assert_eq!(parse("[]"), Err(Unknown::Shape));
        assert_eq!(parse(r#"{"type":1}"#), Err(Unknown::Shape));
        assert_eq!(parse(r#"{"type":"subscribe","topic":"board"}"#), Err(Unknown::Type));
    }

    #[test]
    fn topics_are_understood_where_there_are_some() {
        let parse = |text: &str| Inbound::parse(text, Language::Topics);
        assert_eq!(parse(r#"{"type":"subscribe","topic":"board"}"#), Ok(Inbound::Subscribe(Topic::Board)));
        assert_eq!(
            parse(r#"{"type":"unsubscribe","topic":"board"}"#),
            Ok(Inbound::Unsubscribe(Topic::Board))
        );
        assert_eq!(parse(r#"{"type":"ping"}"#), Ok(Inbound::Ping));
        for wrong in [
            r#"{"type":"subscribe"}"#,
            r#"{"type":"subscribe","topic":"weather"}"#,
            r#"{"type":"unsubscribe","topic":["board"]}"#,
        ] {
            assert_eq!(parse(wrong), Err(Unknown::Topic), "{wrong}");
        }
        assert_eq!(parse(r#"{"type":"shout"}"#), Err(Unknown::TopicType));
    }

    #[tokio::test(start_paused = true)]
    async fn twenty_messages_a_second_are_allowed() {
        let mut allowance = Allowance::new();
        assert_eq!((0..100).filter(|_| allowance.take()).count(), 20);
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!((0..100).filter(|_| allowance.take()).count(), 10);
        tokio::time::advance(Duration::from_mins(5)).await;
        assert_eq!((0..100).filter(|_| allowance.take()).count(), 20, "a long silence saves up nothing");
    }
}
