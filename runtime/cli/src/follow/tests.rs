#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adw_core::AdwId;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use super::{Since, Until, exit_of, follow};
use crate::client::Client;
use crate::failure::Exit;
use crate::output::Output;

const TIME: &str = "2026-01-31T12:00:00.000Z";

/// What becomes of a workflow.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// Nothing: it came to wait.
    Waits,
    /// This, once somebody has seen it wait.
    Later(&'static str),
    /// This, before anybody could look.
    AtOnce(&'static str),
    /// It failed, was retried, and has completed by now.
    WasRetried,
}

/// A server with one workflow: its feed tells how it came to wait, or to its first end, and what followed.
struct Server {
    waiting: Value,
    then: Then,
    seen: Notify,
    asked: AtomicBool,
    told_all: AtomicBool,
}

impl Server {
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut beginning = [0; 8];
            stream.peek(&mut beginning).await.unwrap();
            if beginning.starts_with(b"GET /ws/") {
                tokio::spawn(Arc::clone(&self).tell(stream));
            } else {
                self.answer(stream).await;
            }
        }
    }

    /// The feed.
    async fn tell(self: Arc<Self>, stream: TcpStream) {
        let mut socket = accept_async(stream).await.unwrap();
        let event = |event: &str, seq: u64| {
            let data = json!({ "current_stage": "plan", "waiting": self.waiting });
            let message = json!({
                "type": "status_update", "event": event, "seq": seq, "data": data, "timestamp": TIME, "epoch": "a",
            });
            Message::text(message.to_string())
        };
        let first =
            if matches!(self.then, Then::WasRetried) { "workflow_failed" } else { "workflow_waiting" };
        socket.send(event(first, 1)).await.unwrap();
        match self.then {
            Then::Waits => {}
            Then::WasRetried => {
                self.seen.notified().await;
                // It still listens, though it knows by now that all is over.
                let ping = json!({ "type": "ping", "timestamp": TIME }).to_string();
                socket.send(Message::text(ping)).await.unwrap();
                assert!(socket.next().await.is_some_and(|heard| heard.is_ok_and(|heard| heard.is_text())));
                self.told_all.store(true, Ordering::Relaxed);
                socket.send(event("workflow_retried", 2)).await.unwrap();
                socket.send(event("workflow_completed", 3)).await.unwrap();
            }
            Then::Later(end) => {
                self.seen.notified().await;
                socket.send(event(end, 2)).await.unwrap();
            }
            Then::AtOnce(end) => socket.send(event(end, 2)).await.unwrap(),
        }
        // It stays open after the end, as the real one does.
        std::future::pending::<()>().await;
    }

    /// The workflow as it stands.
    async fn answer(&self, mut stream: TcpStream) {
        let was_asked = self.asked.swap(true, Ordering::Relaxed);
        let end = match self.then {
            Then::AtOnce(end) => Some(end),
            Then::WasRetried => Some("workflow_completed"),
            Then::Later(end) if was_asked => Some(end),
            Then::Later(_) | Then::Waits => None,
        };
        let status = end.map_or("running", |event| event.strip_prefix("workflow_").unwrap());
        let waiting = if end.is_none() { &self.waiting } else { &Value::Null };
        let body = json!({
            "adw_id": "one", "title": "One", "type": "bug", "status": status, "waiting": waiting,
            "branch": "adw-task/one", "created_at": TIME, "updated_at": TIME,
            "version": if matches!(self.then, Then::WasRetried) { 3 } else { 1 },
        })
        .to_string();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).await.unwrap();
        self.seen.notify_one();
    }
}

/// Follows such a workflow, and gives the exit code in the end.
async fn followed(kind: &str, until: Until, then: Then) -> Exit {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(listener.local_addr().unwrap().to_string().parse().unwrap()).unwrap();
    let waiting = json!({ "kind": kind, "message": "Shall it?" });
    let server = Arc::new(Server {
        waiting,
        then,
        seen: Notify::new(),
        asked: AtomicBool::new(false),
        told_all: AtomicBool::new(!matches!(then, Then::WasRetried)),
    });
    let told = Arc::clone(&server);
    let adw_id: AdwId = "one".parse().unwrap();
    let limit = Duration::from_secs(20);
    tokio::select! {
        () = server.serve(listener) => panic!("the server goes on"),
        answer = timeout(limit, follow(&client, &adw_id, Since::Beginning, until, Output::new(true))) => {
            let answer = answer.expect("the following ends").unwrap();
            assert!(told.told_all.load(Ordering::Relaxed), "it ended before all was told");
            exit_of(&answer.view)
        }
    }
}

#[tokio::test]
async fn a_question_ends_the_following_where_nobody_could_answer() {
    for kind in ["question", "agent_by_hand", "paused", "of_a_later_version"] {
        let exit = followed(kind, Until::QuestionOrEnd, Then::Waits).await;
        assert_eq!(exit, Exit::WaitsForAPerson, "{kind}");
    }
}

#[tokio::test]
async fn what_passes_by_itself_does_not() {
    for kind in ["timer", "rate_limit"] {
        let exit = followed(kind, Until::QuestionOrEnd, Then::Later("workflow_completed")).await;
        assert_eq!(exit, Exit::Done, "{kind}");
    }
}

#[tokio::test]
async fn a_question_that_was_answered_at_once_does_not_either() {
    let exit = followed("question", Until::QuestionOrEnd, Then::AtOnce("workflow_failed")).await;
    assert_eq!(exit, Exit::WorkflowFailed);
}

#[tokio::test]
async fn with_a_server_a_question_is_waited_out() {
    let exit = followed("question", Until::End, Then::Later("workflow_completed")).await;
    assert_eq!(exit, Exit::Done);
}

#[tokio::test]
async fn a_first_end_that_a_retry_followed_is_not_the_last_that_is_told() {
    let exit = followed("question", Until::End, Then::WasRetried).await;
    assert_eq!(exit, Exit::Done);
}
