//! What every command is given.

use std::path::PathBuf;

use adw_config::{Config, Env};

use crate::client::{Address, Client};
use crate::failure::Failure;
use crate::output::Output;

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

    /// A client of the server that is meant: the one that was named, else that of the nearest adw.toml, else the one at
    /// the usual address.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let address = match self.named_server()? {
            Some(address) => address,
            None => match find_config()? {
                Some(file) => Address::of_listener(Config::load(&file, &Env::of_process())?.server.listen)?,
                None => Address::default(),
            },
        };
        Ok(Client::new(address)?)
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
