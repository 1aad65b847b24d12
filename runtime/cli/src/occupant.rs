//! Who works on a folder's data.

use std::time::Duration;

use adw_config::{Config, StoreConfig};
use adw_store::sqlite::is_in_use;
use tokio::time::{Instant, sleep};

use crate::failure::Failure;
use crate::whereabouts::Told;

/// How long a server may take to start or to stop: requests that are under way are given their time, and so are agents.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// How often it is looked for meanwhile. Nothing tells when a lock is let go of.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// Who works on them now.
#[derive(Debug)]
pub(crate) enum Occupant {
    Nobody,
    Server(Told),
    /// One that doesn't say where it is yet, or any more.
    Unsettled,
}

impl Occupant {
    async fn of(config: &Config) -> Result<Self, Failure> {
        let StoreConfig::Sqlite { file } = &config.store;
        if !is_in_use(file).map_err(|error| Failure::Start(error.to_string()))? {
            return Ok(Self::Nobody);
        }
        Ok(Told::by_one_that_answers(&config.data_dir()).await.map_or(Self::Unsettled, Self::Server))
    }

    /// Waits, after saying so, while one is starting or stopping; unsettled is then only who takes too long.
    pub(crate) async fn settled(config: &Config, say: impl FnOnce(String)) -> Result<Self, Failure> {
        let mut say = Some(say);
        let end = Instant::now() + PATIENCE;
        loop {
            match Self::of(config).await? {
                Self::Unsettled if Instant::now() < end => {}
                occupant => return Ok(occupant),
            }
            if let Some(say) = say.take() {
                say("a server is starting or stopping for this folder: waiting for it".to_owned());
            }
            sleep(LOOK).await;
        }
    }
}
