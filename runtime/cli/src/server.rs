//! A server within this process: `adw serve` is one, and `adw run` starts one where there is none.

use std::path::Path;
use std::sync::Arc;

use adw_config::{Config, StoreConfig};
use adw_engine::{Engine, Options};
use adw_store::sqlite::{self, SqliteStore};
use adw_store::{Store, StoreError};
use tokio::net::TcpListener;

use crate::failure::Failure;
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
        let engine = Engine::start(Options::new(config, data, store))
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

    /// Answers until it is told to stop; then what runs is interrupted, at no cost, and the data are closed.
    pub(crate) async fn serve<F>(self, stop: F) -> Result<(), Failure>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let served = adw_server::serve(self.engine.clone(), self.listener, stop).await;
        // While the data are still ours: the next server tells of itself in the same file.
        drop(self.whereabouts);
        self.engine.shutdown().await;
        tracing::info!("stopped");
        served.map_err(|error| Failure::Start(error.to_string()))
    }
}

async fn open(store: &StoreConfig, data: &Path) -> Result<Arc<dyn Store>, Failure> {
    let StoreConfig::Sqlite { file } = store;
    match SqliteStore::open(file).await {
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
    Failure::InUse { data: data.to_owned(), url: Whereabouts::of(data) }
}
