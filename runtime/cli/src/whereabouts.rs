//! Where the server that uses a data folder listens, told in a file of it. Only the lock beside the database says
//! whether there is one: the file is read by those who found that held, and means nothing to others.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use adw_config::Config;
use adw_engine::configuration_sha256;
use tokio::time::timeout;

use crate::client::{Address, Client, InvalidAddress, RequestError};

/// The file's name.
const NAME: &str = "address";

/// A connection to one that was killed is refused, or reset when the child executes its program, long before.
const LONGEST_ANSWER: Duration = Duration::from_secs(1);

/// The line of a server that was started for a task.
const FOR_A_TASK: &str = "for a task";

/// How long a server is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stay {
    /// Until somebody stops it; when it is gone it may be restarting.
    UntilStopped,
    /// Until the task has ended that it was started for.
    ForATask,
}

/// What is told, for as long as this lives.
pub(crate) struct Whereabouts {
    file: PathBuf,
    url: String,
    stay: Stay,
}

/// What a server tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// Where it listens.
    pub(crate) url: String,
    /// The sha256 of the adw.toml that it goes by; none where an earlier version of the command doesn't tell.
    configuration: Option<String>,
    pub(crate) stay: Stay,
}

impl Whereabouts {
    /// Tells it to whoever finds the folder in use. The caller holds the lock.
    pub(crate) fn tell(config: &Config, url: &str, stay: Stay) -> Self {
        let told = Self { file: config.data_dir().join(NAME), url: url.to_owned(), stay };
        told.write(&configuration_sha256(config));
        told
    }

    /// Tells that another adw.toml is gone by.
    pub(crate) fn write(&self, configuration: &str) {
        let Self { file, url, stay } = self;
        let stay = match stay {
            Stay::UntilStopped => String::new(),
            Stay::ForATask => format!("{FOR_A_TASK}\n"),
        };
        let unfinished = file.with_extension("new");
        let told = (|| {
            file.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(&unfinished, format!("{url}\n{configuration}\n{stay}"))?;
            fs::rename(&unfinished, file)
        })();
        if let Err(error) = told {
            // The server serves all the same; who wants it has to name its address.
            tracing::warn!(%error, "{} could not be written", file.display());
        }
    }

    /// Takes away what an earlier server told. The caller holds the lock.
    pub(crate) fn forget(data: &Path) {
        drop(Self { file: data.join(NAME), url: String::new(), stay: Stay::UntilStopped });
    }
}

impl Drop for Whereabouts {
    fn drop(&mut self) {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "{} could not be removed", self.file.display());
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
        let (url, configuration) = (lines.next()?, lines.next());
        let is_for_a_task = lines.next().is_some_and(|line| line == FOR_A_TASK);
        Some(Self {
            url,
            configuration,
            stay: if is_for_a_task { Stay::ForATask } else { Stay::UntilStopped },
        })
    }

    /// The same, but for what one has left that was killed. A child that it was just starting has its lock, and its
    /// listener too, until it executes its program: so it is asked for an answer.
    pub(crate) async fn by_one_that_answers(data: &Path) -> Option<Self> {
        let told = Self::of(data)?;
        let asked = async { Client::new(told.address().ok()?).ok()?.health().await.err() };
        match timeout(LONGEST_ANSWER, asked).await {
            Ok(Some(RequestError::Unreachable { .. })) => None,
            // One that has much to do is there all the same, and listens.
            _ => Some(told),
        }
    }

    pub(crate) fn address(&self) -> Result<Address, InvalidAddress> {
        self.url.parse()
    }

    /// Whether it goes by the adw.toml of this sha256; not where it doesn't tell.
    pub(crate) fn goes_by(&self, sha256: &str) -> bool {
        self.configuration.as_deref() == Some(sha256)
    }

    /// Whether it goes by another adw.toml than this.
    pub(crate) fn goes_by_another(&self, config: &Config) -> bool {
        self.configuration.as_ref().is_some_and(|told| *told != configuration_sha256(config))
    }
}
