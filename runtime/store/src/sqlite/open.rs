//! Opening a database: is it free, is it one of ours, is it whole.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use uuid::Uuid;

use super::failure::Failure;
use super::history::verify_open_workflows;
use super::identity::Identity;
use super::lock::Lock;
use super::migrations;
use super::writer::WriterConnection;
use crate::StoreError;

/// Earlier ones can corrupt a database when its write-ahead log is reset.
const OLDEST_SQLITE: (&str, [u32; 3]) = ("3.51.3", [3, 51, 3]);

/// What every SQLite database begins with.
const HEADER: &[u8; 16] = b"SQLite format 3\0";

const PAGE: u64 = 4096;
const READERS: u32 = 4;

/// Which database to open, and how.
#[derive(Clone, Debug)]
pub struct Options {
    path: PathBuf,
    max_bytes: Option<u64>,
    /// Held from when it was claimed, for as long as anybody has these options.
    lock: Option<Arc<Lock>>,
}

impl Options {
    /// The database in this file, which is made where there is none.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), max_bytes: None, lock: None }
    }

    /// The database grows no larger than this, rounded down to whole pages; writes that need more are refused.
    #[must_use]
    pub const fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Makes the database ours before it is opened, which may take its time: what an earlier process left beside it can
    /// be put away first. To open it claims it too, where this was not said.
    pub fn claim(mut self) -> Result<Self, StoreError> {
        if self.lock.is_none() {
            // A relative path that begins with `file:` would be taken for a URI.
            self.path = std::path::absolute(&self.path).map_err(|error| unavailable(&self.path, &error))?;
            if let Some(folder) = self.path.parent() {
                std::fs::create_dir_all(folder).map_err(|error| unavailable(folder, &error))?;
            }
            self.lock = Some(Arc::new(Lock::take(&self.path)?));
        }
        Ok(self)
    }
}

impl<P: AsRef<Path>> From<P> for Options {
    fn from(path: P) -> Self {
        Self::new(path.as_ref())
    }
}

/// A database that is ours as long as this lives.
#[derive(Clone)]
pub(super) struct Database {
    /// With the lock.
    options: Options,
    identity: Identity,
    epoch: Uuid,
}

/// A database that was just opened.
pub(super) struct Opened {
    pub(super) database: Database,
    pub(super) writer: WriterConnection,
    pub(super) readers: SqlitePool,
    pub(super) epoch: Uuid,
    pub(super) last_id: i64,
}

pub(super) async fn open(options: Options) -> Result<Opened, StoreError> {
    let options = options.claim()?;
    assert_version().await?;
    if has_header(&options.path)? {
        inspect(&options.path, reader_options(&options)).await?;
    } else {
        make(&options).await?;
    }
    let mut connection = connect_writer(&options).await?;
    let identity = Identity::of(&options.path)?;
    migrations::run(&mut connection).await?;
    let epoch = give_epoch(&mut connection).await?;
    verify_open_workflows(&mut connection).await?;
    let last_id = last_id(&mut connection).await?;
    let readers = connect_readers(&options).await?;
    let database = Database { options, identity, epoch };
    Ok(Opened { database, writer: WriterConnection::new(connection), readers, epoch, last_id })
}

impl Database {
    /// The file that was opened first.
    pub(super) const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Opens it again after an error, and reads what it holds before anything is written.
    pub(super) async fn reopen(&self) -> Result<WriterConnection, Failure> {
        inspect(&self.options.path, reader_options(&self.options)).await?;
        let mut connection = connect_writer(&self.options).await?;
        if epoch(&mut connection).await? != Some(self.epoch) {
            return Err(Failure::damaged("another database was put in its place"));
        }
        verify_open_workflows(&mut connection).await?;
        tracing::info!("the database was opened again and read");
        Ok(WriterConnection::new(connection))
    }
}

fn unavailable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}

/// Makes a database without anything in it, as a whole or not at all: so an empty file is one that was lost, and never
/// one that is just begun.
async fn make(options: &Options) -> Result<(), StoreError> {
    // A link stays one.
    let linked = std::fs::read_link(&options.path).ok();
    let database = match (linked, options.path.parent()) {
        (Some(to), Some(folder)) => folder.join(to),
        _ => options.path.clone(),
    };
    let unfinished = beside(&database, ".new");
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(unavailable(&unfinished, &error));
        }
        _ => {}
    }
    let new = Options { path: unfinished.clone(), ..options.clone() };
    connect_writer(&new).await?.close().await.map_err(Failure::from)?;
    let placed = std::fs::rename(&unfinished, &database)
        .and_then(|()| database.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all()));
    placed.map_err(|error| unavailable(&database, &error))
}

/// A file that belongs to a database.
pub(super) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// Whether there is a database already. What isn't one is left untouched.
pub(super) fn has_header(path: &Path) -> Result<bool, StoreError> {
    let mut header = Vec::new();
    match File::open(path).and_then(|file| file.take(HEADER.len() as u64).read_to_end(&mut header)) {
        Ok(_) if header == HEADER => Ok(true),
        Ok(0) => Err(StoreError::Lost(path.display().to_string())),
        Ok(_) => Err(StoreError::Damaged(format!("{} is not a SQLite database", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let has_log = std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
            if has_log { Err(StoreError::Gone(path.display().to_string())) } else { Ok(false) }
        }
        Err(error) => Err(unavailable(path, &error)),
    }
}

async fn assert_version() -> Result<(), StoreError> {
    let mut connection = SqliteConnectOptions::new().connect().await.map_err(Failure::from)?;
    let found: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut connection)
        .await
        .map_err(Failure::from)?;
    if is_recent(&found) {
        return Ok(());
    }
    Err(StoreError::Outdated { found, needed: OLDEST_SQLITE.0 })
}

fn is_recent(version: &str) -> bool {
    let parts: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
    parts.as_slice() >= OLDEST_SQLITE.1.as_slice()
}

/// Looks at a database without changing it: is it ours, and of a schema that we know? Answers with the schema.
pub(super) async fn inspect(path: &Path, reader: SqliteConnectOptions) -> Result<i64, StoreError> {
    let looked = async {
        let mut connection = reader.connect().await?;
        let (ours, tables): (bool, i64) = sqlx::query_as(
            "SELECT (SELECT application_id FROM pragma_application_id) = ?1, \
             (SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND type = 'table')",
        )
        .bind(migrations::APPLICATION_ID)
        .fetch_one(&mut connection)
        .await?;
        let found: Option<i64> = if ours {
            sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(&mut connection).await?
        } else {
            None
        };
        connection.close().await?;
        Ok::<_, sqlx::Error>((ours || tables == 0, found.unwrap_or_default()))
    };
    let (ours, found) = looked.await.map_err(Failure::from)?;
    if !ours {
        let path = path.display();
        return Err(StoreError::Damaged(format!("{path} is a SQLite database of another program")));
    }
    let known = migrations::newest();
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    Ok(found)
}

fn base_options(options: &Options) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(&options.path)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .pragma("mmap_size", "0")
        .pragma("cell_size_check", "ON")
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging()
}

pub(super) fn reader_options(options: &Options) -> SqliteConnectOptions {
    base_options(options).read_only(true)
}

async fn connect_writer(options: &Options) -> Result<SqliteConnection, Failure> {
    let mut writer = base_options(options)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "1000")
        .pragma("journal_size_limit", (64 * 1024 * 1024).to_string());
    if let Some(bytes) = options.max_bytes {
        writer = writer.pragma("max_page_count", (bytes / PAGE).max(1).to_string());
    }
    Ok(writer.connect().await?)
}

async fn connect_readers(options: &Options) -> Result<SqlitePool, Failure> {
    // A connection to a file doesn't go stale.
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None);
    Ok(pool.connect_with(reader_options(options)).await?)
}

/// The database's UUID, which it is given when it is first opened.
async fn give_epoch(connection: &mut SqliteConnection) -> Result<Uuid, Failure> {
    if let Some(epoch) = epoch(connection).await? {
        return Ok(epoch);
    }
    let epoch = Uuid::new_v4();
    sqlx::query("INSERT INTO meta (key, value) VALUES ('epoch', ?1)")
        .bind(epoch.to_string())
        .execute(connection)
        .await?;
    Ok(epoch)
}

async fn epoch(connection: &mut SqliteConnection) -> Result<Option<Uuid>, Failure> {
    let epoch: Option<String> =
        sqlx::query_scalar("SELECT value FROM meta WHERE key = 'epoch'").fetch_optional(connection).await?;
    let parse = |epoch: String| {
        epoch.parse().map_err(|_| Failure::damaged(format!("its epoch {epoch:?} is not a UUID")))
    };
    epoch.map(parse).transpose()
}

/// The highest number that a workflow's row ever had.
async fn last_id(connection: &mut SqliteConnection) -> Result<i64, Failure> {
    let last: Option<i64> = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = 'workflows'")
        .fetch_optional(connection)
        .await?;
    Ok(last.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        for (version, recent) in [
            ("3.51.3", true),
            ("3.51.10", true),
            ("3.52.0", true),
            ("4.0", true),
            ("3.51.2", false),
            ("3.9.99", false),
            ("", false),
        ] {
            assert_eq!(is_recent(version), recent, "{version}");
        }
    }
}
