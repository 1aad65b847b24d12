//! Small JSON files that others read while they come into being.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version of every file. As they are only ever added to, a reader need not mind which one it finds.
pub(crate) const VERSION: u32 = 1;

/// What a look at a file brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading<T> {
    Absent,
    /// It is there, and makes no sense.
    Unreadable,
    There(T),
}

pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Reading<T> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_or_else(
            |error| {
                tracing::warn!(path = %path.display(), %error, "a record of a run can't be read");
                Reading::Unreadable
            },
            Reading::There,
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Reading::Absent,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "a record of a run can't be read");
            Reading::Unreadable
        }
    }
}

/// A file for this user's eyes only, emptied where it is there already.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Writes a file beside the place where it belongs, so that nobody finds half of it.
pub(crate) fn write_aside(path: &Path, value: &impl Serialize) -> io::Result<File> {
    let mut file = create(path)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    Ok(file)
}
