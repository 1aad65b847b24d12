//! What every command is given.

use std::path::{Path, PathBuf};
use std::time::Duration;

use adw_config::{Config, ConfigErrors, Env, Reading, StoreConfig};
use adw_core::AdwId;
use adw_store::sqlite::is_in_use;
use tokio::time::{Instant, sleep};

use crate::client::{Address, Client, Workflow};
use crate::failure::Failure;
use crate::occupant::{self, Occupant};
use crate::output::Output;
use crate::server::Server;
use crate::whereabouts::{Stay, Told};

/// How long a server may take from when it is called until it has the lock beside its data: until then nothing tells of it.
const BEGINNING: Duration = Duration::from_millis(500);

/// What was seen by one who looks.
pub(crate) struct Seen<T> {
    pub(crate) it: T,
    /// Where no server is there.
    pub(crate) rest: Option<Rest>,
}

/// No server is there, and no stage goes on.
pub(crate) struct Rest {
    /// The workflows that have an agent or a command at work all the same: those outlive their server.
    at_work: Vec<AdwId>,
}

impl Rest {
    async fn of(server: &Server) -> Self {
        // To tell of them is a courtesy: whoever can't read them soon fails of more.
        Self { at_work: server.engine().at_work().await.unwrap_or_default() }
    }

    /// What a person should know who looks at these, and takes them to be under way, or to lie still.
    pub(crate) fn note(&self, seen: &[&Workflow]) -> Option<String> {
        let is_at_work = |workflow: &&&Workflow| self.at_work.contains(&workflow.adw_id);
        let at_work: Vec<&str> =
            seen.iter().filter(is_at_work).map(|workflow| workflow.adw_id.as_str()).collect();
        if at_work.is_empty() {
            let goes_on_later = seen.iter().any(|workflow| workflow.needs_a_server());
            return goes_on_later
                .then(|| "no server is running: no stage goes on until `adw serve`".to_owned());
        }
        let programs = if at_work.len() == 1 { "an agent or command" } else { "agents or commands" };
        let verb = if at_work.len() == 1 { "is" } else { "are" };
        Some(format!(
            "no server is running: no stage goes on until `adw serve`, but {programs} of {} {verb} still at work",
            at_work.join(", ")
        ))
    }
}

pub(crate) struct Context {
    /// Where answers go.
    pub(crate) output: Output,
    /// What `--server` says.
    pub(crate) server: Option<String>,
    pub(crate) outdated: Outdated,
}

/// What becomes of a command whose server goes by adw.toml as it was before, since it is wrong now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outdated {
    /// Its person is told, and it is asked.
    Told,
    /// The same, and the command tells of it by itself.
    Untold,
    /// It is not asked: what is wrong may be just what the command is to go by.
    Refused,
}

impl Context {
    /// The server that somebody named, with `--server` or in ADW_SERVER.
    pub(crate) fn named_server(&self) -> Result<Option<Address>, Failure> {
        let from_environment = || std::env::var("ADW_SERVER").ok().filter(|text| !text.is_empty());
        let named = self.server.clone().or_else(from_environment);
        Ok(named.map(|text| text.parse()).transpose()?)
    }

    /// A client of the server that is meant: the one that was named, else the one that works on the data beside the
    /// nearest adw.toml. Whoever else listens at the usual address is another folder's, and nobody meant that. One that was
    /// called just before, as by `adw serve & adw retry …`, is waited for.
    pub(crate) async fn client(&self) -> Result<Client, Failure> {
        Ok(self.server_at_last().await?.0)
    }

    /// The same of one that is to go on with something that nobody follows.
    pub(crate) async fn client_to_leave_it_to(&self) -> Result<Client, Failure> {
        match self.client().await {
            Err(Failure::NoServer { data }) => Err(Failure::NobodyToGoOn { data }),
            client => client,
        }
    }

    /// The same as [`Context::client`], and how long that server is there.
    pub(crate) async fn server_at_last(&self) -> Result<(Client, Stay), Failure> {
        let end = Instant::now() + BEGINNING;
        loop {
            match self.server().await {
                Err(Failure::NoServer { .. }) if Instant::now() < end => sleep(occupant::LOOK).await,
                server => return server,
            }
        }
    }

    /// The server that is there now, and for how long.
    pub(crate) async fn server(&self) -> Result<(Client, Stay), Failure> {
        match self.named_server()? {
            Some(address) => Ok((Client::new(address)?, Stay::UntilStopped)),
            None => match folders_config() {
                Err(Failure::Config(errors)) => self.in_spite_of(errors).await,
                config => self.of_folder(&config?).await,
            },
        }
    }

    /// Asks to look only. The server that is meant is asked; where none works on the folder's data, they are looked at
    /// by one within this process, which does nothing but answer.
    pub(crate) async fn look<T>(
        &self,
        ask: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
    ) -> Result<Seen<T>, Failure> {
        let client = match self.server().await {
            Err(Failure::NoServer { .. }) => {
                return at_rest(Server::at_rest(folders_config()?).await?, ask).await;
            }
            Err(Failure::Config(errors)) => {
                return at_rest(self.at_rest_in_spite_of(errors).await?, ask).await;
            }
            server => server?.0,
        };
        Ok(Seen { it: ask(&client).await?, rest: None })
    }

    /// Asks for something that lets nothing go on. The server that is meant does it; where none works on the folder's data,
    /// it is decided on them within this process.
    pub(crate) async fn decide<T>(
        &self,
        adw_id: &AdwId,
        ask: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let server = match self.client().await {
            Err(Failure::NoServer { .. }) => Server::at_rest(folders_config()?).await?,
            client => return ask(&client?).await,
        };
        let engine = server.engine().clone();
        let deciding = async |client: &Client| {
            let decided = ask(client).await?;
            // Nobody runs it who would do so.
            engine.put_away(adw_id).await;
            Ok(decided)
        };
        server.look(deciding).await
    }

    /// The server of a folder whose adw.toml is wrong: it goes by the one before, and to look or to cancel takes no other.
    async fn in_spite_of(&self, errors: ConfigErrors) -> Result<(Client, Stay), Failure> {
        let server = match find_config()? {
            Some(file) => server_of(&file).await,
            None => None,
        };
        let (Some((client, stay)), Some(first)) = (server, errors.iter().next()) else {
            return Err(errors.into());
        };
        match self.outdated {
            Outdated::Refused => return Err(Failure::Outdated { wrong: errors.to_string() }),
            Outdated::Untold => return Ok((client, stay)),
            Outdated::Told => {}
        }
        self.output.note(format_args!(
            "{} is wrong: {}; the server at {} goes by adw.toml as it was before, and `adw check` says all that is wrong",
            first.location,
            first.message,
            client.address()
        ));
        Ok((client, stay))
    }

    /// One who looks at the data beside an adw.toml that is wrong, where there are any.
    async fn at_rest_in_spite_of(&self, errors: ConfigErrors) -> Result<Server, Failure> {
        let Some(config) = find_config()?.and_then(|file| beside_what_is_wrong(&file)) else {
            return Err(errors.into());
        };
        let data = config.data_dir();
        let server = Server::at_rest(config).await;
        let (Ok(server), Some(first)) = (server, errors.iter().next()) else { return Err(errors.into()) };
        self.output.note(format_args!(
            "{} is wrong: {}; these are the data in {}, and `adw check` says all that is wrong",
            first.location,
            first.message,
            data.display()
        ));
        Ok(server)
    }

    /// A client of the server that works on this configuration's data, wherever it listens. Where adw.toml says that it
    /// does, that of another folder may listen: it must not be handed what is meant for this one.
    async fn of_folder(&self, config: &Config) -> Result<(Client, Stay), Failure> {
        let mut progress = None;
        let wait = |said| progress.insert(self.output.progress()).step(said);
        let occupant = Occupant::settled(config, wait).await?;
        drop(progress);
        match occupant {
            Occupant::Server(told) => {
                let client = Client::new(told.address()?)?;
                if self.outdated != Outdated::Untold
                    && told.goes_by_another(config)
                    && let Some(refused) = client.reload().await.err()
                {
                    if self.outdated == Outdated::Refused && refused.is_refusal() {
                        return Err(Failure::Outdated { wrong: refused.to_string() });
                    }
                    self.output.note(format_args!(
                        "the server at {} goes by adw.toml as it was before: {refused}",
                        client.address()
                    ));
                }
                Ok((client, told.stay))
            }
            Occupant::Nobody => Err(Failure::NoServer { data: config.data_dir() }),
            Occupant::Unsettled => Err(Failure::Unsettled { data: config.data_dir() }),
        }
    }
}

/// Asks one that does nothing but answer.
async fn at_rest<T>(
    server: Server,
    ask: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
) -> Result<Seen<T>, Failure> {
    let rest = Rest::of(&server).await;
    Ok(Seen { it: server.look(ask).await?, rest: Some(rest) })
}

/// The server that works on the data beside an adw.toml that can't be read, if there is one. Where those are is guessed:
/// an address that a killed server left may be another folder's by now.
async fn server_of(file: &Path) -> Option<(Client, Stay)> {
    let told = Told::of(&Config::data_dir_of(file))?;
    let database = StoreConfig::default_file(file.parent()?);
    if database.exists() && !is_in_use(&database).is_ok_and(|is_in_use| is_in_use) {
        return None;
    }
    let client = Client::new(told.address().ok()?).ok()?;
    let configuration = client.configuration().await.ok()?.view;
    told.goes_by(&configuration.sha256).then_some((client, told.stay))
}

/// What tells where the data are beside an adw.toml that is wrong: what of it can be read, else what holds without a word
/// in it. None where there are none.
fn beside_what_is_wrong(file: &Path) -> Option<Config> {
    let env = Env::of_process();
    let config = match Config::read(file, &env) {
        Reading::Right(config) | Reading::Wrong { legible: Some(config), .. } => config,
        Reading::Wrong { legible: None, .. } => Config::parse("", "adw.toml", file.parent()?, &env).ok()?,
    };
    let StoreConfig::Sqlite { file } = &config.store;
    file.exists().then_some(config)
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
