//! Which adw.toml the server goes by, and how it is read anew while the server runs.
//!
//! A reading is gone by whole or not at all: one that is wrong leaves everything as it was, and says why. Workflows that
//! were taken before stay with what they are pinned to, until one that has failed is retried.

use std::{fmt::Write as _, sync::Arc};

use adw_config::{Config, ConfigErrors, ConfigWarning};
use adw_core::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, watch};

use crate::{StartError, catalog::Catalog, clock::Clock, served::Served, warnings};

/// Reads adw.toml and the environment. May block.
pub type Reread = Arc<dyn Fn() -> Result<Config, ConfigErrors> + Send + Sync>;

/// Which adw.toml is gone by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The sha256 of its text.
    pub sha256: String,
    /// Since when it is.
    pub since: Timestamp,
    /// What it says otherwise than the one that the server started with, and that counts at the next start only.
    pub at_next_start: Vec<&'static str>,
    /// What its stages would fail of as they stand, in the order of the file.
    pub warnings: Vec<ConfigWarning>,
    /// The newest reading, where that could not be gone by.
    pub refused: Option<RefusedConfiguration>,
}

/// A reading of adw.toml that was not gone by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .errors.join("\n\n"))]
pub struct RefusedConfiguration {
    /// When.
    pub at: Timestamp,
    /// What is wrong; each names its place in the file and what helps.
    pub errors: Vec<String>,
}

/// The sha256 of a configuration's text, as [`Configuration`] has it.
pub fn configuration_sha256(config: &Config) -> String {
    Sha256::digest(config.text()).iter().fold(String::new(), |mut hash, byte| {
        // Writing to a String can't fail.
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

/// The readings of adw.toml, one after another.
pub(crate) struct Readings {
    reread: Reread,
    started_with: Arc<Config>,
    told: watch::Sender<Arc<Configuration>>,
    /// Held while one is taken up.
    turn: Mutex<()>,
}

impl Readings {
    pub(crate) fn new(served: &Served, reread: Reread, since: Timestamp) -> Self {
        let first = Configuration {
            sha256: configuration_sha256(&served.config),
            since,
            at_next_start: Vec::new(),
            warnings: in_all(served),
            refused: None,
        };
        Self {
            reread,
            started_with: Arc::clone(&served.config),
            told: watch::Sender::new(Arc::new(first)),
            turn: Mutex::default(),
        }
    }

    /// The present state, and every change of it.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<Configuration>> {
        self.told.subscribe()
    }

    /// The present state, as whoever asks for it finds it. That adw.toml can't be read is seen by reading it: nobody tells
    /// that it is gone, since it may be so for as long as somebody takes to write it anew.
    pub(crate) async fn look(&self, clock: &dyn Clock) -> Arc<Configuration> {
        let present = Arc::clone(&self.told.borrow());
        match self.read().await {
            Err(errors) if present.refused.is_none() => {
                let refused = Some(RefusedConfiguration { at: clock.now(), errors });
                Arc::new(Configuration { refused, ..Configuration::clone(&present) })
            }
            _ => present,
        }
    }

    /// Reads adw.toml anew, and goes by it where nothing is wrong with it.
    pub(crate) async fn reload(
        &self,
        catalog: &Catalog,
        clock: &dyn Clock,
    ) -> Result<Arc<Configuration>, RefusedConfiguration> {
        let _turn = self.turn.lock().await;
        let taken = self.take_up(catalog).await;
        let at = clock.now();
        let present = Arc::clone(&self.told.borrow());
        let told = match taken {
            Ok(served) => {
                let sha256 = configuration_sha256(&served.config);
                tracing::info!(sha256, "goes by adw.toml as it is now");
                let warnings = in_all(&served);
                warnings::tell(&warnings);
                let at_next_start = self.at_next_start(&served.config);
                Configuration { sha256, since: at, at_next_start, warnings, refused: None }
            }
            Err(errors) => {
                let refused = RefusedConfiguration { at, errors };
                tracing::warn!("adw.toml as it is now is not gone by, the one before stays:\n{refused}");
                Configuration { refused: Some(refused), ..Configuration::clone(&present) }
            }
        };
        let told = Arc::new(told);
        self.told.send_replace(Arc::clone(&told));
        match &told.refused {
            Some(refused) => Err(refused.clone()),
            None => Ok(told),
        }
    }

    async fn read(&self) -> Result<Config, Vec<String>> {
        let reread = Arc::clone(&self.reread);
        let read = tokio::task::spawn_blocking(move || reread()).await;
        let read = read.map_err(|error| vec![format!("reading it was broken off: {error}")])?;
        read.map_err(|errors| errors.iter().map(|error| format!("{error:#}")).collect())
    }

    async fn take_up(&self, catalog: &Catalog) -> Result<Arc<Served>, Vec<String>> {
        let config = self.read().await?;
        // Most often it is just being written.
        if let Some(error) = config.without_stages() {
            return Err(vec![format!("{error:#}")]);
        }
        match catalog.replace(Arc::new(config)).await {
            Ok(served) => Ok(served),
            Err(StartError::Plugins(wrong)) => Err(wrong.iter().map(|error| format!("{error:#}")).collect()),
            Err(error) => Err(vec![error.to_string()]),
        }
    }

    fn at_next_start(&self, config: &Config) -> Vec<&'static str> {
        let before = &self.started_with;
        [
            ("server", before.server != config.server),
            ("store", before.store != config.store),
            (
                "limits.concurrent_workflows",
                before.limits.concurrent_workflows != config.limits.concurrent_workflows,
            ),
        ]
        .into_iter()
        .filter_map(|(key, is_another)| is_another.then_some(key))
        .collect()
    }
}

/// What is known of a reading from its plugins, and from the programs that are there by now.
fn in_all(served: &Served) -> Vec<ConfigWarning> {
    let of_agents = warnings::of_agents(&served.config);
    ConfigWarning::in_order(served.warnings.iter().cloned().chain(of_agents).collect())
}
