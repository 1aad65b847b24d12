//! Looking at a database from outside: nothing of it is changed, and nothing is made beside it.

use std::fs;
use std::io;
use std::path::Path;

use super::lock;
use super::open::{Options, beside, has_header, inspect, reader_options};
use crate::StoreError;

/// What a process that was killed may have left beside a database is read from a copy, unless both are larger.
const LARGEST_COPY: u64 = 512 << 20;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is none yet.
    Nothing,
    /// A process works on it.
    InUse,
    /// It is free, and of this schema.
    Free {
        /// 0 where nothing was written yet.
        schema: i64,
    },
    /// It is free, and too large to be looked at before its log is taken in, which the next start does.
    Unfinished,
}

/// Whether a process works on it.
pub fn is_in_use(database: &Path) -> Result<bool, StoreError> {
    let absolute = std::path::absolute(database);
    lock::is_held(
        &absolute.map_err(|error| StoreError::Unavailable(format!("{}: {error}", database.display())))?,
    )
}

/// Whether there is a database, or what was left of one. Makes nothing.
pub fn is_there(database: &Path) -> bool {
    database.exists() || beside(database, "-wal").exists()
}

/// Looks whether a database would open. `scratch` is an empty folder, of no use afterwards.
pub async fn look(database: &Path, scratch: &Path) -> Result<Found, StoreError> {
    let unavailable = |error: io::Error| StoreError::Unavailable(format!("{}: {error}", database.display()));
    let database = std::path::absolute(database).map_err(unavailable)?;
    if lock::is_held(&database)? {
        return Ok(Found::InUse);
    }
    if !has_header(&database)? {
        return Ok(Found::Nothing);
    }
    let log = beside(&database, "-wal");
    let unread = fs::metadata(&log).map_or(0, |log| log.len());
    if unread == 0 {
        // Nobody changes it, so SQLite needs no files of its own to read it.
        let reader = reader_options(&Options::new(&database)).immutable(true);
        return Ok(Found::Free { schema: inspect(&database, reader).await? });
    }
    if fs::metadata(&database).map_err(unavailable)?.len() + unread > LARGEST_COPY {
        return Ok(Found::Unfinished);
    }
    let copy = scratch.join("adw.db");
    fs::copy(&database, &copy).map_err(unavailable)?;
    fs::copy(&log, beside(&copy, "-wal")).map_err(unavailable)?;
    Ok(Found::Free { schema: inspect(&database, reader_options(&Options::new(&copy))).await? })
}
