//! Whether the database's path still leads to the file that was opened.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::StoreError;

/// A file, known by its device and inode: a file that was removed can still be written to, and none of it is kept.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    path: PathBuf,
    inode: (u64, u64),
}

impl Identity {
    pub(super) fn of(path: &Path) -> Result<Self, StoreError> {
        match inode(path) {
            Ok(inode) => Ok(Self { path: path.to_owned(), inode }),
            Err(error) => Err(StoreError::Unavailable(format!("{}: {error}", path.display()))),
        }
    }

    /// Whether the path leads to it; an error where that can't be told.
    pub(super) fn is_in_place(&self) -> Result<bool, StoreError> {
        match inode(&self.path) {
            Ok(inode) => Ok(inode == self.inode),
            // A folder on the way may have become a file.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(false)
            }
            Err(error) => Err(StoreError::Unavailable(format!("{}: {error}", self.path.display()))),
        }
    }

    /// What whoever writes is told once it is not.
    pub(super) fn lost(&self) -> StoreError {
        StoreError::Unavailable(format!(
            "{} was removed or replaced under the running server, and what it held is gone with it; nothing can be \
             kept until the server is stopped and started again",
            self.path.display()
        ))
    }
}

fn inode(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}
