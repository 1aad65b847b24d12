//! A WebSocket to a server, as every live feed needs it.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{Client, PATIENCE, RequestError, root_cause};

/// A server pings every 15 s; after this long without a word the connection is gone, whatever the system believes.
const SILENCE: Duration = Duration::from_secs(40);

pub(super) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    heard: Instant,
}

impl Socket {
    /// Connects, or says why that may succeed later. What will never succeed is an error.
    pub(super) async fn connect(client: &Client, url: &Url) -> Result<Result<Self, String>, RequestError> {
        match timeout(PATIENCE, connect_async(url.as_str())).await {
            Ok(Ok((stream, _))) => Ok(Ok(Self { stream, heard: Instant::now() })),
            Ok(Err(SocketError::Http(answer))) if !answer.status().is_server_error() => {
                Err(client.unexpected(format!("its feed answers with status {}", answer.status())))
            }
            Ok(Err(error)) => Ok(Err(root_cause(&error).to_string())),
            Err(_) => Ok(Err("it doesn't answer".to_owned())),
        }
    }

    /// The next text, or how the connection was lost. Nothing is lost when this is dropped while it waits.
    pub(super) async fn hear(&mut self) -> Result<Utf8Bytes, String> {
        loop {
            let heard = timeout_at(self.heard + SILENCE, self.stream.next()).await;
            self.heard = Instant::now();
            match heard {
                Ok(Some(Ok(Message::Text(text)))) => return Ok(text),
                Ok(Some(Ok(Message::Close(_))) | None) => return Err("the server closed the feed".to_owned()),
                // Pings are answered by the library, with the next read.
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake)))) => {
                    return Err("the server is gone".to_owned());
                }
                Ok(Some(Err(error))) => return Err(root_cause(&error).to_string()),
                Err(_) => return Err("the server has fallen silent".to_owned()),
            }
        }
    }

    /// Says something; a failure shows when the next text is waited for.
    pub(super) async fn say(&mut self, text: &'static str) {
        let _ = self.stream.send(Message::text(text)).await;
    }
}
