//! The SQLite store: the suite that every store passes, and what is its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod crash;
mod damage;
mod disk;
mod golden;
mod look;
mod model;
mod opening;
mod removal;
mod writer;

mod conformance {
    adw_store::conformance_tests!(super::place());
}

use std::path::PathBuf;
use std::sync::Arc;

use adw_store::Store;
use adw_store::sqlite::SqliteStore;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tempfile::TempDir;

/// A place for one store, gone with the closure.
fn place() -> impl AsyncFn() -> Arc<dyn Store> {
    let place = Place::new();
    async move || place.open().await as Arc<dyn Store>
}

/// A folder with a database in it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("adw.db")
    }

    async fn open(&self) -> Arc<SqliteStore> {
        Arc::new(SqliteStore::open(self.path()).await.unwrap())
    }

    /// A connection past the store.
    async fn raw(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).create_if_missing(true).connect().await.unwrap()
    }

    /// Changes the database as nothing of ours does.
    async fn tamper(&self, statements: &'static str) {
        let mut raw = self.raw().await;
        sqlx::raw_sql(statements).execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
    }
}
