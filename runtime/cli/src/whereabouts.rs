//! Where the server that uses a data folder listens, told in a file of it. Only the lock beside the database says
//! whether there is one: the file is read by those who found that held, and means nothing to others.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file's name.
const NAME: &str = "address";

/// An address that is told for as long as this lives.
pub(crate) struct Whereabouts(PathBuf);

impl Whereabouts {
    /// Tells it to whoever finds the folder in use. The caller holds the lock.
    pub(crate) fn tell(data: &Path, url: &str) -> Self {
        let file = data.join(NAME);
        let told = fs::create_dir_all(data).and_then(|()| fs::write(&file, format!("{url}\n")));
        if let Err(error) = told {
            // The server serves all the same; who wants it has to name its address.
            tracing::warn!(%error, "{} could not be written", file.display());
        }
        Self(file)
    }

    /// Takes away what an earlier server told. The caller holds the lock.
    pub(crate) fn forget(data: &Path) {
        drop(Self(data.join(NAME)));
    }

    /// What the server that holds the lock tells of itself; none where it hasn't come to that yet, or stops.
    pub(crate) fn of(data: &Path) -> Option<String> {
        let text = fs::read_to_string(data.join(NAME)).ok()?;
        // Without the end of its line it is only just being written.
        text.strip_suffix('\n').map(str::to_owned)
    }
}

impl Drop for Whereabouts {
    fn drop(&mut self) {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "{} could not be removed", self.0.display());
            }
            _ => {}
        }
    }
}
