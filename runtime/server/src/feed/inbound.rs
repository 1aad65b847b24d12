//! What a client may say.

use serde_json::Value;
use tokio::time::{Duration, Instant};

/// The largest message, in bytes.
pub(super) const LARGEST: usize = 64 << 10;

/// How many messages a second.
const RATE: f64 = 20.0;

/// A message from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inbound {
    /// `{"type":"ping"}`: an application-level ping, since a browser can't send the protocol's.
    Ping,
}

/// Why a message means nothing here; each is told to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unknown {
    #[error("the message is not JSON: send {{\"type\":\"ping\"}}, the only one that is understood here")]
    NotJson,
    #[error("the message must be an object with a string `type`, such as {{\"type\":\"ping\"}}")]
    Shape,
    #[error(
        "the only `type` that is understood here is ping; to follow another workflow, open another socket"
    )]
    Type,
    #[error("messages must be text, not binary: send JSON as a text frame")]
    Binary,
}

impl Inbound {
    pub(super) fn parse(text: &str) -> Result<Self, Unknown> {
        let message: Value = serde_json::from_str(text).map_err(|_| Unknown::NotJson)?;
        match message.get("type").and_then(Value::as_str) {
            Some("ping") => Ok(Self::Ping),
            Some(_) => Err(Unknown::Type),
            None => Err(Unknown::Shape),
        }
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
    fn only_a_ping_is_understood() {
        assert_eq!(Inbound::parse(r#"{"type":"ping","at":1}"#), Ok(Inbound::Ping));
        assert_eq!(Inbound::parse("ping"), Err(Unknown::NotJson));
        assert_eq!(Inbound::parse(""), Err(Unknown::NotJson));
        assert_eq!(Inbound::parse("[]"), Err(Unknown::Shape));
        assert_eq!(Inbound::parse(r#"{"type":1}"#), Err(Unknown::Shape));
        assert_eq!(Inbound::parse(r#"{"type":"subscribe"}"#), Err(Unknown::Type));
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
