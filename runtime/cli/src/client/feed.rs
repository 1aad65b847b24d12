//! The live feed of a workflow: every event once and in order, whatever happens to the connection.

use adw_core::{AdwId, EventKind, StageName, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::socket::Socket;
use super::{Client, RequestError, TRIES, Waiting, pause};

/// What the feed of a workflow tells.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// The workflow changed.
    Change(Change),
    /// The workflow changed in a way that only a later version has words for; what follows from it comes with the others.
    Unknown,
    /// An attempt wrote to its log; the lines are read there, where none is ever missing.
    Log { stage: StageName, attempt: u32 },
    /// A stage says how far it is.
    Progress { percent: u64, message: String },
    /// The connection was lost and will be tried again.
    Lost { cause: String },
    /// The history began anew: the server's database was restored. What was told may not have happened.
    Rewound,
}

/// An event of the workflow.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) event: EventKind,
    pub(crate) at: Timestamp,
    pub(crate) data: Value,
}

impl Change {
    /// The attempt that it tells of.
    pub(crate) fn attempt(&self) -> Option<(StageName, u32)> {
        let stage = self.data.get("stage")?.as_str()?.parse().ok()?;
        let attempt = u32::try_from(self.data.get("attempt")?.as_u64()?).ok()?;
        Some((stage, attempt))
    }

    /// What the workflow waits on from here.
    pub(crate) fn waiting(&self) -> Option<Waiting> {
        let is_wait = matches!(self.event, EventKind::WorkflowWaiting | EventKind::WorkflowPaused);
        self.data.get("waiting").filter(|_| is_wait).and_then(|waiting| Waiting::deserialize(waiting).ok())
    }

    /// Whether the workflow takes its place in the queue.
    pub(crate) const fn is_queueing(&self) -> bool {
        matches!(self.event, EventKind::TaskCreated | EventKind::WorkflowRetried)
    }

    /// Whether it is the end of the workflow, unless a retry follows.
    pub(crate) const fn is_end(&self) -> bool {
        matches!(
            self.event,
            EventKind::WorkflowCompleted | EventKind::WorkflowFailed | EventKind::WorkflowCancelled
        )
    }
}

/// A message as it comes.
#[derive(Debug, Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    event: Value,
    #[serde(default)]
    data: Value,
    timestamp: Timestamp,
    #[serde(default)]
    epoch: Option<String>,
    #[serde(default)]
    seq: Option<u64>,
}

/// Follows one workflow.
pub(crate) struct Feed<'a> {
    client: &'a Client,
    adw_id: &'a AdwId,
    socket: Option<Socket>,
    epoch: Option<String>,
    /// The number of the last event that was told.
    last: u64,
    /// The number of the last event that there was when the connection was made.
    newest: u64,
    tries: u32,
}

impl<'a> Feed<'a> {
    /// From the first event on.
    pub(crate) const fn new(client: &'a Client, adw_id: &'a AdwId) -> Self {
        Self::since(client, adw_id, 0)
    }

    /// From what comes after this one on.
    pub(crate) const fn since(client: &'a Client, adw_id: &'a AdwId, seq: u64) -> Self {
        Self { client, adw_id, socket: None, epoch: None, last: seq, newest: seq, tries: 0 }
    }

    /// The number of the last event that was told: the version of the workflow that it led to.
    pub(crate) const fn reached(&self) -> u64 {
        self.last
    }

    /// Whether all is told that happened before the connection was made: what comes now happens now.
    pub(crate) const fn is_live(&self) -> bool {
        self.last >= self.newest
    }

    /// The next piece of news; waits for it, and for the server to come back.
    pub(crate) async fn next(&mut self) -> Result<News, RequestError> {
        loop {
            let news = match &mut self.socket {
                None => self.connect().await?,
                Some(socket) => match socket.hear().await {
                    Ok(text) => match serde_json::from_str(&text) {
                        Ok(message) => self.hear(message).await?,
                        // What can't be read is of a later version, and what is needed of it comes by REST.
                        Err(_) => None,
                    },
                    Err(cause) => self.lost(&cause)?,
                },
            };
            if let Some(news) = news {
                return Ok(news);
            }
        }
    }

    /// Connects, or says why not; the next try comes with the next call.
    async fn connect(&mut self) -> Result<Option<News>, RequestError> {
        if self.tries > 0 {
            pause(self.tries).await;
        }
        let mut url = self.client.feed_url(self.adw_id);
        url.set_query(Some(&format!("since={}", self.last)));
        match Socket::connect(self.client, &url).await? {
            Ok(socket) => {
                self.socket = Some(socket);
                Ok(None)
            }
            Err(cause) => self.lost(&cause),
        }
    }

    /// Told once for each time that the connection is lost, until the server counts as unreachable.
    fn lost(&mut self, cause: &str) -> Result<Option<News>, RequestError> {
        self.socket = None;
        self.tries += 1;
        let cause = cause.to_owned();
        match self.tries {
            1 => Ok(Some(News::Lost { cause })),
            ..=TRIES => Ok(None),
            _ => Err(RequestError::Unreachable {
                address: self.client.address().clone(),
                cause,
                is_gone: false,
            }),
        }
    }

    /// What a message says that hasn't been told yet.
    async fn hear(&mut self, message: Envelope) -> Result<Option<News>, RequestError> {
        if self.is_of_another_epoch(&message) {
            self.last = 0;
            self.socket = None;
            return Ok(Some(News::Rewound));
        }
        match (message.kind.as_str(), message.seq) {
            ("connection_established", _) => {
                self.tries = 0;
                self.newest = message.data.get("version").and_then(Value::as_u64).unwrap_or_default();
            }
            ("resync_required", _) => return self.lost("the server asks for a new start"),
            ("ping", _) => {
                if let Some(socket) = &mut self.socket {
                    socket.say(r#"{"type":"pong"}"#).await;
                }
            }
            (_, Some(seq)) if seq > self.last => {
                self.last = seq;
                let Ok(event) = EventKind::deserialize(&message.event) else {
                    return Ok(Some(News::Unknown));
                };
                return Ok(Some(News::Change(Change { event, at: message.timestamp, data: message.data })));
            }
            (_, Some(_)) => {}
            (_, None) => return Ok(message.in_passing()),
        }
        Ok(None)
    }

    fn is_of_another_epoch(&mut self, message: &Envelope) -> bool {
        let Some(epoch) = &message.epoch else { return false };
        self.epoch.replace(epoch.clone()).is_some_and(|known| known != *epoch)
    }
}

impl Envelope {
    /// What happens within a stage, which is no event.
    fn in_passing(self) -> Option<News> {
        let stage = self.data.get("stage")?.as_str()?.parse().ok()?;
        match self.kind.as_str() {
            "log" => {
                let attempt = u32::try_from(self.data.get("attempt")?.as_u64()?).ok()?;
                Some(News::Log { stage, attempt })
            }
            "progress_update" => {
                let message = self.data.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
                Some(News::Progress { percent: self.data.get("stage_progress")?.as_u64()?, message })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
pub(in crate::client) mod tests;
