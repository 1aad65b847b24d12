//! What every command is given.

use std::path::PathBuf;

use adw_config::{Config, Env, StoreConfig};
use adw_store::sqlite::is_in_use;

use crate::client::{Address, Client};
use crate::failure::Failure;
use crate::output::Output;
use crate::whereabouts::Whereabouts;

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
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let address = match self.named_server()? {
            Some(address) => address,
            None => match find_config()? {
                Some(file) => of_folder(&Config::load(&file, &Env::of_process())?)?,
                None => Address::default(),
            },
        };
        Ok(Client::new(address)?)
    }
}

/// The server that works on this configuration's data, wherever it listens. Where adw.toml says that it does, that of
/// another repository may listen: it must not be handed what is meant for this one.
fn of_folder(config: &Config) -> Result<Address, Failure> {
    let StoreConfig::Sqlite { file } = &config.store;
    let data = config.data_dir();
    if !is_in_use(file).map_err(|error| Failure::Start(error.to_string()))? {
        return Err(Failure::NoServer { data });
    }
    match Whereabouts::of(&data) {
        Some(url) => Ok(url.parse()?),
        // It is only just starting.
        None => Ok(Address::of_listener(config.server.listen)?),
    }
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
