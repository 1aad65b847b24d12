//! Appending events, also where several do it at once.

use std::sync::Arc;

use adw_core::{Event, Status, fold};

use super::Place;
use super::samples::{
    self, DOCUMENT, advance, adw_id, append, create, done, new_workflow, noted, retry_by, start, task,
};
use crate::{Append, JournalBody, JournalKind, JournalRecord, RowId, Store, StoreError, Stored};

/// The row follows from the events, and both are there.
pub async fn appended_events_change_the_workflow(place: impl Place) {
    let store = place().await;
    let stored = create(&*store, "one").await;
    let stored = advance(&*store, &stored, start()).await;
    assert_eq!(stored.workflow.status, Status::Running);
    assert_eq!(stored.workflow.seq, 3);
    assert_eq!(store.workflow(&adw_id("one")).await.unwrap(), Some(stored.clone()));
    let ended = advance(&*store, &stored, vec![samples::cancelled()]).await;
    assert_eq!(store.workflow(&adw_id("one")).await.unwrap(), Some(ended.clone()));
    // What has ended may be annotated still.
    let annotated = advance(&*store, &ended, vec![noted(serde_json::json!("kept for later"))]).await;
    assert_eq!(store.workflow(&adw_id("one")).await.unwrap(), Some(annotated));
}

/// After any of them, as many as asked for, in order, without a gap.
pub async fn events_are_read_from_any_point(place: impl Place) {
    let store = place().await;
    let mut stored = create(&*store, "one").await;
    for n in 0..9 {
        stored = advance(&*store, &stored, vec![noted(n.into())]).await;
    }
    let all = store.events(&adw_id("one"), 0, 100).await.unwrap();
    assert_eq!(all.iter().map(|event| event.seq).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    for after in 0..12_u64 {
        for limit in [0, 1, 3, 10, u32::MAX] {
            let read = store.events(&adw_id("one"), after, limit).await.unwrap();
            let expected: Vec<_> =
                all.iter().filter(|event| event.seq > after).take(limit as usize).cloned().collect();
            assert_eq!(read, expected, "after {after}, {limit} at the most");
        }
    }
    assert_eq!(store.events(&adw_id("one"), u64::MAX, 10).await.unwrap(), []);
}

/// Neither history nor row.
pub async fn a_stale_append_changes_nothing(place: impl Place) {
    let store = place().await;
    let old = create(&*store, "one").await;
    let current = advance(&*store, &old, start()).await;
    for stale in [
        append(&old, vec![samples::cancelled()]),
        append(&old, start()),
        append(&Stored { id: old.id, workflow: ahead(&current) }, vec![samples::cancelled()]),
    ] {
        let expected = stale.expected;
        let answer = store.append(stale).await;
        assert!(
            matches!(&answer, Err(StoreError::Conflict { adw_id, expected: e }) if *adw_id == "one" && *e == expected),
            "{answer:?}"
        );
    }
    assert_eq!(store.workflow(&adw_id("one")).await.unwrap(), Some(current));
    assert_eq!(store.events(&adw_id("one"), 0, 10).await.unwrap().len(), 3);
}

/// A workflow that is further than what was stored.
fn ahead(stored: &Stored) -> adw_core::Workflow {
    append(stored, vec![noted("never written".into())]).workflow
}

/// No row is made for it.
pub async fn an_append_to_nothing_is_a_conflict(place: impl Place) {
    let store = place().await;
    let workflow = new_workflow("one", task("Never created")).workflow;
    let answer = store.append(append(&Stored { id: RowId(99), workflow }, start())).await;
    assert!(matches!(answer, Err(StoreError::Conflict { .. })), "{answer:?}");
    assert_eq!(store.workflow(&adw_id("one")).await.unwrap(), None);
    assert_eq!(store.open_workflows().await.unwrap(), []);
}

/// A history has no gap, so what would make one is refused before it is written.
pub async fn wrongly_numbered_events_are_rejected(place: impl Place) {
    let store = place().await;
    let stored = create(&*store, "one").await;
    let good = append(&stored, start());

    let mut gap = good.clone();
    gap.events.remove(0);
    let mut empty = good.clone();
    empty.events.clear();
    let mut backwards = good.clone();
    backwards.events.reverse();
    let mut short = good.clone();
    short.events.pop();
    for bad in [gap, empty, backwards, short] {
        let answer = store.append(bad).await;
        assert!(matches!(answer, Err(StoreError::Rejected(_))), "{answer:?}");
    }
    let mut late = new_workflow("late", task("Begins too late"));
    late.first.seq = 2;
    assert!(matches!(store.create(late).await, Err(StoreError::Rejected(_))));

    store.append(good).await.unwrap();
    assert_eq!(store.events(&adw_id("one"), 0, 10).await.unwrap().len(), 3);
}

/// Again and again two decide on the same version; exactly one of them is told that it did.
pub async fn of_racing_appends_one_wins(place: impl Place) {
    let store = place().await;
    let mut stored = create(&*store, "one").await;
    for round in 0..50 {
        let race: Vec<_> = (0..3)
            .map(|racer| {
                let append = append(&stored, vec![noted(format!("{round} {racer}").into())]);
                let (store, id) = (Arc::clone(&store), stored.id);
                tokio::spawn(async move {
                    let after = Stored { id, workflow: append.workflow.clone() };
                    store.append(append).await.map(|()| after)
                })
            })
            .collect();
        let mut won = Vec::new();
        for racer in race {
            match racer.await.unwrap() {
                Ok(after) => won.push(after),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(won.len(), 1, "round {round}");
        stored = won.remove(0);
        assert_eq!(store.workflow(&adw_id("one")).await.unwrap().as_ref(), Some(&stored));
    }
    assert_eq!(store.events(&adw_id("one"), 0, 100).await.unwrap().len(), 51);
}

/// Good and bad writes are asked for at once; each gets the answer that it would have got alone.
pub async fn a_bad_write_takes_no_other_with_it(place: impl Place) {
    let store = place().await;
    let taken = create(&*store, "taken").await;
    let moved = advance(&*store, &create(&*store, "moved").await, start()).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..40 {
        let (store, taken, moved) = (Arc::clone(&store), taken.clone(), moved.clone());
        tasks.spawn(async move {
            match n % 4 {
                0 => create(&*store, &format!("good_{n}")).await.id.0,
                1 => {
                    let answer = store.create(new_workflow("taken", task("Too late"))).await;
                    assert!(matches!(answer, Err(StoreError::Taken(_))), "{answer:?}");
                    0
                }
                2 => {
                    let stale = Stored { id: moved.id, workflow: taken.workflow.clone() };
                    let answer = store.append(append(&stale, start())).await;
                    assert!(matches!(answer, Err(StoreError::Conflict { .. })), "{answer:?}");
                    0
                }
                _ => {
                    let nobody = samples::attempt(RowId(1_000_000), 1);
                    let answer = store.append_journal(&nobody, vec![record(n)]).await;
                    assert!(matches!(answer, Err(StoreError::Rejected(_))), "{answer:?}");
                    0
                }
            }
        });
    }
    let made = tasks.join_all().await.into_iter().filter(|id| *id > 0).count();
    assert_eq!(made, 10);
    for n in (0..40).step_by(4) {
        assert!(store.workflow(&adw_id(&format!("good_{n}"))).await.unwrap().is_some());
    }
    assert_eq!(store.workflow(&adw_id("taken")).await.unwrap(), Some(taken));
    assert_eq!(store.workflow(&adw_id("moved")).await.unwrap(), Some(moved));
}

fn record(n: u32) -> JournalRecord {
    let body = JournalBody::Inline("{}".to_owned());
    JournalRecord { n, kind: JournalKind::Asked, hash: "00".to_owned(), body, at: samples::at(1) }
}

/// Read back, whatever the workflow went through.
pub async fn folding_the_events_gives_the_workflow(place: impl Place) {
    let store = place().await;
    let histories: [Vec<Vec<Event>>; 3] = [
        vec![start(), vec![done("plan", "Planned"), samples::cancelled()]],
        vec![start(), vec![noted(serde_json::json!({ "half": 0.5 }))], vec![done("plan", "Planned")]],
        vec![vec![Event::WorkflowFailed { error_message: "no place".to_owned(), by_hand: true }]],
    ];
    for (n, history) in histories.into_iter().enumerate() {
        let id = format!("workflow_{n}");
        let mut stored = create(&*store, &id).await;
        for events in history {
            stored = advance(&*store, &stored, events).await;
        }
        agree(&*store, &id).await;
    }
}

/// It is there as soon as the workflow names it, be it new or another's already.
pub async fn an_append_may_bring_another_document(place: impl Place) {
    const OTHER: &str = r#"{"stages":["plan","test"]}"#;
    let store = place().await;
    for id in ["one", "two"] {
        let created = create(&*store, id).await;
        let failed = advance(&*store, &created, vec![samples::failed()]).await;
        let stale = store.append(retry_by(&created, OTHER)).await;
        assert!(matches!(stale, Err(StoreError::Conflict { .. })), "{stale:?}");
        agree(&*store, id).await;
        let append = retry_by(&failed, OTHER);
        let after = append.workflow.clone();
        store.append(append).await.unwrap();
        assert_ne!(after.pipeline, failed.workflow.pipeline);
        assert_eq!(store.pipeline(&after.pipeline.hash).await.unwrap().as_deref(), Some(OTHER));
        assert_eq!(store.pipeline(&failed.workflow.pipeline.hash).await.unwrap().as_deref(), Some(DOCUMENT));
        agree(&*store, id).await;
        assert_eq!(store.workflow(&adw_id(id)).await.unwrap().map(|stored| stored.workflow), Some(after));
    }
}

/// Else its row would name one that isn't there.
pub async fn an_event_that_names_another_document_comes_with_it(place: impl Place) {
    let store = place().await;
    let failed = advance(&*store, &create(&*store, "one").await, vec![samples::failed()]).await;
    let document = retry_by(&failed, r#"{"stages":["plan","test"]}"#);
    let without = Append { document: None, ..document.clone() };
    let for_nothing = Append { document: document.document, ..append(&failed, vec![noted("so".into())]) };
    for wrong in [without, for_nothing] {
        let answer = store.append(wrong).await;
        assert!(matches!(answer, Err(StoreError::Rejected(_))), "{answer:?}");
    }
    assert_eq!(store.workflow(&adw_id("one")).await.unwrap(), Some(failed));
}

/// The row and the fold of the events are the same workflow.
pub(super) async fn agree(store: &dyn Store, id: &str) {
    let row = store.workflow(&adw_id(id)).await.unwrap().map(|stored| stored.workflow);
    let events = store.events(&adw_id(id), 0, u32::MAX).await.unwrap();
    assert_eq!(fold(&events).unwrap(), row);
}
