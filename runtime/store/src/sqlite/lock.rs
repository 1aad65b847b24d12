//! One process per database.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::StoreError;

/// A lock on a file beside the database, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    pub(super) fn take(database: &Path) -> Result<Self, StoreError> {
        let path = beside(database);
        let unavailable = |error| StoreError::Unavailable(format!("{}: {error}", path.display()));
        let file =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(unavailable)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(error)) => return Err(unavailable(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            // Who only asks whether the database is in use shares the lock for an instant, see `is_held`.
            match file.try_lock_shared() {
                Ok(()) => file.unlock().map_err(unavailable)?,
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::InUse(database.display().to_string()));
                }
                Err(TryLockError::Error(error)) => return Err(unavailable(error)),
            }
            std::thread::yield_now();
        }
    }
}

/// Whether a process holds the database. Makes nothing.
pub(super) fn is_held(database: &Path) -> Result<bool, StoreError> {
    let path = beside(database);
    let unavailable = |error| StoreError::Unavailable(format!("{}: {error}", path.display()));
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(unavailable(error)),
    };
    // It goes with the file, at the end of this function.
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(unavailable(error)),
    }
}

fn beside(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A child that is just being started has a copy of the descriptor until it executes its program; to close ours
        // would leave the lock with it.
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the lock beside the database could not be released");
        }
    }
}
