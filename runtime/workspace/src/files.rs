//! Files of the workspace, opened beneath a handle on its root: no path and no symlink leads out of it.

use std::io::{self, Read};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;

use crate::error::WorkspaceError;
use crate::trees::is_folder;
use crate::workspace::{Workspace, blocking};

impl Workspace {
    /// A file's bytes; one that is larger than the limit is an error.
    pub async fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, WorkspaceError> {
        let (inner, path) = (self.inner(), checked(path)?);
        blocking(move || {
            let root = open(&inner.path)?;
            refuse_git(&root, &path)?;
            read(&root, &path, limit)
        })
        .await
    }

    /// Creates or replaces a file, and the folders above it.
    pub async fn write(&self, path: &str, content: Vec<u8>) -> Result<(), WorkspaceError> {
        let (inner, path) = (self.inner(), checked(path)?);
        blocking(move || {
            let root = open(&inner.path)?;
            refuse_git(&root, &path)?;
            if let Some(folder) = Path::new(&path).parent().filter(|folder| !folder.as_os_str().is_empty()) {
                root.create_dir_all(folder).map_err(|error| of_folder(&root, folder, &path, error))?;
            }
            match root.metadata(&path) {
                Ok(found) if !found.is_file() => Err(not_a_file(&path)),
                _ => root.write(&path, content).map_err(|error| of_file(&path, "writing", error)),
            }
        })
        .await
    }

    /// Removes a file or a symlink; one that isn't there is no error.
    pub async fn remove_file(&self, path: &str) -> Result<(), WorkspaceError> {
        let (inner, path) = (self.inner(), checked(path)?);
        blocking(move || {
            let root = open(&inner.path)?;
            if let Some(folder) = Path::new(&path).parent().and_then(Path::to_str) {
                refuse_git(&root, folder)?;
            }
            match root.symlink_metadata(&path) {
                Ok(found) if found.is_dir() => return Err(not_a_file(&path)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                _ => {}
            }
            match root.remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(of_file(&path, "removing", error))
                }
                _ => Ok(()),
            }
        })
        .await
    }
}

fn open(root: &Path) -> Result<Dir, WorkspaceError> {
    if !is_folder(root) {
        return Err(WorkspaceError::Gone { path: root.to_owned() });
    }
    Dir::open_ambient_dir(root, ambient_authority()).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => WorkspaceError::Gone { path: root.to_owned() },
        _ => WorkspaceError::io("opening the worktree", root)(error),
    })
}

fn read(root: &Dir, path: &str, limit: u64) -> Result<Vec<u8>, WorkspaceError> {
    let failed = |error| of_file(path, "reading", error);
    let mut options = OpenOptions::new();
    // A pipe that an agent left would otherwise be waited for.
    options.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let file = root.open_with(path, &options).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(not_a_file(path));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(limit)).unwrap_or_default());
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(WorkspaceError::FileTooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// A path as the contract has it: relative, `/` between segments, none of them empty, `..` or git's own.
fn checked(path: &str) -> Result<String, WorkspaceError> {
    let invalid = |reason| Err(WorkspaceError::InvalidPath { path: path.to_owned(), reason });
    if path.is_empty() {
        return invalid("is empty");
    }
    if path.starts_with('/') {
        return invalid("is absolute");
    }
    if path.contains('\0') {
        return invalid("holds a NUL byte");
    }
    let segments: Vec<&str> = path.split('/').filter(|segment| *segment != ".").collect();
    if segments.contains(&"..") {
        return invalid("leads out of its folder with `..`");
    }
    if segments.is_empty() || segments.iter().any(|segment| segment.is_empty()) {
        return invalid("names a folder");
    }
    if segments.iter().any(|segment| is_git(segment)) {
        return invalid("is git's own");
    }
    Ok(segments.join("/"))
}

fn is_git(segment: &str) -> bool {
    segment.eq_ignore_ascii_case(".git")
}

/// Refuses a path that reaches git's own by way of a symlink.
fn refuse_git(root: &Dir, path: &str) -> Result<(), WorkspaceError> {
    // What isn't there yet is reached through the nearest folder above it that is.
    let found = Path::new(path).ancestors().find_map(|above| root.canonicalize(above).ok());
    let within_git =
        found.is_some_and(|real| real.iter().any(|segment| segment.to_str().is_some_and(is_git)));
    if within_git {
        return Err(WorkspaceError::InvalidPath { path: path.to_owned(), reason: "is git's own" });
    }
    Ok(())
}

fn not_a_file(path: &str) -> WorkspaceError {
    WorkspaceError::InvalidPath { path: path.to_owned(), reason: "is not a file" }
}

/// Why the folders above a file can't be made.
fn of_folder(root: &Dir, folder: &Path, path: &str, error: io::Error) -> WorkspaceError {
    // The nearest that is there: no folder, else the others could be made in it.
    let found = folder.ancestors().find_map(|above| root.symlink_metadata(above).ok());
    let reason = match found {
        Some(found) if found.is_symlink() => "leads out of the workspace by a symlink",
        Some(found) if found.is_file() => "lies below a file",
        _ => return of_file(path, "making the folder of a file", error),
    };
    WorkspaceError::InvalidPath { path: path.to_owned(), reason }
}

fn of_file(path: &str, what: &'static str, error: io::Error) -> WorkspaceError {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => WorkspaceError::NoSuchFile { path: path.to_owned() },
        ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::AlreadyExists => not_a_file(path),
        // cap-std has no kind of its own for this; a refusal by the system carries its number.
        ErrorKind::PermissionDenied if error.raw_os_error().is_none() => WorkspaceError::InvalidPath {
            path: path.to_owned(),
            reason: "leads out of the workspace by a symlink",
        },
        _ => WorkspaceError::io(what, path)(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::checked;

    #[test]
    fn a_path_is_relative_and_stays_beneath_the_root() {
        for (given, taken) in [
            ("a", "a"),
            ("a/b.rs", "a/b.rs"),
            ("./a/./b", "a/b"),
            (".gitignore", ".gitignore"),
            ("ä ö/ü", "ä ö/ü"),
        ] {
            assert_eq!(checked(given).unwrap(), taken);
        }
        for bad in [
            "",
            ".",
            "/",
            "/etc/passwd",
            "..",
            "../a",
            "a/../../b",
            "a//b",
            "a/",
            "a\0b",
            ".git",
            ".git/config",
            "a/.GIT/hooks/x",
        ] {
            assert!(checked(bad).is_err(), "{bad}");
        }
    }
}
