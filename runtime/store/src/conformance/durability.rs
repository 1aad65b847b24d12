//! What lasts beyond the process, and how a store ends.

use std::sync::Arc;

use super::Place;
use super::samples::{self, advance, adw_id, attempt, cancelled, create, new_workflow, start, task};
use crate::{JournalBody, JournalKind, JournalRecord, StoreError};

/// All of it: rows, histories, journals, values, documents, and the epoch.
pub async fn what_was_answered_survives_reopening(place: impl Place) {
    let store = place().await;
    let epoch = store.epoch();
    let one = advance(&*store, &create(&*store, "one").await, start()).await;
    let two = advance(&*store, &create(&*store, "two").await, vec![cancelled()]).await;
    let plan = samples::stage("plan");
    let record = JournalRecord {
        n: 1,
        kind: JournalKind::Asked,
        hash: "00".to_owned(),
        body: JournalBody::Inline("{}".to_owned()),
        at: samples::at(1),
    };
    store.append_journal(&attempt(one.id, 1), vec![record.clone()]).await.unwrap();
    store.set_value(one.id, &plan, "key", vec![1, 2, 3]).await.unwrap();
    store.close().await;

    let store = place().await;
    assert_eq!(store.epoch(), epoch);
    assert_eq!(store.workflow(&adw_id("one")).await.unwrap(), Some(one.clone()));
    assert_eq!(store.workflow(&adw_id("two")).await.unwrap(), Some(two));
    assert_eq!(store.open_workflows().await.unwrap(), std::slice::from_ref(&one));
    super::appends::agree(&*store, "one").await;
    super::appends::agree(&*store, "two").await;
    assert_eq!(store.journal(&attempt(one.id, 1)).await.unwrap(), [record]);
    assert_eq!(store.value(one.id, &plan, "key").await.unwrap(), Some(vec![1, 2, 3]));
    let hash = &one.workflow.pipeline.hash;
    assert_eq!(store.pipeline(hash).await.unwrap().as_deref(), Some(samples::DOCUMENT));
    // And it goes on from there.
    advance(&*store, &one, vec![cancelled()]).await;
    super::appends::agree(&*store, "one").await;
}

/// Not after a restart either.
pub async fn row_numbers_are_never_given_again(place: impl Place) {
    let store = place().await;
    let one = create(&*store, "one").await.id;
    let two = create(&*store, "two").await.id;
    store.close().await;
    let store = place().await;
    let three = create(&*store, "three").await.id;
    assert!(one < two && two < three, "{one:?} {two:?} {three:?}");
}

/// To readers and writers, and closing it again is no error.
pub async fn a_closed_store_says_so(place: impl Place) {
    let store = place().await;
    create(&*store, "one").await;
    store.close().await;
    store.close().await;
    assert!(matches!(store.workflow(&adw_id("one")).await, Err(StoreError::Closed)));
    assert!(matches!(store.create(new_workflow("two", task("Too late"))).await, Err(StoreError::Closed)));
    assert!(matches!(store.probe().await, Err(StoreError::Closed)));
}

/// A write that the store took before it was closed is answered, and what is answered well is there.
pub async fn closing_waits_for_what_was_asked(place: impl Place) {
    let store = place().await;
    let creations: Vec<_> = (0..64)
        .map(|n| {
            let store = Arc::clone(&store);
            let id = format!("w{n}");
            tokio::spawn(async move { (store.create(new_workflow(&id, task("In time"))).await, id) })
        })
        .collect();
    tokio::task::yield_now().await;
    store.close().await;
    let mut made = Vec::new();
    for creation in creations {
        match creation.await.unwrap() {
            (Ok(stored), id) => made.push((stored, id)),
            (Err(StoreError::Closed), _) => {}
            (Err(error), id) => panic!("{id}: {error}"),
        }
    }
    let store = place().await;
    for (stored, id) in made {
        assert_eq!(store.workflow(&adw_id(&id)).await.unwrap(), Some(stored));
    }
}

/// As often as one likes.
pub async fn a_probe_writes(place: impl Place) {
    let store = place().await;
    for _ in 0..3 {
        store.probe().await.unwrap();
    }
}
