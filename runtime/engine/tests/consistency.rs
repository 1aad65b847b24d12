//! What must hold whatever comes at the same time: histories without gaps, one end, an order that is kept.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;

use adw_core::{AdwId, Cancel, Command, EventKind, Priority, Recorded, Refusal, Status, fold};
use adw_engine::{CommandError, CreateError, Live, Route};
use adw_host::{Entry, EntryKind, Record};
use adw_store::{AttemptKey, JournalBody, JournalKind};
use futures_util::future::join_all;
use support::{Bench, repository, task};

const NOOP: &str = r#"
[stages.one]
plugin = "builtin:noop"
[stages.two]
plugin = "builtin:noop"
[pipelines.default]
stages = ["one", "two"]
"#;

/// The history is whole, gives the row, and ends once.
async fn check(bench: &Bench, adw_id: &AdwId) -> Vec<Recorded> {
    let events = bench.engine.events(adw_id, 0, 1000).await.unwrap();
    let seqs: Vec<_> = events.iter().map(|recorded| recorded.seq).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert_eq!(fold(&events).unwrap().unwrap(), bench.workflow(adw_id).await);
    let ends = events.iter().filter(|recorded| {
        matches!(
            recorded.event.kind(),
            EventKind::WorkflowCompleted | EventKind::WorkflowFailed | EventKind::WorkflowCancelled
        )
    });
    assert_eq!(ends.count(), 1, "{events:#?}");
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_that_races_with_a_stages_end_leaves_one_end() {
    let bench = Arc::new(Bench::new(NOOP).await);
    let mut ends = [0_u32; 2];
    for batch in 0..20 {
        let races = (0..25).map(|number| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { race(&bench, batch * 25 + number).await })
        });
        for ended in join_all(races).await {
            match ended.unwrap() {
                Status::Completed => ends[0] += 1,
                Status::Cancelled => ends[1] += 1,
                other => panic!("a noop ended as {other:?}"),
            }
        }
    }
    assert_eq!(ends.iter().sum::<u32>(), 500);
    assert!(ends.iter().all(|count| *count > 0), "only one side ever won: {ends:?}");
}

/// Cancels once the workflow has come as far as this race wants it.
async fn race(bench: &Bench, number: u64) -> Status {
    let new = task(&format!("race {number}"));
    let adw_id: AdwId = format!("race_{number}").parse().unwrap();
    let mut heard = bench.engine.subscribe(&adw_id);
    bench.engine.create(adw_engine::NewTask { adw_id: Some(adw_id.clone()), ..new }).await.unwrap();
    let wanted = 1 + number % 7;
    loop {
        if let Live::Event(event) = heard.next().await.unwrap()
            && (event.recorded.seq >= wanted || event.after.status.is_ended())
        {
            break;
        }
    }
    let cancelled = bench.engine.command(&adw_id, Command::Cancel(Cancel::default()), None).await;
    let status = bench.end(&adw_id).await.status;
    match (&cancelled, status) {
        (Ok(stored), Status::Cancelled) => assert_eq!(stored.workflow.status, Status::Cancelled),
        (Err(CommandError::Refused(Refusal::IllegalMove { .. })), Status::Completed) => {}
        (answer, status) => panic!("the cancel was told {answer:?}, and the end is {status:?}"),
    }
    check(bench, &adw_id).await;
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_hear_every_event_once_and_in_order() {
    let bench = Bench::new(NOOP).await;
    let adw_id: AdwId = "heard".parse().unwrap();
    let mut heard = bench.engine.subscribe(&adw_id);
    bench.engine.create(adw_engine::NewTask { adw_id: Some(adw_id.clone()), ..task("heard") }).await.unwrap();
    let mut events = Vec::new();
    while events
        .last()
        .is_none_or(|recorded: &Recorded| recorded.event.kind() != EventKind::WorkflowCompleted)
    {
        if let Live::Event(event) = heard.next().await.unwrap() {
            events.push(event.recorded.clone());
        }
    }
    assert_eq!(events, check(&bench, &adw_id).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_goes_by_priority_and_then_by_age() {
    let folder = repository(&[("a.txt", "a\n")]);
    let gate = tempfile::tempdir().unwrap();
    let open = gate.path().join("open");
    let agent =
        format!("cat >/dev/null; while [ ! -e {} ]; do sleep 0.01; done; echo x >> a.txt", open.display());
    let config = format!(
        "[limits]\nconcurrent_workflows = 1\n[agents.mine]\nprofile = \"command\"\ncommand = [\"sh\", \"-c\", {agent:?}]\n\
         [stages.implement]\nplugin = \"builtin:implement\"\n[stages.implement.grants]\nworkspace = \"write\"\nagent = [\"*\"]\n\
         [pipelines.default]\nstages = [\"implement\"]\n[stages.noop]\nplugin = \"builtin:noop\"\n[pipelines.quick]\nstages = [\"noop\"]\n"
    );
    let bench = Bench::in_folder(folder, &config).await;
    let first = bench.create(task("holds the place")).await;
    bench.until(&first, |workflow| workflow.status == Status::Running).await;
    let order = [Priority::Low, Priority::Medium, Priority::Urgent, Priority::Medium, Priority::High];
    let mut queued = Vec::new();
    for priority in order {
        let route = Route::Pipeline("quick".to_owned());
        queued.push((priority, bench.create(adw_engine::NewTask { priority, route, ..task("waits") }).await));
    }
    std::fs::write(&open, "").unwrap();
    let mut ended = Vec::new();
    for (index, (_, adw_id)) in queued.iter().enumerate() {
        bench.ends_as(adw_id, Status::Completed).await;
        let events = check(&bench, adw_id).await;
        ended.push((events[1].at, index));
    }
    ended.sort_unstable();
    let ran: Vec<_> = ended.iter().map(|(_, index)| *index).collect();
    assert_eq!(ran, [2, 4, 1, 3, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_task_under_the_same_id_is_one_workflow_and_another_is_refused() {
    let bench = Bench::new(NOOP).await;
    let new = adw_engine::NewTask { adw_id: Some("mine".parse().unwrap()), ..task("once") };
    let created = bench.engine.create(new.clone()).await.unwrap();
    assert!(created.new);
    let again = bench.engine.create(new.clone()).await.unwrap();
    assert!(!again.new);
    assert_eq!(again.stored.id, created.stored.id);
    let other = bench.engine.create(adw_engine::NewTask { title: "another".to_owned(), ..new }).await;
    assert!(matches!(other, Err(CreateError::Taken(_))), "{other:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_tells_every_call_of_an_attempt() {
    let folder = repository(&[("README.md", "# demo\n")]);
    let config = "[stages.plan]\nplugin = \"builtin:plan\"\n[stages.plan.grants]\nworkspace = \"write\"\nagent = [\"*\"]\n\
                  [pipelines.default]\nstages = [\"plan\"]\n";
    let bench = Bench::in_folder(folder, config).await;
    let adw_id = bench.create(task("Fix the sum")).await;
    bench.ends_as(&adw_id, Status::Completed).await;
    let stored = bench.engine.workflow(&adw_id).await.unwrap().unwrap();
    let key = AttemptKey { workflow: stored.id, stage: "plan".parse().unwrap(), attempt: 1 };
    let records = bench.store.journal(&key).await.unwrap();
    let mut told = Vec::new();
    for record in records {
        let kind = match record.kind {
            JournalKind::Asked => EntryKind::Asked,
            JournalKind::Parked => EntryKind::Parked,
            JournalKind::Answered => EntryKind::Answered,
        };
        let JournalBody::Inline(body) = record.body else { panic!("call {} is large", record.n) };
        let entry = Entry { n: record.n, kind, hash: record.hash.parse().unwrap(), body };
        told.push(match entry.decode().unwrap() {
            Record::Asked(call) => format!("asked {}", call.name()),
            Record::Answered { call: Some(call), answer } => format!("{} {}", call.name(), verdict(&answer)),
            Record::Answered { call: None, answer } => format!("answered {}", verdict(&answer)),
            Record::Parked(_) => "parked".to_owned(),
        });
    }
    insta::assert_debug_snapshot!(told);
}

fn verdict(answer: &adw_host::Answer) -> &'static str {
    match answer {
        Ok(_) => "well",
        Err(adw_host::CallError::Unavailable(_)) => "unavailable",
        Err(_) => "with an error",
    }
}
