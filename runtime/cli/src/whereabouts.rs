//! Where the server that uses a data folder listens, told in a file of it. Only the lock beside the database says
//! whether there is one: the file is read by those who found that held, and means nothing to others.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use adw_config::Config;
use sha2::{Digest as _, Sha256};

use crate::client::{Address, InvalidAddress};

/// The file's name.
const NAME: &str = "address";

/// What is told, for as long as this lives.
pub(crate) struct Whereabouts(PathBuf);

/// What a server tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// Where it listens.
    pub(crate) url: String,
    /// The hash of the adw.toml that it read; none where an earlier version of the command doesn't tell.
    config: Option<String>,
}

impl Whereabouts {
    /// Tells it to whoever finds the folder in use. The caller holds the lock.
    pub(crate) fn tell(config: &Config, url: &str) -> Self {
        let data = config.data_dir();
        let file = data.join(NAME);
        let text = format!("{url}\n{}\n", hash(config));
        let told = fs::create_dir_all(data).and_then(|()| fs::write(&file, text));
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

impl Told {
    /// What the server that holds the lock tells; none where it hasn't come to that yet, or stops.
    pub(crate) fn of(data: &Path) -> Option<Self> {
        let text = fs::read_to_string(data.join(NAME)).ok()?;
        // Without the end of its line it is only just being written.
        let mut lines = text.strip_suffix('\n')?.lines().map(str::to_owned);
        Some(Self { url: lines.next()?, config: lines.next() })
    }

    pub(crate) fn address(&self) -> Result<Address, InvalidAddress> {
        self.url.parse()
    }

    /// What a person should know who has changed adw.toml since.
    pub(crate) fn advice(&self, config: &Config) -> Option<String> {
        let is_another = self.config.as_ref().is_some_and(|served| *served != hash(config));
        is_another.then(|| {
            let url = &self.url;
            format!("adw.toml has changed since the server at {url} started: what is new counts when that was started anew")
        })
    }
}

fn hash(config: &Config) -> String {
    let digest = Sha256::digest(config.text());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
