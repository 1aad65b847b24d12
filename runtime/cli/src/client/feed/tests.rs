#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use adw_core::{AdwId, EventKind};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::{Client, Feed, News};
use crate::client::{Address, RequestError};

/// A server that says to each connection what it is told to, and then lets go of it.
pub(in crate::client) struct Script {
    listener: TcpListener,
}

impl Script {
    pub(in crate::client) async fn new() -> (Self, Client) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: Address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        (Self { listener }, Client::new(address).unwrap())
    }

    /// Takes a connection; answers with it and with what it asked for.
    pub(in crate::client) async fn accept(&self) -> (WebSocketStream<TcpStream>, String) {
        let (stream, _) = self.listener.accept().await.unwrap();
        let mut asked = String::new();
        #[expect(clippy::result_large_err, reason = "the signature is the library's")]
        let note = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
            asked = request.uri().to_string();
            Ok(response)
        };
        let socket = accept_hdr_async(stream, note).await.unwrap();
        (socket, asked)
    }

    /// Takes a connection, says this, and drops it without a word.
    async fn say(&self, messages: &[Value]) -> String {
        let (mut socket, asked) = self.accept().await;
        Self::tell(&mut socket, messages).await;
        asked
    }

    /// The same, once it has heard something; answers with that.
    pub(in crate::client) async fn say_and_hear(&self, messages: &[Value]) -> String {
        let (mut socket, _) = self.accept().await;
        let heard = Self::hear(&mut socket).await;
        Self::tell(&mut socket, messages).await;
        heard
    }

    pub(in crate::client) async fn tell(socket: &mut WebSocketStream<TcpStream>, messages: &[Value]) {
        for message in messages {
            socket.send(Message::text(message.to_string())).await.unwrap();
        }
    }

    pub(in crate::client) async fn hear(socket: &mut WebSocketStream<TcpStream>) -> String {
        socket.next().await.unwrap().unwrap().into_text().unwrap().to_string()
    }
}

fn message(epoch: &str, kind: &str, event: &str, seq: Option<u64>, data: &Value) -> Value {
    let mut message = json!({
        "type": kind, "event": event, "data": data, "timestamp": "2026-01-31T12:00:00.000Z", "epoch": epoch,
    });
    if let Some(seq) = seq {
        message["seq"] = seq.into();
    }
    message
}

fn hello(epoch: &str) -> Value {
    message(epoch, "connection_established", "connection_established", None, &json!({}))
}

fn event(epoch: &str, event: &str, seq: u64) -> Value {
    message(epoch, "status_update", event, Some(seq), &json!({}))
}

fn adw_id() -> AdwId {
    "one".parse().unwrap()
}

/// What the feed tells, in short, until there is so much of it.
async fn heard(feed: &mut Feed<'_>, count: usize) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.len() < count {
        heard.push(match feed.next().await.unwrap() {
            News::Change(change) => change.event.as_str().to_owned(),
            News::Unknown => "unknown".to_owned(),
            News::Log { stage, attempt } => format!("log {stage}.{attempt}"),
            News::Progress { percent, message } => format!("{percent} % {message}"),
            News::Lost { .. } => "lost".to_owned(),
            News::Rewound => "rewound".to_owned(),
        });
    }
    heard
}

#[tokio::test]
async fn a_lost_connection_is_resumed_without_gap_or_repeat() {
    let (script, client) = Script::new().await;
    let serving = async {
        let first =
            script.say(&[hello("a"), event("a", "task_created", 1), event("a", "workflow_started", 2)]).await;
        let again = [hello("a"), event("a", "workflow_started", 2), event("a", "workflow_completed", 3)];
        let second = script.say(&again).await;
        (first, second)
    };
    let adw_id = adw_id();
    let mut feed = Feed::new(&client, &adw_id);
    let ((first, second), heard) = tokio::join!(serving, heard(&mut feed, 4));
    assert_eq!(heard, ["task_created", "workflow_started", "lost", "workflow_completed"]);
    assert_eq!(first, "/ws/workflows/one?since=0");
    assert_eq!(second, "/ws/workflows/one?since=2");
}

#[tokio::test]
async fn another_epoch_begins_anew() {
    let (script, client) = Script::new().await;
    let serving = async {
        script.say(&[hello("a"), event("a", "task_created", 1), event("a", "workflow_started", 2)]).await;
        script.say(&[hello("b")]).await;
        script.say(&[hello("b"), event("b", "task_created", 1)]).await
    };
    let adw_id = adw_id();
    let mut feed = Feed::new(&client, &adw_id);
    let (asked, heard) = tokio::join!(serving, heard(&mut feed, 5));
    assert_eq!(heard, ["task_created", "workflow_started", "lost", "rewound", "task_created"]);
    assert_eq!(asked, "/ws/workflows/one?since=0");
}

#[tokio::test]
async fn what_is_no_event_and_what_is_unknown_does_no_harm() {
    let (script, client) = Script::new().await;
    let line = json!({ "stage": "plan", "attempt": 1, "offset": 0, "message": "looking" });
    let progress = json!({ "stage": "plan", "progress": 33, "stage_progress": 5, "message": "looking" });
    let said = [
        hello("a"),
        json!({ "shape": "unknown" }),
        message("a", "bookmark", "bookmark", None, &json!({})),
        message("a", "log", "log", None, &line),
        message("a", "progress_update", "progress_update", None, &progress),
        event("a", "an_event_of_a_later_version", 1),
        event("a", "workflow_started", 2),
    ];
    let adw_id = adw_id();
    let mut feed = Feed::new(&client, &adw_id);
    let (_, heard) = tokio::join!(script.say(&said), heard(&mut feed, 4));
    assert_eq!(heard, ["log plan.1", "5 % looking", "unknown", "workflow_started"]);
}

#[tokio::test]
async fn an_event_knows_its_end_and_its_attempt() {
    let (script, client) = Script::new().await;
    let data = json!({ "stage": "test", "attempt": 2 });
    let said =
        [message("a", "progress_update", "stage_failed", Some(1), &data), event("a", "workflow_failed", 2)];
    let adw_id = adw_id();
    let mut feed = Feed::new(&client, &adw_id);
    let changes = async {
        let mut changes = Vec::new();
        while changes.len() < 2 {
            if let News::Change(change) = feed.next().await.unwrap() {
                changes.push(change);
            }
        }
        changes
    };
    let (_, changes) = tokio::join!(script.say(&said), changes);
    assert_eq!(changes[0].event, EventKind::StageFailed);
    assert_eq!(changes[0].attempt(), Some(("test".parse().unwrap(), 2)));
    assert_eq!((changes[0].is_end(), changes[1].is_end()), (false, true));
}

#[tokio::test]
async fn something_else_that_listens_there_is_told_apart() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (script, client) = Script::new().await;
    let serving = async {
        let (mut stream, _) = script.listener.accept().await.unwrap();
        let mut request = [0; 1024];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    };
    let adw_id = adw_id();
    let mut feed = Feed::new(&client, &adw_id);
    let ((), news) = tokio::join!(serving, feed.next());
    assert!(matches!(news, Err(RequestError::Unexpected { .. })), "{news:?}");
}
