//! Files that are taken away from a store, and those that a closed one leaves.

use std::fs;
use std::path::PathBuf;

use adw_store::conformance::samples::{advance, adw_id, append, attempt, create, new_workflow, start, task};
use adw_store::sqlite::SqliteStore;
use adw_store::{
    Journal as _, JournalBody, JournalKind, JournalRecord, ReadWorkflows as _, Store as _, StoreError,
    Stored, WriteWorkflows as _,
};

use crate::Place;

/// The database and what belongs to it.
fn files(place: &Place) -> [PathBuf; 4] {
    ["", "-wal", "-shm", ".lock"].map(|suffix| place.path().with_file_name(format!("adw.db{suffix}")))
}

fn remove(place: &Place) {
    for file in files(place) {
        fs::remove_file(file).unwrap();
    }
}

fn assert_lost<T: std::fmt::Debug>(answer: &Result<T, StoreError>) {
    let told = matches!(answer, Err(StoreError::Unavailable(why)) if why.contains("removed or replaced"));
    assert!(told, "{answer:?}");
}

async fn assert_nothing_is_taken(store: &SqliteStore, known: &Stored) {
    assert_lost(&store.probe().await);
    assert_lost(&store.create(new_workflow("later", task("Later"))).await);
    assert_lost(&store.append(append(known, start())).await);
    let record = JournalRecord {
        n: 1,
        kind: JournalKind::Asked,
        hash: "00".to_owned(),
        body: JournalBody::Inline("{}".to_owned()),
        at: known.workflow.created_at,
    };
    assert_lost(&store.append_journal(&attempt(known.id, 1), vec![record]).await);
}

#[tokio::test]
async fn nothing_is_acknowledged_into_a_removed_file() {
    let place = Place::new();
    let store = place.open().await;
    let one = create(&*store, "one").await;
    let commits = store.commits();
    remove(&place);
    assert_nothing_is_taken(&store, &one).await;
    assert_eq!(store.commits(), commits);
    store.close().await;
    assert!(!place.path().exists());
}

#[tokio::test]
async fn nothing_is_acknowledged_into_a_removed_folder() {
    let place = Place::new();
    let folder = place.path().with_file_name("folder");
    let store = SqliteStore::open(folder.join("adw.db")).await.unwrap();
    let one = create(&store, "one").await;
    fs::remove_dir_all(&folder).unwrap();
    assert_nothing_is_taken(&store, &one).await;
    fs::write(&folder, "now a file").unwrap();
    assert_nothing_is_taken(&store, &one).await;
}

#[tokio::test]
async fn a_file_in_the_place_of_another_is_not_taken_for_it() {
    let place = Place::new();
    let store = place.open().await;
    let one = create(&*store, "one").await;
    // The very same content, in another file.
    let copy = place.path().with_file_name("copy");
    fs::copy(place.path(), &copy).unwrap();
    let aside = place.path().with_file_name("aside");
    fs::rename(place.path(), &aside).unwrap();
    fs::rename(&copy, place.path()).unwrap();
    assert_nothing_is_taken(&store, &one).await;
    // Nor is it taken up again when it comes back.
    fs::rename(&aside, place.path()).unwrap();
    assert_nothing_is_taken(&store, &one).await;
}

#[tokio::test]
async fn a_store_whose_file_was_removed_does_no_harm_to_the_next() {
    for is_noticed in [true, false] {
        let place = Place::new();
        let lost = place.open().await;
        let one = create(&*lost, "one").await;
        remove(&place);
        if is_noticed {
            assert_nothing_is_taken(&lost, &one).await;
        }
        let next = place.open().await;
        let kept = create(&*next, "kept").await;
        lost.close().await;
        assert!(files(&place).iter().all(|file| file.exists()), "the files are the next store's");
        let kept = advance(&*next, &kept, start()).await;
        next.close().await;
        let next = place.open().await;
        assert_eq!(next.workflow(&adw_id("kept")).await.unwrap(), Some(kept));
        assert_eq!(next.workflow(&adw_id("one")).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_store_is_one_file() {
    let place = Place::new();
    let store = place.open().await;
    let mut made = Vec::new();
    for n in 0..50 {
        let stored = create(&*store, &format!("w{n}")).await;
        made.push(advance(&*store, &stored, start()).await);
    }
    // Several readers are open.
    let ids = [adw_id("w1"), adw_id("w2")];
    let (one, two) = tokio::join!(store.workflow(&ids[0]), store.workflow(&ids[1]));
    assert!(one.unwrap().is_some() && two.unwrap().is_some());
    store.close().await;
    let [_, log, index, _] = files(&place);
    assert!(!log.exists() && !index.exists());

    let copy = Place::new();
    fs::copy(place.path(), copy.path()).unwrap();
    let revived = copy.open().await;
    for stored in made {
        let id = &stored.workflow.adw_id;
        assert_eq!(revived.workflow(id).await.unwrap().as_ref(), Some(&stored));
    }
}
