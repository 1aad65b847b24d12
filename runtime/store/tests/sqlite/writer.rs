//! The one writer: groups, and what does not wait for it.

use std::sync::Arc;
use std::time::Duration;

use adw_store::conformance::samples::{
    advance, adw_id, append, cancelled, create, new_workflow, start, task,
};
use adw_store::{ReadWorkflows as _, StoreError, WriteWorkflows as _};
use tokio::task::JoinSet;

use crate::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_share_commits() {
    let place = Place::new();
    let store = place.open().await;
    let mut clients = JoinSet::new();
    for client in 0..64 {
        let store = Arc::clone(&store);
        clients.spawn(async move {
            for n in 0..5 {
                let stored = create(&*store, &format!("w{client}_{n}")).await;
                advance(&*store, &stored, start()).await;
            }
        });
    }
    clients.join_all().await;
    let writes = 64 * 5 * 2;
    assert!(store.commits() < writes / 4, "{} commits for {writes} writes", store.commits());
}

#[tokio::test]
async fn reads_do_not_wait_for_the_writer() {
    let place = Place::new();
    let store = place.open().await;
    let before = create(&*store, "one").await;

    // Somebody else holds the right to write, and so the writer waits.
    let mut raw = place.raw().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut raw).await.unwrap();
    let write = tokio::spawn({
        let (store, append) = (Arc::clone(&store), append(&before, start()));
        async move { store.append(append).await }
    });
    for _ in 0..20 {
        let mut reads = JoinSet::new();
        for _ in 0..8 {
            let store = Arc::clone(&store);
            reads.spawn(async move { store.workflow(&adw_id("one")).await.unwrap() });
        }
        let read = tokio::time::timeout(Duration::from_secs(4), reads.join_all()).await.unwrap();
        assert!(read.iter().all(|found| found.as_ref() == Some(&before)));
    }
    assert!(!write.is_finished());
    sqlx::query("ROLLBACK").execute(&mut raw).await.unwrap();
    write.await.unwrap().unwrap();
}

/// The writer knows the ends of histories by heart; the database is asked all the same.
#[tokio::test]
async fn a_row_that_changed_behind_the_writer_s_back_is_not_overwritten() {
    let place = Place::new();
    let store = place.open().await;
    let stored = create(&*store, "one").await;
    place.tamper("UPDATE workflows SET version = 2").await;
    let answer = store.append(append(&stored, start())).await;
    assert!(matches!(answer, Err(StoreError::Conflict { .. })), "{answer:?}");
    let mut raw = place.raw().await;
    let events: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut raw).await.unwrap();
    assert_eq!(events, 1);
}

/// A row that no table takes fails its whole statement; the others of its group are written nevertheless.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_fails_in_the_database_fails_alone() {
    let place = Place::new();
    let store = place.open().await;
    place
        .tamper(
            "CREATE TRIGGER refuse BEFORE INSERT ON workflows WHEN new.title = 'refused' BEGIN \
             SELECT raise(ABORT, 'refused'); END",
        )
        .await;
    let mut writes = JoinSet::new();
    for n in 0..64 {
        let store = Arc::clone(&store);
        writes.spawn(async move {
            let title = if n % 8 == 0 { "refused" } else { "taken" };
            let answer = store.create(new_workflow(&format!("w{n}"), task(title))).await;
            match answer {
                Ok(stored) => {
                    advance(&*store, &stored, vec![cancelled()]).await;
                    assert_ne!(title, "refused");
                }
                Err(error) => {
                    assert!(
                        matches!(&error, StoreError::Rejected(why) if why.contains("refused")),
                        "{error}"
                    );
                    assert_eq!(title, "refused");
                }
            }
        });
    }
    writes.join_all().await;
    for n in 0..64 {
        let found = store.workflow(&adw_id(&format!("w{n}"))).await.unwrap();
        assert_eq!(found.is_some(), n % 8 != 0, "w{n}");
    }
}
