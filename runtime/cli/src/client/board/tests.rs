#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use serde_json::{Value, json};

use super::{BoardFeed, BoardNews, SUBSCRIBE};
use crate::client::RequestError;
use crate::client::feed::tests::Script;

fn message(kind: &str, data: &Value) -> Value {
    json!({ "type": kind, "event": kind, "topic": "board", "data": data })
}

fn row(adw_id: &str, seq: u64) -> Value {
    json!({
        "id": 1, "adw_id": adw_id, "title": "T", "status": "running", "seq": seq,
        "created_at": "2026-01-31T12:00:00.000Z", "updated_at": "2026-01-31T12:00:00.000Z",
    })
}

fn snapshot(rows: &[Value], complete: bool) -> Value {
    message("snapshot", &json!({ "items": rows, "complete": complete }))
}

fn event(name: &str, adw_id: &str, seq: u64) -> Value {
    let mut event = message("status_update", &row(adw_id, seq));
    event["event"] = name.into();
    event["seq"] = seq.into();
    event
}

/// What the feed tells, in short, until there is so much of it.
async fn heard(feed: &mut BoardFeed, count: usize) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.len() < count {
        heard.push(match feed.next().await.unwrap() {
            BoardNews::Begin => "begin".to_owned(),
            BoardNews::Stands(row, _) => format!("{} at {}", row.adw_id, row.seq),
            BoardNews::Changed(change) => {
                format!("{} {} at {}", change.event, change.row.adw_id, change.row.seq)
            }
            BoardNews::Complete => "complete".to_owned(),
            BoardNews::Lost { .. } => "lost".to_owned(),
        });
    }
    heard
}

#[tokio::test]
async fn the_rows_are_asked_for_again_when_the_server_is_back() {
    let (script, client) = Script::new().await;
    let serving = async {
        let first = [
            message("connection_established", &json!({ "topics": ["board"] })),
            message("subscribed", &json!({})),
            snapshot(&[row("a", 1)], false),
            event("stage_started", "a", 2),
            json!({ "shape": "unknown" }),
            event("an_event_of_a_later_version", "a", 3),
            snapshot(&[], true),
        ];
        let first = script.say_and_hear(&first).await;
        let second = [message("subscribed", &json!({})), snapshot(&[row("a", 9)], true)];
        (first, script.say_and_hear(&second).await)
    };
    let mut feed = BoardFeed::new(client);
    let ((first, second), heard) = tokio::join!(serving, heard(&mut feed, 9));
    assert_eq!(
        heard,
        [
            "begin",
            "a at 1",
            "stage_started a at 2",
            "an_event_of_a_later_version a at 3",
            "complete",
            "lost",
            "begin",
            "a at 9",
            "complete"
        ]
    );
    assert_eq!((first.as_str(), second.as_str()), (SUBSCRIBE, SUBSCRIBE));
}

#[tokio::test]
async fn a_client_that_was_too_slow_subscribes_again() {
    let (script, client) = Script::new().await;
    let serving = async {
        let (mut socket, _) = script.accept().await;
        assert_eq!(Script::hear(&mut socket).await, SUBSCRIBE);
        Script::tell(&mut socket, &[message("subscribed", &json!({})), snapshot(&[], true)]).await;
        Script::tell(&mut socket, &[message("resync_required", &json!({}))]).await;
        assert_eq!(Script::hear(&mut socket).await, SUBSCRIBE);
        Script::tell(&mut socket, &[message("subscribed", &json!({})), snapshot(&[row("a", 3)], true)]).await;
        socket
    };
    let mut feed = BoardFeed::new(client);
    let (_socket, heard) = tokio::join!(serving, heard(&mut feed, 5));
    assert_eq!(heard, ["begin", "complete", "begin", "a at 3", "complete"]);
}

#[tokio::test]
async fn a_server_that_was_never_there_is_not_waited_for() {
    let (script, client) = Script::new().await;
    drop(script);
    let news = BoardFeed::new(client).next().await;
    assert!(matches!(news, Err(RequestError::Unreachable { .. })), "{news:?}");
}
