//! Many tasks at once, and those who follow them: all come to their end, none twice, in the order that was promised,
//! and the server doesn't grow.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod many;
mod support;

use std::{collections::HashMap, time::Duration};

use futures_util::future::join_all;
use many::{
    burst::{Burst, PLACES},
    memory::Memory,
    order, waiting,
};
use serde_json::json;
use support::{
    api::Api,
    feed::Feed,
    history,
    repository::Repository,
    samples::{NOOP, with_agent},
    scripts,
    server::Server,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_tasks_at_once_all_end_once_and_in_order() {
    everything_holds(&[200, 200, 200]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: `cargo xtask test crowd` runs it"]
async fn a_thousand_tasks_at_once_all_end_once_and_in_order() {
    everything_holds(&[1_000, 1_000, 1_000, 1_000]).await;
}

/// How much a server may have grown from the end of the second round to the end of the last: less than if it kept a
/// thousand workflows in memory, and more than what an allocator and SQLite's caches move about.
const GROWTH: u64 = 16 << 20;

async fn everything_holds(rounds: &[usize]) {
    let repository = with_agent(&scripts::patient());
    let server = Server::start(&repository).await;
    let mut memory = Memory::of(&server);
    for (number, count) in rounds.iter().enumerate() {
        let blockers = Blockers::take_all_places(&server.api, &repository, number).await;
        let mut burst = Burst::of(&server.api, number, *count).await;
        let followers = burst.follow(&server.api);
        let cancelled = burst.cancel_some(&server.api).await;
        blockers.go();
        let heard: Vec<_> = join_all(followers).await.into_iter().map(Result::unwrap).collect();
        blockers.end(&server.api).await;
        for (task, heard) in burst.tasks.iter().zip(&heard) {
            is_told_as_it_was(&server.api, &task.adw_id, heard, cancelled.contains(&task.adw_id)).await;
        }
        order::is_kept(&burst.tasks, &heard, PLACES);
        memory.note(format!("round {number}: {count} tasks, {:.0} creates a second", burst.rate()));
    }
    memory.is_flat_after(1, GROWTH);
}

/// One feed of a workflow is what `…/events` has, from 1 on without a gap, and every stage completed once in it.
async fn is_told_as_it_was(api: &Api, adw_id: &str, heard: &[serde_json::Value], cancelled: bool) {
    let (workflow, history) = history::check(api, adw_id).await;
    let told: Vec<_> = heard.iter().map(|event| json!([event["seq"], event["event"]])).collect();
    let written = api.events(adw_id).await;
    let written: Vec<_> = written.iter().map(|event| json!([event["seq"], event["type"]])).collect();
    assert_eq!(told, written, "{adw_id}");
    if cancelled {
        assert_eq!(workflow["status"], "cancelled", "{workflow:#}");
    } else {
        history::every_stage_completed_once(&workflow, &history);
    }
}

/// Workflows that hold all places until they are told to go.
struct Blockers<'a> {
    repository: &'a Repository,
    adw_ids: Vec<String>,
}

impl<'a> Blockers<'a> {
    async fn take_all_places(api: &Api, repository: &'a Repository, round: usize) -> Self {
        let _ = std::fs::remove_file(repository.beside("go"));
        let blockers = (0..PLACES).map(|number| async move {
            let adw_id = format!("blocker_{round}_{number}");
            let task =
                json!({ "title": "Block", "adw_id": adw_id, "pipeline": "agent", "priority": "urgent" });
            api.create(&task).await;
            let mut feed = Feed::open(api, &adw_id, Some(0)).await;
            feed.until(|message| message["data"]["current_stage"] == "implement").await;
            adw_id
        });
        Self { repository, adw_ids: join_all(blockers).await }
    }

    fn go(&self) {
        std::fs::write(self.repository.beside("go"), "").unwrap();
    }

    async fn end(&self, api: &Api) {
        for adw_id in &self.adw_ids {
            api.ends_as(adw_id, "completed").await;
        }
    }
}

/// The ledger is outside: a file that the agent of each workflow appends a line to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_work_at_once_while_others_wait_and_each_works_once() {
    let repository = with_agent(
        "cat > /dev/null\necho \"$ADW_ID\" >> \"$(dirname \"$0\")/ledger\"\necho done > work.txt\n",
    );
    let server = Server::start(&repository).await;
    let ids: Vec<_> = (0..40).map(|number| format!("task_{number}")).collect();
    let created = ids.iter().map(|adw_id| {
        let task = json!({ "title": "Work", "adw_id": adw_id, "pipeline": "agent" });
        let api = &server.api;
        async move { api.create(&task).await }
    });
    join_all(created).await;
    let mut spans = Vec::new();
    for adw_id in &ids {
        server.api.ends_as(adw_id, "completed").await;
        let (workflow, history) = history::check(&server.api, adw_id).await;
        history::every_stage_completed_once(&workflow, &history);
        spans.push((history[1].at, history.last().unwrap().at));
    }
    let ledger = std::fs::read_to_string(repository.beside("ledger")).unwrap();
    let mut lines: HashMap<&str, usize> = HashMap::new();
    for line in ledger.lines() {
        *lines.entry(line).or_default() += 1;
    }
    assert_eq!(lines.len(), ids.len(), "{lines:?}");
    assert!(lines.values().all(|count| *count == 1), "{lines:?}");
    let most =
        spans.iter().map(|(at, _)| spans.iter().filter(|(from, to)| from <= at && at < to).count()).max();
    assert_eq!(most, Some(PLACES), "as many as there are places, and no more");
}

/// Different tasks that ask for one id: one gets it, and all others are told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_is_given_once_however_many_ask_for_it_at_once() {
    let repository = Repository::configured(NOOP);
    let server = Server::start(&repository).await;
    for round in 0..5 {
        let adw_id = format!("wanted_{round}");
        let asked = (0..30).map(|number| {
            let task = json!({ "title": format!("Task {number}"), "adw_id": adw_id });
            let api = &server.api;
            async move { (task["title"].clone(), api.try_create(&task).await.unwrap()) }
        });
        let answers = join_all(asked).await;
        let (given, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|(_, answer)| answer.status == 201);
        assert_eq!(given.len(), 1);
        for (_, answer) in refused {
            answer.problem(409, "adw_id_taken");
        }
        let workflow = server.api.ends_as(&adw_id, "completed").await;
        assert_eq!(workflow["title"], given[0].0);
        history::check(&server.api, &adw_id).await;
    }
}

/// How much an allocator may move about while clients come and go. What a single round would leave behind, were a
/// listener's queue kept for each visit, is more.
const ROOM: u64 = 8 << 20;

/// Clients that come, hear a little and are gone without a word leave nothing behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_come_and_go_leave_nothing_behind() {
    let repository = Repository::configured(NOOP);
    let server = Server::start(&repository).await;
    let mut memory = Memory::of(&server);
    for round in 0..6 {
        for wave in 0..5 {
            let names: Vec<_> = (0..100).map(|number| format!("visit_{round}_{wave}_{number}")).collect();
            let mut feeds = join_all(names.iter().map(|name| Feed::open(&server.api, name, Some(0)))).await;
            for feed in &mut feeds {
                feed.message_of("not_found").await;
            }
        }
        memory.note(format!("round {round}"));
    }
    memory.is_flat_after(1, ROOM);
    memory.has_no_open_sockets_within(Duration::from_secs(30)).await;
}

/// Tasks that wait for a person take no place, next to no memory and no time, over restarts too; and all go on when they
/// are answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_wait_for_a_person_cost_next_to_nothing() {
    waiting::costs_next_to_nothing(300).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: `cargo xtask test crowd` runs it"]
async fn five_thousand_who_wait_for_a_person_cost_next_to_nothing() {
    waiting::costs_next_to_nothing(5_000).await;
}
