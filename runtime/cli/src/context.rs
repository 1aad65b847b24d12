//! What every command is given.

use std::path::PathBuf;

use adw_config::{Config, Env, StoreConfig};

use crate::client::{Address, Client};
use crate::failure::Failure;
use crate::occupant::Occupant;
use crate::output::Output;
use crate::server::Server;

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

    /// A client of the server that is meant: the one that was named, else the one that works on the data beside the
    /// nearest adw.toml. Whoever else listens at the usual address is another folder's, and nobody meant that.
    pub(crate) async fn client(&self) -> Result<Client, Failure> {
        match self.named_server()? {
            Some(address) => Ok(Client::new(address)?),
            None => self.of_folder(&folders_config()?).await,
        }
    }

    /// Asks to look only. The server that is meant is asked; where none works on the folder's data, they are looked at
    /// by one within this process, which does nothing but answer.
    pub(crate) async fn look<T>(
        &self,
        ask: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if let Some(address) = self.named_server()? {
            return ask(&Client::new(address)?).await;
        }
        let config = folders_config()?;
        match self.of_folder(&config).await {
            Err(Failure::NoServer { .. }) if has_data(&config) => {
                Server::at_rest(config).await?.look(ask).await
            }
            client => ask(&client?).await,
        }
    }

    /// A client of the server that works on this configuration's data, wherever it listens. Where adw.toml says that it
    /// does, that of another folder may listen: it must not be handed what is meant for this one.
    async fn of_folder(&self, config: &Config) -> Result<Client, Failure> {
        let mut progress = None;
        let wait = |said| progress.insert(self.output.progress()).step(said);
        let occupant = Occupant::settled(config, wait).await?;
        drop(progress);
        match occupant {
            Occupant::Server(told) => {
                let client = Client::new(told.address()?)?;
                if told.goes_by_another(config)
                    && let Some(refused) = client.takes_up_its_configuration().await
                {
                    self.output.note(refused);
                }
                Ok(client)
            }
            Occupant::Nobody => Err(Failure::NoServer { data: config.data_dir() }),
            Occupant::Unsettled => Err(Failure::Unsettled { data: config.data_dir() }),
        }
    }
}

/// Whether a server ever worked here.
fn has_data(config: &Config) -> bool {
    let StoreConfig::Sqlite { file } = &config.store;
    file.exists()
}

/// The configuration of the folder that the command is called in.
pub(crate) fn folders_config() -> Result<Config, Failure> {
    let Some(file) = find_config()? else { return Err(Failure::Nowhere { start: working_directory()? }) };
    Ok(Config::load(&file, &Env::of_process())?)
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
