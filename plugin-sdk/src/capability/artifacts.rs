//! Named results that a person can fetch.

use crate::capability::handle;
use crate::imports::artifacts;
use crate::{Error, Result};

handle! {
    /// Named results of the workflow that a person can fetch: reports, logs, pictures.
    Artifacts
}

impl Artifacts<'_> {
    /// Keeps a result of at most 16 MiB under a name and gives its sha256, in hex.
    pub fn put(self, name: &str, media_type: &str, content: impl AsRef<[u8]>) -> Result<String> {
        artifacts::put(name, media_type, content.as_ref()).map_err(Error::from)
    }

    /// What this workflow keeps under a name, if anything.
    pub fn get(self, name: &str) -> Result<Option<Vec<u8>>> {
        artifacts::get(name).map_err(Error::from)
    }
}
