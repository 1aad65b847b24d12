#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::time::Duration;

use adw_core::AdwId;
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use super::{Until, exit_of, follow};
use crate::client::Client;
use crate::failure::Exit;
use crate::output::Output;

const TIME: &str = "2026-01-31T12:00:00.000Z";

/// A server with one workflow: its feed tells that it came to wait, and what became of it afterwards, if anything did.
async fn serve(listener: TcpListener, waiting: Value, end: Option<&'static str>) {
    let mut told = Vec::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let mut beginning = [0; 8];
        stream.peek(&mut beginning).await.unwrap();
        if beginning.starts_with(b"GET /ws/") {
            told.push(tokio::spawn(tell(stream, waiting.clone(), end)));
        } else {
            answer(stream, &waiting, end).await;
        }
    }
}

/// The feed.
async fn tell(stream: TcpStream, waiting: Value, end: Option<&'static str>) {
    let mut socket = accept_async(stream).await.unwrap();
    let status = |kind: &str, event: &str, seq: u64, data: Value| {
        let message = json!({
            "type": kind, "event": event, "seq": seq, "data": data, "timestamp": TIME, "epoch": "a",
        });
        Message::text(message.to_string())
    };
    let data = json!({ "current_stage": "plan", "waiting": waiting });
    socket.send(status("status_update", "workflow_waiting", 1, data)).await.unwrap();
    if let Some(end) = end {
        socket.send(status("status_update", end, 2, json!({}))).await.unwrap();
    }
    // It stays open after the end, as the real one does.
    std::future::pending::<()>().await;
}

/// The workflow as it stands.
async fn answer(mut stream: TcpStream, waiting: &Value, end: Option<&str>) {
    let status = end.map_or("running", |event| event.strip_prefix("workflow_").unwrap());
    let waiting = if end.is_none() { waiting } else { &Value::Null };
    let body = json!({
        "adw_id": "one", "title": "One", "type": "bug", "status": status, "waiting": waiting, "branch": "adw-task/one",
        "created_at": TIME, "updated_at": TIME,
    })
    .to_string();
    assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).await.unwrap();
}

/// Follows such a workflow, and gives the exit code in the end.
async fn followed(kind: &str, until: Until, end: Option<&'static str>) -> Exit {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(listener.local_addr().unwrap().to_string().parse().unwrap()).unwrap();
    let waiting = json!({ "kind": kind, "message": "Shall it?" });
    let adw_id: AdwId = "one".parse().unwrap();
    let limit = Duration::from_secs(20);
    tokio::select! {
        () = serve(listener, waiting, end) => panic!("the server goes on"),
        answer = timeout(limit, follow(&client, &adw_id, until, Output::new(true))) => {
            exit_of(&answer.expect("the following ends").unwrap().view)
        }
    }
}

#[tokio::test]
async fn a_question_ends_the_following_where_nobody_could_answer() {
    for kind in ["question", "agent_by_hand", "paused", "of_a_later_version"] {
        assert_eq!(followed(kind, Until::QuestionOrEnd, None).await, Exit::WaitsForAPerson, "{kind}");
    }
}

#[tokio::test]
async fn what_passes_by_itself_does_not() {
    for kind in ["timer", "rate_limit"] {
        let exit = followed(kind, Until::QuestionOrEnd, Some("workflow_completed")).await;
        assert_eq!(exit, Exit::Done, "{kind}");
    }
}

#[tokio::test]
async fn a_question_that_was_answered_at_once_does_not_either() {
    for until in [Until::QuestionOrEnd, Until::End] {
        assert_eq!(
            followed("question", until, Some("workflow_failed")).await,
            Exit::WorkflowFailed,
            "{until:?}"
        );
    }
}

#[tokio::test]
async fn with_a_server_a_question_is_waited_out() {
    let exit = followed("question", Until::End, Some("workflow_completed")).await;
    assert_eq!(exit, Exit::Done);
}
