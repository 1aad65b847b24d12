//! The live feed, as a browser hears it.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error as SocketError, Message, error::ProtocolError},
};

use super::{PATIENCE, api::Api};

/// A socket on `/ws/workflows/{adw_id}`.
pub struct Feed {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    adw_id: String,
}

/// What comes over a socket.
#[derive(Debug, PartialEq)]
pub enum Heard {
    Message(Value),
    /// The server said goodbye, with this code.
    Closed(Option<u16>),
    /// The connection is gone without a word.
    Dropped,
}

impl Feed {
    pub async fn open(api: &Api, adw_id: &str, since: Option<u64>) -> Self {
        Self::try_open(api, adw_id, since)
            .await
            .unwrap_or_else(|error| panic!("no feed of {adw_id}: {error}"))
    }

    pub async fn try_open(api: &Api, adw_id: &str, since: Option<u64>) -> Result<Self, SocketError> {
        let since = since.map(|seq| format!("?since={seq}")).unwrap_or_default();
        let url = format!("{}/ws/workflows/{adw_id}{since}", api.socket_address());
        let connected = timeout(PATIENCE, connect_async(url)).await.expect("an answer to the handshake");
        connected.map(|(socket, _)| Self { socket, adw_id: adw_id.to_owned() })
    }

    /// Whatever comes next, in time. The server's own pings are no sign that anything will.
    pub async fn hear(&mut self) -> Heard {
        let heard = timeout(PATIENCE, self.hear_at_last()).await;
        heard.unwrap_or_else(|_| panic!("the feed of {} has fallen silent", self.adw_id))
    }

    async fn hear_at_last(&mut self) -> Heard {
        loop {
            return match self.socket.next().await {
                Some(Ok(Message::Text(text))) => Heard::Message(serde_json::from_str(text.as_str()).unwrap()),
                Some(Ok(Message::Close(frame))) => Heard::Closed(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => continue,
                Some(Err(
                    SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) | SocketError::Io(_),
                ))
                | None => Heard::Dropped,
                Some(Err(error)) => panic!("the feed broke the protocol: {error}"),
            };
        }
    }

    /// The next message; the test fails where the connection ends.
    pub async fn message(&mut self) -> Value {
        match self.hear().await {
            Heard::Message(message) => message,
            other => panic!("the feed of {} ended: {other:?}", self.adw_id),
        }
    }

    /// The next message of this type.
    pub async fn message_of(&mut self, kind: &str) -> Value {
        self.until(|message| message["type"] == kind).await.pop().unwrap()
    }

    /// All messages up to one that is wanted, that one included.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut messages = Vec::new();
        loop {
            let message = self.message().await;
            let is_last = wanted(&message);
            messages.push(message);
            if is_last {
                return messages;
            }
        }
    }

    /// All messages up to the event of this name.
    pub async fn until_event(&mut self, name: &str) -> Vec<Value> {
        self.until(|message| seq(message).is_some() && message["event"] == name).await
    }

    /// All messages up to the event that ends the workflow.
    pub async fn until_end(&mut self) -> Vec<Value> {
        self.until(is_end).await
    }

    pub async fn say(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }
}

/// The number of a message that is an event.
pub fn seq(message: &Value) -> Option<u64> {
    message["seq"].as_u64()
}

/// Whether it is the event that ends a workflow.
pub fn is_end(message: &Value) -> bool {
    let ends = ["workflow_completed", "workflow_failed", "workflow_cancelled"];
    seq(message).is_some() && ends.iter().any(|end| message["event"] == *end)
}

/// Those messages that are events.
pub fn events(messages: &[Value]) -> Vec<Value> {
    messages.iter().filter(|message| seq(message).is_some()).cloned().collect()
}
