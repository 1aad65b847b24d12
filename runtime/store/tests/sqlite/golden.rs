//! What is stored for good, to the letter. Histories outlive programs: a new program must read what an old one wrote.

use std::fmt::Write as _;

use adw_core::Event;
use adw_store::conformance::samples::{advance, create, done, failed, retry_by, start};
use adw_store::{Store as _, WriteWorkflows as _};

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
