//! What is left when a process ends without closing its store.

use std::fs;

use adw_store::conformance::samples::{advance, adw_id, create, new_workflow, start, task};
use adw_store::{ReadWorkflows as _, Store as _, WriteWorkflows as _};

use crate::Place;

/// The files as they are while the store is open are what a kill would leave.
#[tokio::test]
async fn what_was_answered_is_in_the_files_at_once() {
    let place = Place::new();
    let store = place.open().await;
    for n in 0..20 {
        let stored = create(&*store, &format!("w{n}")).await;
        advance(&*store, &stored, start()).await;

        let copy = Place::new();
        for suffix in ["", "-wal"] {
            let name = format!("adw.db{suffix}");
            fs::copy(place.path().with_file_name(&name), copy.path().with_file_name(&name)).unwrap();
        }
        let revived = copy.open().await;
        assert_eq!(revived.epoch(), store.epoch());
        for id in (0..=n).map(|n| adw_id(&format!("w{n}"))) {
            assert_eq!(revived.workflow(&id).await.unwrap(), store.workflow(&id).await.unwrap());
            assert_eq!(revived.events(&id, 0, 9).await.unwrap(), store.events(&id, 0, 9).await.unwrap());
        }
        create(&*revived, "and_it_goes_on").await;
    }
}

/// A log that was cut off in the middle of a commit gives the state before it.
#[tokio::test]
async fn a_commit_that_was_cut_off_did_not_happen() {
    let place = Place::new();
    let store = place.open().await;
    let before = create(&*store, "before").await;
    let length = fs::metadata(place.path().with_file_name("adw.db-wal")).unwrap().len();
    advance(&*store, &before, start()).await;
    let log = fs::read(place.path().with_file_name("adw.db-wal")).unwrap();
    let whole = usize::try_from(length).unwrap();
    assert!(log.len() > whole);

    for cut in (whole..log.len()).step_by(1021) {
        let copy = Place::new();
        fs::copy(place.path(), copy.path()).unwrap();
        fs::write(copy.path().with_file_name("adw.db-wal"), &log[..cut]).unwrap();
        let revived = copy.open().await;
        assert_eq!(
            revived.workflow(&adw_id("before")).await.unwrap().as_ref(),
            Some(&before),
            "cut at {cut}"
        );
        advance(&*revived, &before, start()).await;
    }
}

/// Whoever gives up waiting doesn't stop the write, and harms no other.
#[tokio::test]
async fn a_caller_may_go_away() {
    let place = Place::new();
    let store = place.open().await;
    for n in 0..50 {
        let (gone, stays) = (format!("gone_{n}"), format!("stays_{n}"));
        let left = store.create(new_workflow(&gone, task("Left alone")));
        tokio::select! {
            biased;
            _ = left => {}
            () = std::future::ready(()) => {}
        }
        create(&*store, &stays).await;
    }
    store.close().await;
    let store = place.open().await;
    for n in 0..50 {
        assert!(store.workflow(&adw_id(&format!("stays_{n}"))).await.unwrap().is_some());
        let gone = store.workflow(&adw_id(&format!("gone_{n}"))).await.unwrap();
        assert!(gone.is_some(), "what was queued is written");
    }
}
