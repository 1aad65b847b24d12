//! The live feed at `/ws/workflows/{adw_id}`, over real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::{
    PATIENCE,
    api::Api,
    chance::Chance,
    feed::{Feed, Heard, events, is_end, seq},
    polling,
    repository::Repository,
    samples::{NOOP, with_agent},
    scripts,
    server::Server,
};
use tokio::sync::watch;

/// Lets the patient agents go on.
fn go(repository: &Repository) {
    std::fs::write(repository.beside("go"), "").unwrap();
}

#[tokio::test]
async fn a_socket_is_told_first_that_it_is_connected_and_then_where_the_workflow_stands() {
    let repository = with_agent(&scripts::patient());
    let server = Server::start(&repository).await;
    let adw_id = server.api.create(&json!({ "title": "Wait", "pipeline": "agent" })).await;
    let mut from_the_start = Feed::open(&server.api, &adw_id, Some(0)).await;
    from_the_start.until(|message| message["data"]["current_stage"] == "implement").await;

    let mut feed = Feed::open(&server.api, &adw_id, None).await;
    let established = feed.message().await;
    assert_eq!(
        json!([established["type"], established["adw_id"]]),
        json!(["connection_established", adw_id])
    );
    assert!(established["message"].as_str().is_some_and(|message| message.contains(&adw_id)));
    assert!(established["timestamp"].is_string());
    assert_eq!(established["data"], server.api.workflow(&adw_id).await);
    let present = feed.message().await;
    assert_eq!(present["type"], "status_update");
    assert!(present.get("seq").is_none(), "the present state is no event: {present}");
    let data = &present["data"];
    assert_eq!(
        json!([data["status"], data["current_stage"], data["progress"]]),
        json!(["running", "implement", 25])
    );

    // What comes then are the events after that state.
    go(&repository);
    let rest = events(&feed.until_end().await);
    let first = established["data"]["seq"].as_u64().unwrap() + 1;
    assert_eq!(numbers(&rest), (first..=seq(rest.last().unwrap()).unwrap()).collect::<Vec<_>>());
}

fn numbers(events: &[Value]) -> Vec<u64> {
    events.iter().filter_map(seq).collect()
}

#[tokio::test]
async fn every_event_comes_once_and_in_order_however_often_one_comes_back() {
    let repository = with_agent(&scripts::patient());
    let mut server = Server::start(&repository).await;
    let (moved, address) = watch::channel(server.api.clone());
    let mut ids = Vec::new();
    for number in 0..4 {
        let task = json!({ "title": format!("Task {number}"), "pipeline": "agent" });
        ids.push(server.api.create(&task).await);
    }
    let followers: Vec<_> = ids
        .iter()
        .flat_map(|adw_id| (0..4).map(|_| tokio::spawn(follow(address.clone(), adw_id.clone()))))
        .collect();
    // In the middle of a stage; twice, once with a warning and once without.
    polling::process(&repository.beside("pid")).await;
    server.terminate().await;
    std::fs::remove_file(repository.beside("pid")).unwrap();
    server = Server::start(&repository).await;
    moved.send_replace(server.api.clone());
    polling::process(&repository.beside("pid")).await;
    server.kill().await;
    server = Server::start(&repository).await;
    moved.send_replace(server.api.clone());
    go(&repository);

    let heard: Vec<_> = join_all(followers).await.into_iter().map(Result::unwrap).collect();
    let mut interrupted = 0;
    for (adw_id, heard) in ids.iter().zip(heard.chunks(4)) {
        let written = server.api.events(adw_id).await;
        for (seed, heard) in heard {
            let told: Vec<_> = heard.iter().map(|event| json!([event["seq"], event["event"]])).collect();
            let written: Vec<_> = written.iter().map(|event| json!([event["seq"], event["type"]])).collect();
            assert_eq!(told, written, "with the seed {seed}");
        }
        interrupted += written.iter().filter(|event| event["type"] == "stage_interrupted").count();
        let last = written.last().unwrap();
        assert_eq!(last["type"], "workflow_completed", "{last:#}");
    }
    assert!(interrupted >= 2, "one at each end of a server");
}

/// Follows a workflow to its end: hangs up after a few messages, and comes back with the last number that it saw.
async fn follow(mut address: watch::Receiver<Api>, adw_id: String) -> (u64, Vec<Value>) {
    let mut chance = Chance::new();
    let seed = chance.seed();
    let mut heard = Vec::new();
    loop {
        let api = address.borrow_and_update().clone();
        let last = heard.last().and_then(seq).unwrap_or(0);
        let Ok(mut feed) = Feed::try_open(&api, &adw_id, Some(last)).await else {
            // The server is gone: it will be somewhere else.
            next_address(&mut address).await;
            continue;
        };
        for _ in 0..=chance.below(4) {
            match feed.hear().await {
                Heard::Message(message) => heard.extend(events(&[message])),
                Heard::Dropped => break,
                Heard::Closed(code) => panic!("the server said goodbye: {code:?}"),
            }
            if heard.last().is_some_and(is_end) {
                return (seed, heard);
            }
        }
    }
}

async fn next_address(address: &mut watch::Receiver<Api>) {
    tokio::time::timeout(PATIENCE, address.changed()).await.expect("a new server").unwrap();
}

#[tokio::test]
async fn an_unknown_id_is_told_so_and_followed_once_it_exists() {
    let repository = Repository::configured(NOOP);
    let server = Server::start(&repository).await;
    let mut waiting =
        [Feed::open(&server.api, "test", None).await, Feed::open(&server.api, "test", Some(0)).await];
    for feed in &mut waiting {
        assert_eq!(feed.message().await["type"], "connection_established");
        let not_found = feed.message().await;
        assert_eq!(json!([not_found["type"], not_found["data"]["adw_id"]]), json!(["not_found", "test"]));
    }
    server.api.create(&json!({ "title": "Test", "adw_id": "test" })).await;
    for feed in &mut waiting {
        let heard = events(&feed.until_end().await);
        let written = server.api.events("test").await;
        assert_eq!(numbers(&heard), (1..=written.len() as u64).collect::<Vec<_>>());
        let created = &heard[0];
        assert_eq!(json!([created["type"], created["data"]["title"]]), json!(["task_created", "Test"]));
    }
}

#[tokio::test]
async fn a_ping_is_answered_before_and_after_the_end() {
    let repository = Repository::configured(NOOP);
    let server = Server::start(&repository).await;
    let mut feed = Feed::open(&server.api, "later", None).await;
    feed.say(&json!({ "type": "ping" })).await;
    feed.message_of("pong").await;
    server.api.create(&json!({ "title": "Ping", "adw_id": "later" })).await;
    feed.until_end().await;
    feed.say(&json!({ "type": "ping" })).await;
    feed.message_of("pong").await;
}

#[tokio::test]
async fn a_server_that_stops_drops_its_sockets_without_a_word() {
    let repository = with_agent(&scripts::patient());
    let server = Server::start(&repository).await;
    let adw_id = server.api.create(&json!({ "title": "Wait", "pipeline": "agent" })).await;
    let mut running = Feed::open(&server.api, &adw_id, Some(0)).await;
    running.until(|message| message["data"]["current_stage"] == "implement").await;
    let mut unknown = Feed::open(&server.api, "nobody", None).await;
    unknown.message_of("not_found").await;
    server.begin_to_stop();
    for feed in [&mut running, &mut unknown] {
        let end = loop {
            match feed.hear().await {
                Heard::Message(_) => {}
                end => break end,
            }
        };
        assert_eq!(end, Heard::Dropped, "a browser comes back only after an end that wasn't clean");
    }
    server.stopped().await;
}
