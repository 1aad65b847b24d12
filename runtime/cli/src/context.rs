//! What every command is given.

use std::path::PathBuf;
use std::time::Duration;

use adw_config::{Config, Env, StoreConfig};
use adw_store::sqlite::is_in_use;
use tokio::time::{Instant, sleep};

use crate::client::{Address, Client};
use crate::failure::Failure;
use crate::output::Output;
use crate::whereabouts::Whereabouts;

/// How long a server may take to start or to stop: requests that are under way are given their time, and so are agents.
const PATIENCE: Duration = Duration::from_secs(15);

/// How often it is looked for meanwhile. Nothing tells when a lock is let go of.
const LOOK: Duration = Duration::from_millis(50);

pub(crate) struct Context {
    /// Where answers go.
    pub(crate) output: Output,
    /// What `--server` says.
    pub(crate) server: Option<String>,
}

impl Context {
    /// The server that somebody named, with `--server` or in ADW_SERVER.
    pub(crate) fn named_server(&self) -> Result<Option<Address>, Failure> {
        let from_environment = || std::env::var("ADW_SERVER").ok().filter(|text| !text.is_empty());
        let named = self.server.clone().or_else(from_environment);
        Ok(named.map(|text| text.parse()).transpose()?)
    }

    /// A client of the server that is meant: the one that was named, else the one that works on the data beside the nearest
    /// adw.toml, else, where there is none, the one at the usual address.
    pub(crate) async fn client(&self) -> Result<Client, Failure> {
        let address = match self.named_server()? {
            Some(address) => address,
            None => match find_config()? {
                Some(file) => self.of_folder(&Config::load(&file, &Env::of_process())?).await?,
                None => Address::default(),
            },
        };
        Ok(Client::new(address)?)
    }

    /// The server that works on this configuration's data, wherever it listens. Where adw.toml says that it does, that
    /// of another repository may listen: it must not be handed what is meant for this one. So one that is starting or
    /// stopping is waited for.
    async fn of_folder(&self, config: &Config) -> Result<Address, Failure> {
        if let Some(address) = told(config)? {
            return Ok(address);
        }
        let progress = self.output.progress();
        progress.step("a server is starting or stopping for this folder: waiting for it".to_owned());
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            sleep(LOOK).await;
            if let Some(address) = told(config)? {
                return Ok(address);
            }
        }
        Err(Failure::Unsettled { data: config.data_dir() })
    }
}

/// Where the server that holds the data says that it listens; none where it doesn't say so yet, or any more.
fn told(config: &Config) -> Result<Option<Address>, Failure> {
    let StoreConfig::Sqlite { file } = &config.store;
    let data = config.data_dir();
    if !is_in_use(file).map_err(|error| Failure::Start(error.to_string()))? {
        return Err(Failure::NoServer { data });
    }
    Ok(Whereabouts::of(&data).map(|url| url.parse()).transpose()?)
}

/// The configuration that is meant: the one that was named, else the nearest.
pub(crate) fn config_file(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    match named.map_or_else(find_config, |file| Ok(Some(file)))? {
        Some(file) => Ok(file),
        None => Err(Failure::NoConfig { start: working_directory()? }),
    }
}

/// The nearest adw.toml, from the working directory upwards.
fn find_config() -> Result<Option<PathBuf>, Failure> {
    Ok(Config::find(&working_directory()?))
}

pub(crate) fn working_directory() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|source| Failure::Usage {
        message: format!("the folder that you are in can't be found: {source}"),
        help: "it may have been removed; go to one that is there".to_owned(),
    })
}
