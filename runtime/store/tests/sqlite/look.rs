//! Looking at a database from outside.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use adw_store::conformance::samples::create;
use adw_store::sqlite::{Found, look};
use adw_store::{Store as _, StoreError};

use crate::Place;

/// Every file in the database's folder, and what is in it.
fn files(database: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(database.parent().unwrap()).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

async fn seen(database: &Path) -> Result<Found, StoreError> {
    let before = files(database);
    let found = look(database, tempfile::tempdir().unwrap().path()).await;
    assert_eq!(files(database), before, "nothing is changed, and nothing is made");
    found
}

#[tokio::test]
async fn what_is_there_is_told_and_left_as_it_is() {
    let place = Place::new();
    assert_eq!(seen(&place.path()).await.unwrap(), Found::Nothing);

    let store = place.open().await;
    create(&*store, "one").await;
    assert_eq!(look(&place.path(), Path::new("/nowhere")).await.unwrap(), Found::InUse);

    // What a process that was killed leaves: the database, its log, and a lock that nobody holds.
    let killed = Place::new();
    for ending in ["", "-wal", "-shm"] {
        let name = format!("adw.db{ending}");
        fs::copy(place.path().with_file_name(&name), killed.path().with_file_name(&name)).unwrap();
    }
    let Found::Free { schema } = seen(&killed.path()).await.unwrap() else { panic!("it is free") };
    assert!(schema >= 2, "{schema}");

    store.close().await;
    assert_eq!(seen(&place.path()).await.unwrap(), Found::Free { schema });
}

#[tokio::test]
async fn what_would_not_open_is_an_error_and_left_as_it_is() {
    let notes = Place::new();
    fs::write(notes.path(), "not a database, but somebody's notes\n").unwrap();
    assert!(matches!(seen(&notes.path()).await, Err(StoreError::Damaged(_))));

    let lost = Place::new();
    fs::write(lost.path(), "").unwrap();
    assert!(matches!(seen(&lost.path()).await, Err(StoreError::Lost(_))));

    let foreign = Place::new();
    foreign.tamper("PRAGMA application_id = 7; CREATE TABLE places (url TEXT);").await;
    assert!(matches!(seen(&foreign.path()).await, Err(StoreError::Damaged(_))));

    let newer = Place::new();
    newer.open().await.close().await;
    newer
        .tamper(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (99, 'later', true, x'00', 0);",
        )
        .await;
    assert!(matches!(seen(&newer.path()).await, Err(StoreError::Newer { found: 99, .. })));
}
