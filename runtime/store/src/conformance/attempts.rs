//! What attempts leave: journals, values, artifacts.

use std::collections::HashSet;
use std::sync::Arc;

use super::Place;
use super::samples::{at, attempt, create, stage};
use crate::{Artifact, AttemptKey, JournalBody, JournalKind, JournalRecord, RowId, StoreError, ValuesKept};

fn record(n: u32, kind: JournalKind, body: &str) -> JournalRecord {
    let body = JournalBody::Inline(body.to_owned());
    JournalRecord { n, kind, hash: format!("{n:064x}"), body, at: at(n.into()) }
}

/// One whose body is this blob.
fn large(n: u32, kind: JournalKind, blob: u8) -> JournalRecord {
    let body = JournalBody::Blob { sha256: format!("{blob:064x}"), size: 100_000 + u64::from(blob) };
    JournalRecord { body, ..record(n, kind, "") }
}

/// The order in which they were given, over several writes, and to the letter.
pub async fn journal_records_keep_their_order(place: impl Place) {
    let store = place().await;
    let key = attempt(create(&*store, "one").await.id, 1);
    let records = [
        record(2, JournalKind::Asked, r#"{"v":1,"call":"exec"}"#),
        record(1, JournalKind::Asked, "zero \u{0} and ä"),
        record(1, JournalKind::Parked, ""),
        record(1, JournalKind::Answered, &"x".repeat(100_000)),
        large(2, JournalKind::Answered, 7),
    ];
    store.append_journal(&key, records[..1].to_vec()).await.unwrap();
    store.append_journal(&key, vec![]).await.unwrap();
    store.append_journal(&key, records[1..].to_vec()).await.unwrap();
    assert_eq!(store.journal(&key).await.unwrap(), records);

    // In parts it is read call by call.
    let [asked_2, asked_1, parked_1, answered_1, answered_2] = records;
    let (first, second) = ([asked_1, parked_1, answered_1], [asked_2, answered_2]);
    let part = async |after, calls| store.journal_part(&key, after, calls).await.unwrap();
    assert_eq!(part(0, 1).await, first);
    assert_eq!(part(1, 1).await, second);
    assert_eq!(part(0, 2).await, [&first[..], &second].concat());
    assert_eq!(part(2, 10).await, []);
}

/// Whoever doesn't know what became of a write may make it once more; what differs in anything is another record.
pub async fn records_that_are_written_again_are_there_once(place: impl Place) {
    let store = place().await;
    let key = attempt(create(&*store, "one").await.id, 1);
    let parked = record(1, JournalKind::Parked, "until noon");
    let mut records = vec![
        record(1, JournalKind::Asked, "sleep \u{0} and ä"),
        parked.clone(),
        JournalRecord { at: at(9), ..parked.clone() },
        JournalRecord { hash: "00".to_owned(), ..parked.clone() },
        record(1, JournalKind::Parked, ""),
        large(1, JournalKind::Parked, 7),
        large(1, JournalKind::Parked, 8),
    ];
    for _ in 0..3 {
        store.append_journal(&key, records.clone()).await.unwrap();
    }
    assert_eq!(store.journal(&key).await.unwrap(), records);

    // Some of them, and one that is new.
    records.push(record(1, JournalKind::Answered, "awake"));
    store.append_journal(&key, records[3..].to_vec()).await.unwrap();
    assert_eq!(store.journal(&key).await.unwrap(), records);

    // The same in another attempt is another.
    let other = AttemptKey { attempt: 2, ..key };
    store.append_journal(&other, records.clone()).await.unwrap();
    assert_eq!(store.journal(&other).await.unwrap(), records);
}

/// Of every attempt, each once.
pub async fn blobs_that_records_name_are_named(place: impl Place) {
    let store = place().await;
    assert_eq!(store.journal_blobs().await.unwrap(), HashSet::new());
    let workflow = create(&*store, "one").await.id;
    let records = [
        large(1, JournalKind::Asked, 7),
        record(1, JournalKind::Answered, "no blob"),
        large(2, JournalKind::Answered, 8),
    ];
    store.append_journal(&attempt(workflow, 1), records.to_vec()).await.unwrap();
    store.append_journal(&attempt(workflow, 2), vec![large(1, JournalKind::Answered, 7)]).await.unwrap();
    let named = [7, 8].map(|blob: u8| format!("{blob:064x}")).into();
    assert_eq!(store.journal_blobs().await.unwrap(), named);
}

/// Attempts, stages and workflows that write at once don't mix.
pub async fn a_journal_belongs_to_one_attempt(place: impl Place) {
    let store = place().await;
    let (one, two) = (create(&*store, "one").await.id, create(&*store, "two").await.id);
    let keys = [
        attempt(one, 1),
        attempt(one, 2),
        attempt(two, 1),
        AttemptKey { stage: stage("implement"), ..attempt(one, 1) },
    ];
    let writers: Vec<_> = keys
        .iter()
        .cloned()
        .map(|key| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for n in 1..=20 {
                    store
                        .append_journal(&key, vec![record(n, JournalKind::Asked, &format!("{key:?}"))])
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    for key in keys {
        let expected: Vec<_> = (1..=20).map(|n| record(n, JournalKind::Asked, &format!("{key:?}"))).collect();
        assert_eq!(store.journal(&key).await.unwrap(), expected);
    }
}

/// Any bytes; the last set is what is read.
pub async fn values_are_set_and_replaced(place: impl Place) {
    let store = place().await;
    let (one, two) = (create(&*store, "one").await.id, create(&*store, "two").await.id);
    let (plan, test) = (stage("plan"), stage("test"));
    let every_byte: Vec<u8> = (0..=255).collect();
    store.set_value(one, &plan, "key", b"old".to_vec()).await.unwrap();
    store.set_value(one, &plan, "key", every_byte.clone()).await.unwrap();
    store.set_value(one, &plan, "", vec![]).await.unwrap();
    store.set_value(one, &test, "key", b"of test".to_vec()).await.unwrap();
    for (workflow, stage, key, expected) in [
        (one, &plan, "key", Some(every_byte)),
        (one, &plan, "", Some(vec![])),
        (one, &test, "key", Some(b"of test".to_vec())),
        (one, &plan, "KEY", None),
        (two, &plan, "key", None),
    ] {
        assert_eq!(store.value(workflow, stage, key).await.unwrap(), expected, "{stage} {key:?}");
    }
    let kept = ValuesKept { values: 3, bytes: 256 + 7 + 3 + 3 };
    assert_eq!(store.values_kept(one, "").await.unwrap(), kept, "what was replaced is not kept");
    let kept = ValuesKept { values: 2, bytes: 256 + 7 + 3 + 3 };
    assert_eq!(store.values_kept(one, "ke").await.unwrap(), kept, "of keys that begin so");
    for other in ["KE", "k%", "key-and-more"] {
        assert_eq!(store.values_kept(one, other).await.unwrap(), ValuesKept::default(), "{other:?}");
    }
    assert_eq!(store.values_kept(two, "").await.unwrap(), ValuesKept::default());
}

/// In the order of their names.
pub async fn an_artifact_name_stands_for_its_newest_bytes(place: impl Place) {
    let store = place().await;
    let workflow = create(&*store, "one").await.id;
    let artifact = |name: &str, size| Artifact {
        name: name.to_owned(),
        media_type: "text/plain; charset=utf-8".to_owned(),
        sha256: format!("{size:064x}"),
        size,
        stage: stage("plan"),
        at: at(size),
    };
    for artifact in [artifact("spec ä.md", 10), artifact("a", 0), artifact("spec ä.md", 20)] {
        store.put_artifact(workflow, artifact).await.unwrap();
    }
    let kept = [artifact("a", 0), artifact("spec ä.md", 20)];
    assert_eq!(store.artifacts(workflow).await.unwrap(), kept);
    let blobs = kept.into_iter().map(|artifact| artifact.sha256).collect();
    assert_eq!(store.artifact_blobs().await.unwrap(), blobs, "what lost its name is named no more");
}

/// They would belong to whoever gets the number next.
pub async fn records_of_no_workflow_are_refused(place: impl Place) {
    let store = place().await;
    let answers = [
        store.append_journal(&attempt(RowId(7), 1), vec![record(1, JournalKind::Asked, "")]).await,
        store.set_value(RowId(7), &stage("plan"), "key", vec![1]).await,
    ];
    for answer in answers {
        assert!(matches!(answer, Err(StoreError::Rejected(_))), "{answer:?}");
    }
    let id = create(&*store, "one").await.id;
    assert_eq!(store.journal(&attempt(id, 1)).await.unwrap(), []);
}
