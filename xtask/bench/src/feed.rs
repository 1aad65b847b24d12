//! A socket that follows one workflow.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use futures_util::StreamExt;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

/// Room for a few messages.
const BUFFER: usize = 8 << 10;

/// The live feed of a workflow, whose events must come without a gap.
pub(crate) struct Feed {
    socket: WebSocketStream<TcpStream>,
    last: Option<u64>,
}

/// What a message says of itself.
#[derive(Deserialize)]
struct Told<'a> {
    event: &'a str,
    seq: Option<u64>,
}

impl Feed {
    /// Follows a workflow, one that doesn't exist yet included, and waits for the greeting.
    pub(crate) async fn open(address: SocketAddr, adw_id: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        // The usual 128 KiB are cleared before every read, which would cost the client more than the reading.
        let config = WebSocketConfig::default().read_buffer_size(BUFFER);
        let url = format!("ws://{address}/ws/workflows/{adw_id}");
        let (socket, _) = client_async_with_config(url, stream, Some(config)).await?;
        let mut feed = Self { socket, last: None };
        let greeting = feed.message().await?;
        ensure!(greeting.contains("connection_established"), "the feed began with {greeting}");
        Ok(feed)
    }

    /// Waits for the workflow's end.
    pub(crate) async fn until_completed(&mut self) -> Result<()> {
        while !self.event().await? {}
        Ok(())
    }

    /// Waits for an event; true where it is the workflow's end.
    pub(crate) async fn event(&mut self) -> Result<bool> {
        loop {
            let text = self.message().await?;
            let told: Told<'_> = serde_json::from_str(&text)?;
            let Some(seq) = told.seq else { continue };
            let expected = self.last.map_or(seq, |last| last + 1);
            ensure!(seq == expected, "event {seq} came in the place of {expected}");
            self.last = Some(seq);
            match told.event {
                "workflow_completed" => return Ok(true),
                "workflow_failed" | "workflow_cancelled" => bail!("a workflow did not complete: {text}"),
                _ => return Ok(false),
            }
        }
    }

    async fn message(&mut self) -> Result<String> {
        loop {
            match self.socket.next().await.context("the feed was closed by the server")?? {
                Message::Text(text) => return Ok(text.as_str().to_owned()),
                Message::Close(frame) => bail!("the feed was closed by the server: {frame:?}"),
                // Pings, which the library answers.
                _ => {}
            }
        }
    }
}
