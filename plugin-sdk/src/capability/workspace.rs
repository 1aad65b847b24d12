//! The workflow's git worktree.

use std::fmt;

use crate::capability::handle;
use crate::imports::{workspace, workspace_write};
use crate::{Error, Result};

handle! {
    /// The workflow's git worktree. Paths are relative to it, use `/`, and stay beneath it.
    ///
    /// Reading needs the grant `workspace = "read"`, changing `workspace = "write"`; a plugin that only reads
    /// doesn't even import the rest.
    Workspace
}

impl Workspace<'_> {
    /// A file's bytes.
    pub fn read(self, path: &str) -> Result<Vec<u8>> {
        workspace::read(path).map_err(Error::from)
    }

    /// A file's text; one that isn't UTF-8 is [`Error::Invalid`].
    pub fn read_text(self, path: &str) -> Result<String> {
        String::from_utf8(self.read(path)?)
            .map_err(|_| Error::Invalid(format!("{path} is not text in UTF-8")))
    }

    /// A file's text, whatever it is: bytes that aren't UTF-8 become `�`.
    pub fn read_lossy(self, path: &str) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.read(path)?).into_owned())
    }

    /// Files that match a glob such as `**/*.rs`, sorted; what git ignores is left out.
    pub fn glob(self, pattern: &str) -> Result<Vec<String>> {
        workspace::glob(pattern).map_err(Error::from)
    }

    /// A unified diff of the worktree, new files included.
    pub fn diff(self, since: Since<'_>) -> Result<String> {
        workspace::diff(since.as_revision()).map_err(Error::from)
    }

    /// Creates or replaces a file, and the folders above it.
    pub fn write(self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        workspace_write::write(path, content.as_ref()).map_err(Error::from)
    }

    /// Removes a file; one that isn't there is no error.
    pub fn remove(self, path: &str) -> Result<()> {
        workspace_write::remove(path).map_err(Error::from)
    }

    /// Commits all that changed to the workflow's branch and gives the commit's id; `None` when nothing did.
    pub fn commit(self, message: &str) -> Result<Option<String>> {
        workspace_write::commit(message).map_err(Error::from)
    }

    /// Keeps the worktree as it is now under the workflow's own ref.
    pub fn checkpoint(self, label: &str) -> Result<Checkpoint> {
        workspace_write::checkpoint(label).map(Checkpoint).map_err(Error::from)
    }

    /// Makes the worktree what it was at a checkpoint; what is found is kept as a checkpoint first.
    pub fn restore(self, checkpoint: &Checkpoint) -> Result<()> {
        workspace_write::restore(&checkpoint.0).map_err(Error::from)
    }
}

/// What a diff is taken against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since<'a> {
    /// The head of the workflow's branch: what is not committed yet.
    Head,
    /// The commit that the workflow began from: all that it did.
    Base,
    /// A commit, or a [`Checkpoint`]'s id.
    Revision(&'a str),
}

impl<'a> Since<'a> {
    fn as_revision(self) -> Option<&'a str> {
        match self {
            Self::Head => None,
            Self::Base => Some("base"),
            Self::Revision(revision) => Some(revision),
        }
    }
}

/// The worktree as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint(String);

impl Checkpoint {
    /// Its name, to keep in [`State`](crate::State) for a later attempt.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// From a name that was kept.
impl From<String> for Checkpoint {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
