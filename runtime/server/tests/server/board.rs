//! The topic `board` of `/ws/events`, over real sockets.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::{
    http::{ask, get},
    live::{Live, Socket},
};

async fn create(live: &Live, adw_id: &str, stages: &[&str]) {
    let body = json!({ "title": format!("About {adw_id}"), "adw_id": adw_id, "stages": stages });
    ask("POST", "/api/v1/workflows/create").json(&body).of(&live.bench).await.is(201);
}

async fn subscribed(live: &Live) -> Socket {
    let mut socket = live.connect_to_topics().await;
    assert_eq!(socket.message().await["type"], "connection_established");
    socket.say(r#"{"type":"subscribe","topic":"board"}"#).await;
    let told = socket.message().await;
    assert_eq!((&told["type"], &told["topic"]), (&json!("subscribed"), &json!("board")));
    socket
}

fn is_complete(message: &Value) -> bool {
    message["type"] == "snapshot" && message["data"]["complete"] == true
}

fn is_end(message: &Value) -> bool {
    ["workflow_completed", "workflow_failed", "workflow_cancelled"]
        .contains(&message["event"].as_str().unwrap())
}

/// Rows by their id, as a client keeps them: nothing may come that it has already, and nothing may be left out.
#[derive(Default)]
struct Rows {
    rows: HashMap<String, Value>,
    complete: bool,
}

impl Rows {
    fn hear(&mut self, message: &Value) {
        if message["type"] == "snapshot" {
            for row in message["data"]["items"].as_array().unwrap() {
                let known = self.rows.insert(row["adw_id"].as_str().unwrap().to_owned(), row.clone());
                assert!(known.is_none_or(|known| known["seq"].as_u64() < row["seq"].as_u64()), "{row}");
            }
            self.complete = is_complete(message);
        }
        let Some(seq) = message.get("seq").and_then(Value::as_u64) else { return };
        assert_eq!(message["data"]["seq"], seq, "the row is that after the event");
        let known = self.rows.insert(message["adw_id"].as_str().unwrap().to_owned(), message["data"].clone());
        match known {
            Some(known) => assert_eq!(seq, known["seq"].as_u64().unwrap() + 1, "{message}"),
            // Its row has not come yet, and need not come any more.
            None => assert!(seq == 1 || !self.complete, "{message}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_come_first_and_then_every_event_with_its_row() {
    let live = Live::new().await;
    create(&live, "before", &["fail"]).await;
    live.bench.until("before", |workflow| workflow.status.is_ended()).await;
    let mut socket = subscribed(&live).await;
    let rows = socket.until(is_complete).await.pop().unwrap();
    create(&live, "test", &["plan", "implement"]).await;
    let messages = [vec![rows], socket.until(is_end).await].concat();
    insta::assert_json_snapshot!(messages, {
        "[].epoch" => "[epoch]", "[].timestamp" => "[time]",
        "[].data.items[].created_at" => "[time]", "[].data.items[].updated_at" => "[time]",
        "[].data.items[].completed_at" => "[time]",
        "[].data.created_at" => "[time]", "[].data.updated_at" => "[time]", "[].data.completed_at" => "[time]",
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_says_what_the_task_says() {
    let live = Live::new().await;
    let adw_id = live.bench.running().await;
    let mut socket = subscribed(&live).await;
    let told = socket.until(is_complete).await.remove(0);
    let (row, task) = (told["data"]["items"][0].clone(), live.bench.read(&adw_id).await);
    for (member, value) in row.as_object().unwrap() {
        if member == "attempt" {
            assert_eq!(value, &task["stage_runs"][1]["attempt"]);
        } else {
            assert_eq!(value, &task[member], "{member}");
        }
    }
    assert_eq!(told["epoch"], task["epoch"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_is_missed_or_told_twice_whenever_a_client_comes() {
    let live = Live::new().await;
    for round in 0..10 {
        let ids: Vec<String> = (0..8).map(|number| format!("race{round}x{number}")).collect();
        let watching = async {
            let mut readers = Vec::new();
            for _ in 0..4 {
                let mut socket = subscribed(&live).await;
                let ids = ids.clone();
                readers.push(tokio::spawn(async move {
                    let mut rows = Rows::default();
                    while !ids
                        .iter()
                        .all(|id| rows.rows.get(id.as_str()).is_some_and(|row| row["status"] == "completed"))
                    {
                        rows.hear(&socket.message().await);
                    }
                    rows
                }));
            }
            readers
        };
        let creating = async {
            for id in &ids {
                create(&live, id, &["plan", "implement", "ship"]).await;
            }
        };
        let ((), readers) = tokio::join!(creating, watching);
        for reader in readers {
            let rows = reader.await.unwrap();
            assert!(ids.iter().all(|id| rows.rows[id.as_str()]["seq"] == 9), "{:?}", rows.rows);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_open_workflow_is_there_however_old_it_is() {
    let live = Live::new().await;
    let oldest = live.bench.running().await;
    for number in 0..205 {
        create(&live, &format!("later{number}"), &["plan"]).await;
    }
    live.bench.until("later204", |workflow| workflow.status.is_ended()).await;
    let mut socket = subscribed(&live).await;
    let mut rows = Rows::default();
    socket.until(is_complete).await.iter().for_each(|message| rows.hear(message));
    assert!(rows.rows.contains_key(&oldest) && rows.rows.contains_key("later204"));
    assert!(!rows.rows.contains_key("later0"), "of those that have ended, the newest 200");
    ask("DELETE", format!("/api/v1/workflows/{oldest}")).of(&live.bench).await;
    socket.until(|message| message["adw_id"] == oldest.as_str() && is_end(message)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_asked_for_once_and_ends_when_it_is_to() {
    let live = Live::new().await;
    let mut socket = subscribed(&live).await;
    socket.until(is_complete).await;
    for (said, code) in [
        (r#"{"type":"subscribe","topic":"board"}"#, "already_subscribed"),
        (r#"{"type":"subscribe","topic":"weather"}"#, "unknown_topic"),
        (r#"{"type":"subscribe"}"#, "unknown_topic"),
        (r#"{"type":"shout"}"#, "bad_message"),
        ("[1", "bad_message"),
    ] {
        socket.say(said).await;
        let told = socket.message().await;
        assert_eq!((&told["type"], &told["data"]["code"]), (&json!("error"), &json!(code)), "{said}");
    }
    socket.say(r#"{"type":"unsubscribe","topic":"board"}"#).await;
    assert_eq!(socket.message().await["type"], "unsubscribed");
    live.bench.completed().await;
    socket.say(r#"{"type":"ping"}"#).await;
    assert_eq!(socket.message().await["type"], "pong", "nothing else came");
    socket.say(r#"{"type":"unsubscribe","topic":"board"}"#).await;
    assert_eq!(socket.message().await["data"]["code"], "not_subscribed");
    socket.say(r#"{"type":"subscribe","topic":"board"}"#).await;
    assert_eq!(socket.message().await["type"], "subscribed");
    assert_eq!(socket.message().await["data"]["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_told() {
    let live = Live::new().await;
    let mut socket = subscribed(&live).await;
    socket.until(is_complete).await;
    let stopping = live.stop();
    assert_eq!(socket.close_code().await, 1001);
    stopping.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_socket_is_told_so() {
    let live = Live::new().await;
    get("/ws/events").of(&live.bench).await.problem(426);
}
