//! Tasks that wait for a person, as many as one likes, and what they cost meanwhile.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::json;

use super::memory::{cpu_ticks, resident};
use crate::support::{api::Api, feed::Feed, history, repository::Repository, server::Server};

/// A task that asks a person before it does anything.
pub const ASKS: &str = "[stages.approve]\nplugin = \"builtin:gate\"\n[stages.rest]\nplugin = \"builtin:noop\"\n\
                        [pipelines.default]\nstages = [\"approve\", \"rest\"]\n[limits]\nqueue = 100000\n";

/// How many clients hand tasks over and answer.
const CLIENTS: usize = 32;

/// What a workflow that waits may hold of the server's memory.
const MOST_BYTES: u64 = 4_000;

/// What an allocator and SQLite's caches move about, whoever waits.
const ROOM: u64 = 2 << 20;

/// How long the server is looked at while nothing happens. A tick is 10 ms: one percent of it is so many of them.
const LOOKED_AT: Duration = Duration::from_secs(5);
const MOST_TICKS: u64 = 5;

/// What has to hold of so many.
pub async fn costs_next_to_nothing(count: usize) {
    let repository = Repository::configured(ASKS);
    let server = Server::start(&repository).await;
    // What grows once, with the first of them.
    all_ask(&server.api, "first", CLIENTS * 4).await;
    let before = resident(server.process());
    all_ask(&server.api, "many", count).await;
    let grew = resident(server.process()).saturating_sub(before);
    is_idle(&server, count).await;
    server.terminate().await;

    let server = Server::start(&repository).await;
    is_idle(&server, count).await;
    server.terminate().await;

    let server = Server::start(&repository).await;
    answered_all_end(&server.api, "first", CLIENTS * 4).await;
    answered_all_end(&server.api, "many", count).await;
    let each = grew / count as u64;
    anstream::eprintln!("{count} that wait: {} KiB more, {each} bytes each", grew >> 10);
    assert!(grew <= count as u64 * MOST_BYTES + ROOM, "each waiting workflow holds {each} bytes");
}

/// Hands over so many, and waits until each has asked.
async fn all_ask(api: &Api, name: &str, count: usize) {
    let ask = async |number| {
        let adw_id = format!("{name}_{number}");
        let mut feed = Feed::open(api, &adw_id, Some(0)).await;
        api.create(&json!({ "title": "Ask", "adw_id": adw_id })).await;
        feed.until_event("workflow_waiting").await;
    };
    stream::iter(0..count).for_each_concurrent(CLIENTS, ask).await;
}

/// Answers all of them, and sees each of them to its end.
async fn answered_all_end(api: &Api, name: &str, count: usize) {
    let answer = async |number| {
        let adw_id = format!("{name}_{number}");
        let path = format!("/api/v1/workflows/{adw_id}/answer");
        let body = json!({ "answer": "approve" });
        api.try_ask(reqwest::Method::POST, &path, Some(&body)).await.unwrap().with(202);
        Feed::open(api, &adw_id, Some(0)).await.until_end().await;
        let (workflow, events) = history::check(api, &adw_id).await;
        history::every_stage_completed_once(&workflow, &events);
    };
    stream::iter(0..count).for_each_concurrent(CLIENTS, answer).await;
}

/// While nobody says anything, nothing is done for those who wait.
async fn is_idle(server: &Server<'_>, count: usize) {
    // What the last of them, or the start, set going may still be at work.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = cpu_ticks(server.process());
    tokio::time::sleep(LOOKED_AT).await;
    let ticks = cpu_ticks(server.process()) - before;
    anstream::eprintln!("{count} that wait: {ticks} ticks of CPU in {LOOKED_AT:?}");
    assert!(ticks <= MOST_TICKS, "{ticks} ticks of CPU in {LOOKED_AT:?}");
}
