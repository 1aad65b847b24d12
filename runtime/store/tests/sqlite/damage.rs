//! A changed database is noticed where it is read, and the rest of it stays readable.

use std::fs;

use adw_store::conformance::samples::{advance, adw_id, cancelled, create, new_workflow, noted, start, task};
use adw_store::sqlite::SqliteStore;
use adw_store::{Filter, Pagination, ReadWorkflows as _, Store as _, StoreError};

use crate::Place;

/// Two workflows: `open` is under way, `ended` isn't, each with a few events.
async fn filled() -> Place {
    let place = Place::new();
    let store = place.open().await;
    let open = advance(&*store, &create(&*store, "open").await, start()).await;
    advance(&*store, &open, vec![noted("a".into()), noted("b".into())]).await;
    let ended = advance(&*store, &create(&*store, "ended").await, start()).await;
    advance(&*store, &ended, vec![noted("a".into()), cancelled()]).await;
    store.close().await;
    place.tamper("DROP TRIGGER events_never_change").await;
    place
}

/// Each changes the history of both, and names the event that tells.
const DAMAGED_HISTORIES: &[(&str, u64)] = &[
    ("UPDATE events SET body = replace(body, 'workflow_started', 'workflow_startee') WHERE seq = 2", 2),
    ("UPDATE events SET body = CAST(x'ff' AS TEXT) WHERE seq = 3", 3),
    ("UPDATE events SET at = at + 1 WHERE seq = 4", 4),
    ("UPDATE events SET checksum = zeroblob(16) WHERE seq = 2", 2),
    ("DELETE FROM events WHERE seq = 3", 3),
    ("DELETE FROM events WHERE seq = 5", 5),
    ("DELETE FROM events", 1),
    ("UPDATE workflows SET version = version + 1", 6),
    ("UPDATE workflows SET checksum = zeroblob(16)", 5),
    (
        "INSERT INTO events SELECT workflow, 6, type, at, checksum, body FROM events WHERE seq = 5 AND workflow = 1; \
         INSERT INTO events SELECT workflow, 6, type, at, checksum, body FROM events WHERE seq = 5 AND workflow = 2",
        6,
    ),
];

fn names(error: &StoreError, workflow: &str, seq: u64) -> bool {
    matches!(error, StoreError::Damaged(what) if what.contains(&format!("event {seq} of workflow {workflow} ")))
}

#[tokio::test]
async fn a_damaged_history_of_an_open_workflow_keeps_the_store_from_opening() {
    for (damage, seq) in DAMAGED_HISTORIES {
        let place = filled().await;
        place.tamper(damage).await;
        let error = SqliteStore::open(place.path()).await.err().expect(damage);
        assert!(names(&error, "open", *seq), "{damage}: {error}");
    }
}

#[tokio::test]
async fn a_damaged_history_is_noticed_when_it_is_read() {
    for (damage, seq) in DAMAGED_HISTORIES {
        let place = filled().await;
        let store = place.open().await;
        place.tamper(damage).await;
        let error = store.events(&adw_id("ended"), 0, 100).await.expect_err(damage);
        assert!(names(&error, "ended", *seq), "{damage}: {error}");
    }
}

#[tokio::test]
async fn the_chain_is_checked_from_the_middle_too() {
    let place = filled().await;
    let store = place.open().await;
    place.tamper("UPDATE events SET at = at + 1 WHERE seq = 4").await;
    let read = async |after, limit| store.events(&adw_id("ended"), after, limit).await;
    assert_eq!(read(0, 3).await.unwrap().len(), 3);
    assert!(names(&read(3, 1).await.unwrap_err(), "ended", 4));
    assert!(names(&read(2, 10).await.unwrap_err(), "ended", 4));
    assert_eq!(read(4, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_exchange_of_two_workflows_events_is_noticed() {
    let place = filled().await;
    let store = place.open().await;
    place
        .tamper(
            "UPDATE events SET workflow = 3 - workflow, seq = seq + 100 WHERE seq = 4; \
             UPDATE events SET seq = 4 WHERE seq = 104",
        )
        .await;
    // Both noted the same in the same place after the same, but their histories began differently.
    assert!(names(&store.events(&adw_id("open"), 0, 9).await.unwrap_err(), "open", 4));
    assert!(names(&store.events(&adw_id("ended"), 0, 9).await.unwrap_err(), "ended", 4));
}

#[tokio::test]
async fn a_damaged_row_is_noticed_and_others_stay_readable() {
    let place = filled().await;
    let store = place.open().await;
    place.tamper("UPDATE workflows SET state = replace(state, 'plan', 'plum') WHERE adw_id = 'ended'").await;
    let error = store.workflow(&adw_id("ended")).await.unwrap_err();
    assert!(matches!(&error, StoreError::Damaged(what) if what.contains("workflow ended")), "{error}");
    let everything = Pagination::Cursor { before: None, limit: 10 };
    assert!(matches!(store.list(&Filter::default(), &everything).await, Err(StoreError::Damaged(_))));
    assert!(store.workflow(&adw_id("open")).await.unwrap().is_some());
    assert_eq!(store.open_workflows().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_damaged_task_is_noticed() {
    let place = filled().await;
    let store = place.open().await;
    place.tamper("UPDATE events SET body = replace(body, 'Do this', 'Do that') WHERE seq = 1").await;
    assert!(names(&store.workflow(&adw_id("ended")).await.unwrap_err(), "ended", 1));
    assert!(names(&store.open_workflows().await.unwrap_err(), "open", 1));
}

#[tokio::test]
async fn a_damaged_document_is_noticed() {
    let place = filled().await;
    let store = place.open().await;
    place.tamper("UPDATE documents SET body = body || ' '").await;
    let hash = new_workflow("any", task("any")).document_hash().clone();
    assert!(matches!(store.pipeline(&hash).await, Err(StoreError::Damaged(_))));
}

#[tokio::test]
async fn events_and_records_can_not_be_rewritten() {
    let place = Place::new();
    let store = place.open().await;
    create(&*store, "one").await;
    let mut raw = place.raw().await;
    let error = sqlx::query("UPDATE events SET at = 0").execute(&mut raw).await.unwrap_err();
    assert!(error.to_string().contains("an event never changes"), "{error}");
}

/// Wherever a page goes bad, what is read is either whole or refused.
#[tokio::test]
async fn a_bad_page_is_never_read_as_something_else() {
    let whole = filled().await;
    let store = whole.open().await;
    let expected =
        [store.workflow(&adw_id("open")).await.unwrap(), store.workflow(&adw_id("ended")).await.unwrap()];
    let events = store.events(&adw_id("ended"), 0, 9).await.unwrap();
    store.close().await;
    let content = fs::read(whole.path()).unwrap();

    let mut refused = 0;
    for position in (4096..content.len()).step_by(509) {
        let place = Place::new();
        let mut bad = content.clone();
        bad[position] ^= 0x10;
        fs::write(place.path(), bad).unwrap();
        let Ok(store) = SqliteStore::open(place.path()).await else {
            refused += 1;
            continue;
        };
        for (id, expected) in ["open", "ended"].into_iter().zip(&expected) {
            match store.workflow(&adw_id(id)).await {
                Ok(Some(found)) => assert_eq!(Some(&found), expected.as_ref(), "at {position}"),
                // A bad index hides what it names; the table behind it is whole.
                Ok(None) => refused += 1,
                Err(error) => {
                    assert!(matches!(error, StoreError::Damaged(_)), "at {position}: {error}");
                    refused += 1;
                }
            }
        }
        match store.events(&adw_id("ended"), 0, 9).await {
            Ok(found) => assert!(found.is_empty() || found == events, "at {position}"),
            Err(error) => assert!(matches!(error, StoreError::Damaged(_)), "at {position}: {error}"),
        }
    }
    assert!(refused > 0);
}
