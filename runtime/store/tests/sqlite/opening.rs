//! What is found when a database is opened.

use std::fs;
use std::path::Path;

use adw_store::conformance::samples::{adw_id, create};
use adw_store::sqlite::SqliteStore;
use adw_store::{ReadWorkflows as _, Store as _, StoreError};

use crate::Place;

async fn refusal(path: &Path) -> StoreError {
    SqliteStore::open(path).await.err().expect("it should not open")
}

#[tokio::test]
async fn a_database_is_one_opener_s_at_a_time() {
    let place = Place::new();
    let store = place.open().await;
    let error = refusal(&place.path()).await;
    assert!(matches!(&error, StoreError::InUse(path) if path.ends_with("adw.db")), "{error}");
    create(&*store, "one").await;

    store.close().await;
    let store = place.open().await;
    assert!(store.workflow(&adw_id("one")).await.unwrap().is_some());
}

#[tokio::test]
async fn the_folder_is_made_where_it_is_missing() {
    let place = Place::new();
    let path = place.path().with_file_name("new").join("folder").join("adw.db");
    SqliteStore::open(&path).await.unwrap().close().await;
    assert!(path.exists());
}

#[tokio::test]
async fn what_is_no_database_is_left_untouched() {
    for content in [&b"not a database, but somebody's notes\n"[..], b"SQLite form", b"\0"] {
        let place = Place::new();
        fs::write(place.path(), content).unwrap();
        let error = refusal(&place.path()).await;
        assert!(matches!(error, StoreError::Damaged(_)), "{error}");
        assert_eq!(fs::read(place.path()).unwrap(), content);
    }
}

#[tokio::test]
async fn an_empty_file_is_a_database_that_was_lost_and_not_one_to_begin_with() {
    let place = Place::new();
    place.open().await.close().await;
    fs::write(place.path(), "").unwrap();
    let error = refusal(&place.path()).await;
    assert!(matches!(&error, StoreError::Lost(path) if path.ends_with("adw.db")), "{error}");
    assert_eq!(fs::read(place.path()).unwrap(), b"");

    fs::remove_file(place.path()).unwrap();
    create(&*place.open().await, "one").await;
}

#[tokio::test]
async fn a_log_without_its_database_is_no_beginning_of_a_new_one() {
    let place = Place::new();
    let store = place.open().await;
    create(&*store, "one").await;
    let log = place.path().with_file_name("adw.db-wal");
    let written = fs::read(&log).unwrap();
    store.close().await;
    fs::remove_file(place.path()).unwrap();
    fs::write(&log, &written).unwrap();
    let error = refusal(&place.path()).await;
    assert!(matches!(&error, StoreError::Gone(path) if path.ends_with("adw.db")), "{error}");
    assert_eq!(fs::read(&log).unwrap(), written);

    fs::remove_file(&log).unwrap();
    assert!(place.open().await.workflow(&adw_id("one")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_database_is_made_where_a_link_leads() {
    let (place, elsewhere) = (Place::new(), Place::new());
    std::os::unix::fs::symlink(elsewhere.path(), place.path()).unwrap();
    let store = place.open().await;
    create(&*store, "one").await;
    store.close().await;
    assert!(place.path().is_symlink());
    assert!(elsewhere.open().await.workflow(&adw_id("one")).await.unwrap().is_some());
}

#[tokio::test]
async fn another_program_s_database_is_left_untouched() {
    let place = Place::new();
    place.tamper("PRAGMA application_id = 7; CREATE TABLE places (url TEXT);").await;
    let before = fs::read(place.path()).unwrap();
    let error = refusal(&place.path()).await;
    assert!(matches!(&error, StoreError::Damaged(what) if what.contains("another program")), "{error}");
    assert_eq!(fs::read(place.path()).unwrap(), before);
}

#[tokio::test]
async fn a_header_with_nothing_behind_it_is_damage() {
    let place = Place::new();
    place.open().await.close().await;
    let mut content = fs::read(place.path()).unwrap();
    content[100..].fill(0xa5);
    fs::write(place.path(), &content).unwrap();
    let error = refusal(&place.path()).await;
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    assert_eq!(fs::read(place.path()).unwrap(), content);
}

#[tokio::test]
async fn a_newer_schema_is_not_touched() {
    let place = Place::new();
    place.open().await.close().await;
    place
        .tamper(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (99, 'of the future', TRUE, x'00', 0)",
        )
        .await;
    let error = refusal(&place.path()).await;
    assert!(matches!(error, StoreError::Newer { found: 99, known: 3 }), "{error}");
}

#[tokio::test]
async fn an_older_schema_is_brought_to_the_newest() {
    let place = Place::new();
    let store = place.open().await;
    create(&*store, "one").await;
    store.close().await;
    place
        .tamper(
            "DROP INDEX journal_by_blob; ALTER TABLE journal DROP COLUMN blob; ALTER TABLE journal DROP COLUMN size; \
             DROP INDEX journal_by_call; CREATE INDEX journal_by_attempt ON journal (workflow, stage, attempt); \
             DELETE FROM _sqlx_migrations WHERE version > 1",
        )
        .await;
    let store = place.open().await;
    assert!(store.workflow(&adw_id("one")).await.unwrap().is_some());
    create(&*store, "two").await;
    let mut raw = place.raw().await;
    let indexes: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'journal%' ORDER BY name",
    )
    .fetch_all(&mut raw)
    .await
    .unwrap();
    assert_eq!(indexes, ["journal_by_blob", "journal_by_call"]);
}

#[tokio::test]
async fn a_schema_that_was_never_released_is_damage() {
    let place = Place::new();
    place.open().await.close().await;
    place.tamper("UPDATE _sqlx_migrations SET checksum = x'00'").await;
    let error = refusal(&place.path()).await;
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
}

#[tokio::test]
async fn making_a_database_goes_on_where_it_was_cut_off() {
    let begun = Place::new();
    fs::write(begun.path().with_file_name("adw.db.new"), b"SQLite form").unwrap();
    let half = Place::new();
    half.tamper(
        "PRAGMA journal_mode = WAL; CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, \
         description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
         success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)",
    )
    .await;
    for place in [begun, half] {
        create(&*place.open().await, "one").await;
        assert!(!place.path().with_file_name("adw.db.new").exists());
    }
}

#[tokio::test]
async fn every_database_has_an_epoch_of_its_own() {
    let (one, two) = (Place::new(), Place::new());
    assert_ne!(one.open().await.epoch(), two.open().await.epoch());
}
