//! The SQLite store: the suite that every store passes, and what is its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adw_store::Store;
use adw_store::sqlite::SqliteStore;
use tempfile::TempDir;

mod conformance {
    adw_store::conformance_tests!(super::place());
}

/// A place for one store, gone with the closure.
fn place() -> impl AsyncFn() -> Arc<dyn Store> {
    let place = Place::new();
    async move || place.open().await as Arc<dyn Store>
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("adw.db")
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    async fn open(&self) -> Arc<SqliteStore> {
        Arc::new(SqliteStore::open(self.path()).await.unwrap())
    }
}
