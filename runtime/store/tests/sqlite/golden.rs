//! What is stored for good, to the letter. Histories outlive programs: a new program must read what an old one wrote.

use std::fmt::Write as _;

use adw_core::{Event, Timestamp};
use adw_store::conformance::samples::{advance, attempt, create, done, failed, retry_by, start};
use adw_store::{Journal as _, JournalBody, JournalKind, JournalRecord, Store as _, WriteWorkflows as _};

use crate::Place;

#[tokio::test]
async fn events_are_written_like_this() {
    let place = Place::new();
    let store = place.open().await;
    let stored = create(&*store, "one").await;
    let stored = advance(&*store, &stored, start()).await;
    let end = Event::WorkflowFailed { error_message: "no place".to_owned(), by_hand: true };
    advance(&*store, &stored, vec![done("plan", "Planned"), end]).await;
    store.close().await;
    insta::assert_snapshot!(written(&place).await);
}

#[tokio::test]
async fn a_retry_by_another_document_is_written_like_this() {
    let place = Place::new();
    let store = place.open().await;
    let failed = advance(&*store, &create(&*store, "one").await, vec![failed()]).await;
    let retry = retry_by(&failed, r#"{"stages":["plan","test"]}"#);
    let document = retry.workflow.pipeline.hash.0.clone();
    store.append(retry).await.unwrap();
    store.close().await;
    insta::assert_snapshot!(written(&place).await);
    let mut raw = place.raw().await;
    let named = sqlx::query_scalar("SELECT document FROM workflows").fetch_one(&mut raw).await;
    assert_eq!(named.map(|named: String| named).ok(), Some(document), "its row names it too");
}

/// As it was when no record could lie in a blob.
const OLD_JOURNAL: &str = "\
    DROP INDEX journal_by_blob; \
    ALTER TABLE journal DROP COLUMN blob; \
    ALTER TABLE journal DROP COLUMN size; \
    DELETE FROM _sqlx_migrations WHERE version = 3; \
    INSERT INTO journal (workflow, stage, attempt, n, kind, hash, at, body) \
    VALUES (1, 'plan', 1, 1, 'answered', '00', 7, '{\"v\":1}')";

#[tokio::test]
async fn a_journal_from_before_large_bodies_had_a_place_of_their_own_reads_as_ever_and_goes_on() {
    let place = Place::new();
    let store = place.open().await;
    let id = create(&*store, "one").await.id;
    store.close().await;
    place.tamper(OLD_JOURNAL).await;

    let store = place.open().await;
    let (key, at) = (attempt(id, 1), Timestamp::from_millis(7));
    let old = JournalRecord {
        n: 1,
        kind: JournalKind::Answered,
        hash: "00".to_owned(),
        body: JournalBody::Inline(r#"{"v":1}"#.to_owned()),
        at,
    };
    assert_eq!(store.journal(&key).await.unwrap(), std::slice::from_ref(&old));
    assert!(store.journal_blobs().await.unwrap().is_empty());
    let body = JournalBody::Blob { sha256: "ab".repeat(32), size: 70_000 };
    let new = JournalRecord { n: 2, body, ..old.clone() };
    store.append_journal(&key, vec![new.clone()]).await.unwrap();
    assert_eq!(store.journal(&key).await.unwrap(), [old, new]);
}

/// The events of a store.
async fn written(place: &Place) -> String {
    let mut text = String::new();
    let mut raw = place.raw().await;
    let events = "SELECT seq, at, type, hex(checksum), body FROM events ORDER BY seq";
    for event in
        sqlx::query_as::<_, (i64, i64, String, String, String)>(events).fetch_all(&mut raw).await.unwrap()
    {
        let (seq, at, kind, checksum, body) = event;
        writeln!(text, "{seq} {at} {kind} {checksum}\n{body}").unwrap();
    }
    text
}
