//! The live feed, over real sockets.

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::{
    http::{ask, get},
    live::{Live, Socket},
};

fn events(messages: &[Value]) -> Vec<Value> {
    messages.iter().filter(|message| message.get("seq").is_some()).cloned().collect()
}

fn numbers(messages: &[Value]) -> Vec<u64> {
    events(messages).iter().map(|message| message["seq"].as_u64().unwrap()).collect()
}

fn is_end(message: &Value) -> bool {
    message.get("seq").is_some()
        && ["workflow_completed", "workflow_failed", "workflow_cancelled"]
            .contains(&message["event"].as_str().unwrap())
}

async fn create(live: &Live, adw_id: &str, stages: &[&str]) {
    let body = json!({ "title": "Live", "adw_id": adw_id, "stages": stages });
    ask("POST", "/api/v1/workflows/create").json(&body).of(&live.bench).await.is(201);
}

async fn put(live: &Live, adw_id: &str, body: &Value) {
    ask("PUT", format!("/api/v1/workflows/{adw_id}/status")).json(body).of(&live.bench).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_watched_from_before_its_beginning_to_its_end() {
    let live = Live::new().await;
    let mut socket = live.connect("test").await;
    let first = socket.message().await;
    assert_eq!((&first["type"], &first["adw_id"]), (&json!("connection_established"), &json!("test")));
    assert!(first["message"].is_string() && first.get("seq").is_none());
    let second = socket.message().await;
    assert_eq!((&second["type"], &second["data"]["adw_id"]), (&json!("not_found"), &json!("test")));
    create(&live, "test", &["plan", "implement"]).await;
    let messages = socket.until(is_end).await;
    insta::assert_json_snapshot!(messages, {
        "[].epoch" => "[epoch]", "[].timestamp" => "[time]", "[].data.epoch" => "[epoch]",
        "[].data.created_at" => "[time]", "[].data.updated_at" => "[time]", "[].data.completed_at" => "[time]",
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_present_state_comes_first_where_nothing_else_was_asked() {
    let live = Live::new().await;
    let adw_id = live.bench.ended(&["plan"]).await;
    let read = live.bench.read(&adw_id).await;
    let mut socket = live.connect(&adw_id).await;
    let established = socket.message().await;
    assert_eq!(established["data"], read, "the snapshot is what REST answers");
    let present = socket.message().await;
    assert_eq!(
        (&present["type"], &present["data"]["status"]),
        (&json!("status_update"), &json!("completed"))
    );
    assert!(present.get("seq").is_none());
    // The socket stays open after the end, and says "completed" once.
    put(&live, &adw_id, &json!({ "error_message": "a remark" })).await;
    let next = socket.message().await;
    assert_eq!(
        (&next["type"], &next["seq"]),
        (&json!("workflow_annotated"), &json!(read["seq"].as_u64().unwrap() + 1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_live_and_what_is_read_later_are_the_same_messages() {
    let live = Live::new().await;
    let mut socket = live.connect("twice").await;
    create(&live, "twice", &["plan", "fail"]).await;
    let heard = events(&socket.until(is_end).await);
    ask("POST", "/api/v1/workflows/twice/retry").of(&live.bench).await.is(202);
    let heard = [heard, events(&socket.until(is_end).await)].concat();
    let mut again = live.connect("twice?since=0").await;
    assert_eq!(again.message().await["type"], "connection_established");
    let mut read = Vec::new();
    while read.len() < heard.len() {
        read.push(again.message().await);
    }
    assert_eq!(read, heard);
    let rest = get("/api/v1/workflows/twice/events?limit=200").of(&live.bench).await.is(200);
    let listed: Vec<_> =
        rest["items"].as_array().unwrap().iter().map(|event| (&event["seq"], &event["type"])).collect();
    let told: Vec<_> = heard.iter().map(|message| (&message["seq"], &message["event"])).collect();
    assert_eq!(told, listed, "the feed and …/events agree");
    let progress: Vec<_> = heard.iter().filter_map(|message| message["data"]["progress"].as_u64()).collect();
    assert!(progress.is_sorted(), "{progress:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_resumes_after_the_last_event_that_it_has() {
    let live = Live::new().await;
    let adw_id = live.bench.ended(&["plan"]).await;
    let read = live.bench.read(&adw_id).await;
    let (epoch, last) = (read["epoch"].as_str().unwrap(), read["seq"].as_u64().unwrap());
    for since in 0..=last {
        let mut socket = live.connect(&format!("{adw_id}?since={since}&epoch={epoch}")).await;
        socket.say(r#"{"type":"ping"}"#).await;
        put(&live, &adw_id, &json!({ "result": { "since": since } })).await;
        let mark = last + since + 1;
        let messages = socket.until(|message| message["seq"] == mark).await;
        assert_eq!(numbers(&messages), (since + 1..=mark).collect::<Vec<_>>());
        assert_eq!(messages[0]["type"], "connection_established");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_is_not_the_one_that_was_seen_is_to_be_reloaded() {
    let live = Live::new().await;
    let adw_id = live.bench.ended(&["plan"]).await;
    for query in ["since=1000", "since=1&epoch=00000000-0000-4000-8000-000000000000"] {
        let mut socket = live.connect(&format!("{adw_id}?{query}")).await;
        assert_eq!(socket.message().await["type"], "connection_established");
        let told = socket.message().await;
        assert_eq!(told["type"], "resync_required", "{query}");
        assert_eq!(told["data"]["seq"], live.bench.read(&adw_id).await["seq"]);
        assert_eq!(socket.message().await["type"], "status_update");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_between_reading_the_store_and_listening() {
    let live = Live::new().await;
    for round in 0..20 {
        let adw_id = format!("race{round}");
        let path = format!("{adw_id}?since=0");
        let connecting = async {
            let mut messages = Vec::new();
            for _ in 0..4 {
                let mut socket = live.connect(&path).await;
                messages.push(tokio::spawn(async move { socket.until(is_end).await }));
            }
            messages
        };
        let ((), readers) = tokio::join!(create(&live, &adw_id, &["plan", "implement", "ship"]), connecting);
        for reader in readers {
            assert_eq!(numbers(&reader.await.unwrap()), (1..=9).collect::<Vec<_>>());
        }
    }
}

/// More than goes out in one write.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_comes_whole_and_in_order() {
    let live = Live::new().await;
    create(&live, "long", &["plan"]).await;
    live.connect("long?since=0").await.until(is_end).await;
    for note in 1..=150 {
        put(&live, "long", &json!({ "result": { "note": note } })).await;
    }
    let is_last = |message: &Value| message.get("seq").is_some() && message["data"]["result"]["note"] == 150;
    let messages = live.connect("long?since=0").await.until(is_last).await;
    assert_eq!(numbers(&messages), (1..=155).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_and_a_failure_are_told_as_the_old_client_knows_them() {
    let live = Live::new().await;
    let adw_id = live.bench.running().await;
    let mut socket = live.connect(&adw_id).await;
    ask("DELETE", format!("/api/v1/workflows/{adw_id}")).of(&live.bench).await;
    let told = socket.until(is_end).await.pop().unwrap();
    assert_eq!(told["type"], "task_cancelled");
    assert_eq!((&told["data"]["adw_id"], &told["data"]["status"]), (&json!(adw_id), &json!("cancelled")));
    let mut socket = live.connect("fails").await;
    create(&live, "fails", &["fail"]).await;
    let told = socket.until(is_end).await;
    let last = told.last().unwrap();
    assert_eq!((&last["type"], &last["data"]["status"]), (&json!("status_update"), &json!("failed")));
    assert!(last["data"]["error_message"].as_str().is_some_and(|message| !message.is_empty()));
    let stage = told.iter().find(|message| message["event"] == "stage_failed").unwrap();
    assert_eq!((&stage["type"], &stage["data"]["stage"]), (&json!("progress_update"), &json!("fail")));
    assert_eq!(stage["data"]["stage_result"]["status"], "failed");
    let log = told.iter().find(|message| message["type"] == "log").expect("a line is told");
    assert!(log.get("seq").is_none() && log["data"]["message"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_no_id_connects_and_stays_unknown() {
    let live = Live::new().await;
    for path in ["create", "-x", "a%20b", &"a".repeat(300)] {
        let mut socket = live.connect(path).await;
        assert_eq!(socket.message().await["type"], "connection_established", "{path}");
        assert_eq!(socket.message().await["type"], "not_found", "{path}");
        socket.say(r#"{"type":"ping"}"#).await;
        assert_eq!(socket.message().await["type"], "pong", "{path}");
    }
}

async fn greeted(live: &Live) -> Socket {
    let mut socket = live.connect("test").await;
    socket.until(|message| message["type"] == "not_found").await;
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_says_is_answered_or_named_as_wrong() {
    let live = Live::new().await;
    let mut socket = greeted(&live).await;
    socket.say(r#"{"type":"ping"}"#).await;
    let pong = socket.message().await;
    assert_eq!(pong["type"], "pong");
    assert!(pong["timestamp"].is_string() && pong["data"].is_object());
    for wrong in
        ["", "{", "ping", "null", "[]", "{}", r#"{"type":1}"#, r#"{"type":"subscribe"}"#, &"[".repeat(9999)]
    {
        socket.say(wrong).await;
        let error = socket.message().await;
        assert_eq!(
            (&error["type"], &error["data"]["code"]),
            (&json!("error"), &json!("bad_message")),
            "{wrong}"
        );
    }
    socket.say(Message::binary(vec![0, 159, 146, 150])).await;
    assert_eq!(socket.message().await["type"], "error");
    socket.say(r#"{"type":"ping"}"#).await;
    assert_eq!(socket.message().await["type"], "pong", "it is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_keeps_no_measure_is_closed_with_the_reason() {
    let live = Live::new().await;
    let mut large = greeted(&live).await;
    large.say("x".repeat((64 << 10) + 1)).await;
    assert_eq!(large.close_code().await, 1009);
    let mut fits = greeted(&live).await;
    fits.say("x".repeat(64 << 10)).await;
    assert_eq!(fits.message().await["type"], "error");
    let mut chatty = greeted(&live).await;
    for _ in 0..100 {
        chatty.0.feed(r#"{"type":"ping"}"#.into()).await.unwrap();
    }
    chatty.0.flush().await.unwrap();
    assert_eq!(chatty.close_code().await, 4429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_is_opened_only_for_pages_that_may() {
    let live = Live::new().await;
    let from = |origin: &str| live.request("test").with_header("Origin", origin);
    let (_, response) = live.connect_as(from("http://localhost:5173")).await.unwrap();
    assert_eq!(response.headers()["access-control-allow-origin"], "http://localhost:5173");
    live.connect_as(from(&format!("http://{}", live.addr))).await.unwrap();
    for (request, status) in [
        (from("https://evil.example"), 403),
        (from("null"), 403),
        (live.request("test?since=x"), 422),
        (live.request("%ff"), 400),
    ] {
        match live.connect_as(request).await {
            Err(tungstenite::Error::Http(response)) => {
                assert_eq!(response.status(), status);
                assert_eq!(response.headers()["content-type"], "application/problem+json");
            }
            other => panic!("{status} was expected, and {:?} came", other.map(|(_, response)| response)),
        }
    }
}

/// The old client connects again only after an end that was not clean.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_drops_sockets_without_a_word() {
    let live = Live::new().await;
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(greeted(&live).await);
    }
    live.stop().stopped().await;
    for mut socket in sockets {
        match socket.frame().await {
            None | Some(Err(_)) => {}
            Some(Ok(message)) => panic!("{message:?} came"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_a_request_under_way_end() {
    let live = Live::new().await;
    let body = r#"{"title":"In time"}"#;
    let mut connection = TcpStream::connect(live.addr).await.unwrap();
    let head = format!(
        "POST /api/v1/workflows/create HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        live.addr,
        body.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body: the request is under way.
    let mut go_on = [0; 25];
    connection.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let stopping = live.stop();
    connection.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
    stopping.stopped().await;
}
