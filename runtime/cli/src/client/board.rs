//! The live feed of all workflows: their rows as they stand, then every change, whatever happens to the connection.

use std::collections::VecDeque;

use adw_core::{AdwId, StageName, Status, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::socket::Socket;
use super::{Client, RequestError, Waiting, pause};

const SUBSCRIBE: &str = r#"{"type":"subscribe","topic":"board"}"#;

/// What the feed tells.
#[derive(Clone, Debug)]
pub(crate) enum BoardNews {
    /// The rows as they stand follow, all of them: what was told before may be out of date.
    Begin,
    /// A workflow as it stands; also as the server wrote it.
    Stands(Row, Box<RawValue>),
    /// A workflow after an event.
    Changed(RowChange),
    /// All rows were told; from here on it is changes.
    Complete,
    /// The connection was lost, and is tried again until it is there.
    Lost { cause: String },
}

/// Where a workflow stands.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) adw_id: AdwId,
    pub(crate) title: String,
    pub(crate) status: Status,
    #[serde(default)]
    pub(crate) current_stage: Option<StageName>,
    #[serde(default)]
    pub(crate) attempt: Option<u32>,
    #[serde(default)]
    pub(crate) waiting: Option<Waiting>,
    #[serde(default)]
    pub(crate) error_message: Option<String>,
    #[serde(default)]
    pub(crate) progress: u8,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) seq: u64,
}

/// An event, and the row after it.
#[derive(Clone, Debug)]
pub(crate) struct RowChange {
    /// Its name, which may be one of a later version.
    pub(crate) event: String,
    /// The stage that it tells of.
    pub(crate) stage: Option<StageName>,
    pub(crate) row: Row,
    /// The message as the server wrote it.
    pub(crate) raw: Box<RawValue>,
}

/// A message as it comes.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    event: &'a str,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(default)]
    seq: Option<u64>,
}

#[derive(Deserialize)]
struct Snapshot<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
    complete: bool,
}

#[derive(Deserialize)]
struct Changed {
    #[serde(flatten)]
    row: Row,
    #[serde(default)]
    stage: Option<StageName>,
}

/// Follows all workflows of a server.
pub(crate) struct BoardFeed {
    client: Client,
    socket: Option<Socket>,
    ready: VecDeque<BoardNews>,
    /// Whether the server was there once: from then on it is waited for.
    met: bool,
    tries: u32,
}

impl BoardFeed {
    pub(crate) const fn new(client: Client) -> Self {
        Self { client, socket: None, ready: VecDeque::new(), met: false, tries: 0 }
    }

    /// The next piece of news; waits for it, and for the server to come back. One that was never there is an error.
    pub(crate) async fn next(&mut self) -> Result<BoardNews, RequestError> {
        loop {
            if let Some(news) = self.ready.pop_front() {
                return Ok(news);
            }
            match &mut self.socket {
                None => self.connect().await?,
                Some(socket) => match socket.hear().await {
                    Ok(text) => self.hear(&text).await,
                    Err(cause) => self.lost(cause),
                },
            }
        }
    }

    async fn connect(&mut self) -> Result<(), RequestError> {
        if self.tries > 0 {
            pause(self.tries).await;
        }
        match Socket::connect(&self.client, &self.client.board_url()).await? {
            Ok(mut socket) => {
                socket.say(SUBSCRIBE).await;
                self.socket = Some(socket);
                self.met = true;
            }
            Err(cause) if self.met => self.lost(cause),
            Err(cause) => {
                let address = self.client.address().clone();
                return Err(RequestError::Unreachable { address, cause, is_gone: false });
            }
        }
        Ok(())
    }

    /// Told once for each time that the connection is lost.
    fn lost(&mut self, cause: String) {
        self.socket = None;
        self.tries += 1;
        if self.tries == 1 {
            self.ready.push_back(BoardNews::Lost { cause });
        }
    }

    /// What can't be read is of a later version, and none of our business.
    async fn hear(&mut self, text: &str) {
        let Ok(message) = serde_json::from_str::<Envelope<'_>>(text) else { return };
        match (message.kind, message.seq) {
            ("subscribed", _) => {
                self.tries = 0;
                self.ready.push_back(BoardNews::Begin);
            }
            ("snapshot", _) => self.stand(message.data.get()),
            ("resync_required", _) => {
                // Whoever was too slow just now gains nothing by hurry.
                pause(1).await;
                if let Some(socket) = &mut self.socket {
                    socket.say(SUBSCRIBE).await;
                }
            }
            (_, Some(_)) => self.change(&message, text),
            _ => {}
        }
    }

    fn stand(&mut self, data: &str) {
        let Ok(snapshot) = serde_json::from_str::<Snapshot<'_>>(data) else { return };
        let rows = snapshot.items.into_iter().filter_map(|raw| {
            let row = serde_json::from_str(raw.get()).ok()?;
            Some(BoardNews::Stands(row, raw.to_owned()))
        });
        self.ready.extend(rows);
        if snapshot.complete {
            self.ready.push_back(BoardNews::Complete);
        }
    }

    fn change(&mut self, message: &Envelope<'_>, text: &str) {
        let Ok(Changed { row, stage }) = serde_json::from_str(message.data.get()) else { return };
        let Ok(raw) = RawValue::from_string(text.to_owned()) else { return };
        let event = message.event.to_owned();
        self.ready.push_back(BoardNews::Changed(RowChange { event, stage, row, raw }));
    }
}

#[cfg(test)]
mod tests;
