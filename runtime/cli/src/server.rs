//! A server within this process: `adw serve` is one, and `adw run` starts one where there is none.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use adw_agents::supervisor::Supervisor;
use adw_config::{Config, StoreConfig};
use adw_engine::{Engine, Options, Programs};
use adw_store::sqlite::{self, SqliteStore};
use adw_store::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::supervise;
use crate::whereabouts::Whereabouts;

/// A server that listens, with the workflows of its data folder under way.
pub(crate) struct Server {
    engine: Engine,
    listener: TcpListener,
    url: String,
    whereabouts: Whereabouts,
}

impl Server {
    /// Listens where the configuration says, opens its data, and takes up what an earlier server left.
    pub(crate) async fn start(config: Config) -> Result<Self, Failure> {
        // Before the address: the other server's is most often the same, and then it is no other program that has it.
        if is_in_use(&config.store).map_err(|error| Failure::Start(error.to_string()))? {
            return Err(in_use(&config.data_dir()));
        }
        // Where another server listens already, its data are not touched.
        let address = config.server.listen.addr();
        let listener =
            TcpListener::bind(address).await.map_err(|source| Failure::Listen { address, source })?;
        let url = format!("http://{}", listener.local_addr()?);
        let data = config.data_dir();
        let store = open(&config.store, &data).await?;
        let whereabouts = Whereabouts::tell(&data, &url);
        let supervisor = Supervisor::this_program([supervise::COMMAND]);
        let engine = Engine::start(Options::new(config, data, store, supervisor))
            .await
            .map_err(|error| Failure::Start(error.to_string()))?;
        Ok(Self { engine, listener, url, whereabouts })
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How many workflows it has to do.
    pub(crate) async fn open_workflows(&self) -> u64 {
        let readiness = self.engine.readiness().await;
        readiness.queued + readiness.running
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
        let mut whereabouts = Some(self.whereabouts);
        let (served, programs) = tokio::select! {
            served = &mut serving => (served, stopped.try_recv().unwrap_or_default()),
            // What comes from now on is for the next server, though it takes a while until this one is gone.
            programs = &mut stopped => {
                whereabouts = None;
                (serving.await, programs.unwrap_or_default())
            }
        };
        // While the data are still ours: the next server tells of itself in the same file.
        drop(whereabouts);
        self.engine.shutdown(programs).await;
        tracing::info!("stopped");
        served.map_err(|error| Failure::Start(error.to_string()))
    }
}

async fn open(store: &StoreConfig, data: &Path) -> Result<Arc<dyn Store>, Failure> {
    let StoreConfig::Sqlite { file } = store;
    let claimed = sqlite::Options::new(file).claim();
    if claimed.is_ok() {
        // A server that was killed told of it, and until this one listens it would be believed.
        Whereabouts::forget(data);
    }
    let opened = async { SqliteStore::open(claimed?).await };
    match opened.await {
        Ok(store) => Ok(Arc::new(store)),
        Err(StoreError::InUse(_)) => Err(in_use(data)),
        Err(error) => Err(Failure::Start(error.to_string())),
    }
}

fn is_in_use(store: &StoreConfig) -> Result<bool, StoreError> {
    let StoreConfig::Sqlite { file } = store;
    sqlite::is_in_use(file)
}

fn in_use(data: &Path) -> Failure {
    let data = data.to_owned();
    match Whereabouts::of(&data) {
        Some(url) => Failure::InUse { data, url },
        None => Failure::Unsettled { data },
    }
}
