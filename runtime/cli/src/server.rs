//! A server within this process: `adw serve` is one, and commands start one where there is none.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use adw_agents::supervisor::Supervisor;
use adw_config::{Config, Listen, StoreConfig};
use adw_core::{AdwId, Status};
use adw_engine::{Engine, Options, Programs, Reread};
use adw_store::sqlite::{self, SqliteStore};
use adw_store::{Filter, Pagination, Store, StoreError};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::client::Client;
use crate::failure::Failure;
use crate::holder::Holder;
use crate::occupant::{self, Occupant};
use crate::supervise;
use crate::whereabouts::{Stay, Told, Whereabouts};

/// A server that listens.
pub(crate) struct Server {
    engine: Engine,
    listener: TcpListener,
    url: String,
    /// None where nobody else is to come.
    whereabouts: Option<Whereabouts>,
    /// What goes with it.
    _scratch: Option<TempDir>,
}

impl Server {
    /// Listens where the configuration says, opens its data, and takes up what an earlier server left. `reread` reads the
    /// configuration anew.
    pub(crate) async fn start(config: Config, reread: Reread, stay: Stay) -> Result<Self, Failure> {
        // Before the address: the other server's is most often the same, and then it is no other program that has it.
        match Occupant::settled(&config, |waiting| tracing::info!("{waiting}")).await? {
            Occupant::Nobody => {}
            Occupant::Server(told) => return Err(in_use(&config.data_dir(), Some(told))),
            Occupant::Unsettled => return Err(in_use(&config.data_dir(), None)),
        }
        // Where another server listens already, its data are not touched.
        let (listener, url) = listen(config.server.listen).await?;
        let data = config.data_dir();
        let store = open(&config.store, &data).await?;
        let whereabouts = Some(Whereabouts::tell(&config, &url, stay));
        let options = Options { reread, ..Options::new(config, data, store, supervisor()) };
        let engine = Engine::start(options).await.map_err(start)?;
        Ok(Self { engine, listener, url, whereabouts, _scratch: None })
    }

    /// One for whoever wants to look at a folder's data: it listens anywhere, and nothing goes on. Where there are none yet, none
    /// are made: nothing is what there is to see.
    pub(crate) async fn at_rest(config: Config) -> Result<Self, Failure> {
        let (listener, url) = listen(Listen::ANY_PORT).await?;
        let StoreConfig::Sqlite { file } = &config.store;
        let failed = |source| Failure::File { what: "make a folder for temporary files".to_owned(), source };
        let scratch = if sqlite::is_there(file) { None } else { Some(tempfile::tempdir().map_err(failed)?) };
        let (store, data) = match &scratch {
            None => (config.store.clone(), config.data_dir()),
            Some(scratch) => {
                let file = StoreConfig::default_file(scratch.path());
                (StoreConfig::Sqlite { file }, scratch.path().to_owned())
            }
        };
        let store = open(&store, &data).await?;
        let engine = Engine::at_rest(Options::new(config, data, store, supervisor())).map_err(start)?;
        Ok(Self { engine, listener, url, whereabouts: None, _scratch: scratch })
    }

    /// Answers one who looks, and ends.
    pub(crate) async fn look<T>(
        self,
        ask: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let client = Client::new(self.url().parse()?)?;
        let (looking, ended) = oneshot::channel::<()>();
        let serving = self.serve(async move {
            // Either way: it is told by letting go of the other half.
            let _ = ended.await;
            Programs::GoOn
        });
        let asking = async {
            let answer = ask(&client).await;
            drop(looking);
            answer
        };
        let (served, answer) = tokio::join!(serving, asking);
        // What was found out stands, however the server ended.
        if let Err(error) = served {
            tracing::warn!(%error, "the data were not closed well");
        }
        answer
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// How many workflows it has to do.
    pub(crate) async fn open_workflows(&self) -> u64 {
        let readiness = self.engine.readiness().await;
        readiness.queued + readiness.running
    }

    /// Which ones those are, as far as they are among the newest few.
    pub(crate) async fn open_workflows_up_to(&self, limit: u32) -> Vec<AdwId> {
        let mut open = Vec::new();
        for status in [Status::Pending, Status::Running] {
            let filter = Filter { status: Some(status), ..Filter::default() };
            let newest = Pagination::Cursor { before: None, limit: limit + 1 };
            // To name them is a courtesy: whoever can't read them soon fails of more.
            let page = self.engine.list(&filter, &newest).await.map(|page| page.items).unwrap_or_default();
            open.extend(page.into_iter().map(|stored| stored.workflow));
        }
        let at_work =
            open.into_iter().filter(|workflow| workflow.waiting.is_none() && workflow.paused.is_none());
        at_work.map(|workflow| workflow.adw_id).collect()
    }

    /// Answers until it is told to stop, and what becomes of programs that are at work then; what runs is interrupted, at no
    /// cost, and the data are closed.
    pub(crate) async fn serve<F>(self, stop: F) -> Result<(), Failure>
    where
        F: Future<Output = Programs> + Send + 'static,
    {
        let (stopping, mut stopped) = oneshot::channel();
        let stop = async move {
            // Nobody listens where there was nothing to be told any more.
            let _ = stopping.send(stop.await);
        };
        let mut serving = pin!(adw_server::serve(self.engine.clone(), self.listener, stop));
        let mut programs = Programs::default();
        let served = tokio::select! {
            served = &mut serving => Some(served),
            told = &mut stopped => {
                programs = told.unwrap_or_default();
                None
            }
            () = tell(&self.engine, self.whereabouts.as_ref()) => None,
        };
        // What comes from now on is for the next server, though it takes a while until this one is gone. And while the
        // data are still ours: the next one tells of itself in the same file.
        drop(self.whereabouts);
        let served = match served {
            Some(served) => served,
            None => serving.await,
        };
        // It may have been told just as it ended.
        self.engine.shutdown(stopped.try_recv().unwrap_or(programs)).await;
        tracing::info!("stopped");
        served.map_err(|error| Failure::Start(error.to_string()))
    }
}

/// Tells which adw.toml is gone by, whenever that is another one.
async fn tell(engine: &Engine, whereabouts: Option<&Whereabouts>) {
    let mut configuration = engine.configuration();
    let mut told = configuration.borrow().sha256.clone();
    while let (Some(whereabouts), Ok(())) = (whereabouts, configuration.changed().await) {
        let sha256 = configuration.borrow_and_update().sha256.clone();
        if sha256 != told {
            whereabouts.write(&sha256);
            told = sha256;
        }
    }
    std::future::pending::<()>().await;
}

/// What runs the programs of calls.
fn supervisor() -> Supervisor {
    Supervisor::this_program([supervise::COMMAND])
}

async fn listen(listen: Listen) -> Result<(TcpListener, String), Failure> {
    let address = listen.addr();
    let taken = |source| {
        let holder = Holder::of_address(address).map(|holder| holder.to_string());
        Failure::Listen { address, source, holder }
    };
    let listener = TcpListener::bind(address).await.map_err(taken)?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

async fn open(store: &StoreConfig, data: &Path) -> Result<Arc<dyn Store>, Failure> {
    let StoreConfig::Sqlite { file } = store;
    let claimed = claim(file, data).await;
    if claimed.is_ok() {
        // A server that was killed told of it, and until this one listens it would be believed.
        Whereabouts::forget(data);
    }
    let opened = async { SqliteStore::open(claimed?).await };
    match opened.await {
        Ok(store) => Ok(Arc::new(store)),
        Err(StoreError::InUse(_)) => Err(in_use(data, Told::by_one_that_answers(data).await)),
        Err(error) => Err(start(error)),
    }
}

/// Claims a database. Who has it and doesn't say where it is is about to let go of it, or to say so: most often somebody
/// else who looks.
async fn claim(file: &Path, data: &Path) -> Result<sqlite::Options, StoreError> {
    let end = Instant::now() + occupant::PATIENCE;
    loop {
        let claimed = sqlite::Options::new(file).claim();
        let is_settled = match &claimed {
            Err(StoreError::InUse(_)) => Told::by_one_that_answers(data).await.is_some(),
            _ => true,
        };
        if is_settled || Instant::now() >= end {
            return claimed;
        }
        sleep(occupant::LOOK).await;
    }
}

fn in_use(data: &Path, told: Option<Told>) -> Failure {
    let data = data.to_owned();
    match told {
        Some(Told { url, .. }) => Failure::InUse { data, url },
        None => Failure::Unsettled { data },
    }
}

fn start(error: impl std::fmt::Display) -> Failure {
    Failure::Start(error.to_string())
}
