//! What the disk allows: no durable store can be faster.

use std::{fs::File, io::Write, path::Path, time::Duration};

use anyhow::Result;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::time::Instant;

use crate::{
    figures::{Figures, Times, Unit, milliseconds, rate},
    options::Options,
};

/// A page of a database.
const PAGE: [u8; 4096] = [0x5a; 4096];

/// Commits in one call, so that what is measured is SQLite and the disk, and not the way to them.
const COMMITS: usize = 500;

pub(crate) async fn measure(options: &Options, figures: &mut Figures) -> Result<()> {
    let folder = tempfile::tempdir_in(&options.scratch)?;
    let time = options.time() / 3;
    let mut syncs = syncs(&folder.path().join("file"), time)?;
    figures.add("the disk", "fsyncs", rate(syncs.len(), time), Unit::PerSecond);
    figures.add("the disk", "fsync, p50", milliseconds(syncs.percentile(0.5)), Unit::Milliseconds);
    figures.add("the disk", "fsync, p99", milliseconds(syncs.percentile(0.99)), Unit::Milliseconds);
    let commits = commits(&folder.path().join("database"), time).await?;
    figures.add("the disk", "commits of one row", commits, Unit::PerSecond);
    Ok(())
}

/// Appends a page and waits for the disk, again and again.
fn syncs(path: &Path, time: Duration) -> Result<Times> {
    let mut file = File::create(path)?;
    let mut times = Vec::new();
    let end = Instant::now() + time;
    while Instant::now() < end {
        let began = Instant::now();
        file.write_all(&PAGE)?;
        file.sync_all()?;
        times.push(began.elapsed());
    }
    Ok(times.into_iter().collect())
}

/// Commits a second of one row each, as durable as the store's own.
async fn commits(path: &Path, time: Duration) -> Result<f64> {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await?;
    connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT").await?;
    let statements =
        "INSERT INTO rows (text) VALUES ('a row of a few words, as a row may be');".repeat(COMMITS);
    let (began, mut calls) = (Instant::now(), 0);
    while began.elapsed() < time {
        connection.execute(sqlx::raw_sql(AssertSqlSafe(statements.clone()))).await?;
        calls += 1;
    }
    let commits = rate(calls * COMMITS, began.elapsed());
    connection.close().await?;
    Ok(commits)
}
