//! The host: loads plugins and runs them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adw_core::Limits;
use async_trait::async_trait;
use tokio::sync::{OnceCell, Semaphore, mpsc};
use tokio::task::JoinSet;
use wasmtime::component::Component;

use crate::bindings::StagePre;
use crate::cache::Cache;
use crate::call::{Answer, Call, CallError, Reply};
use crate::digest::Sha256;
use crate::effects::{Effects, Stop};
use crate::engine::Engines;
use crate::guest::{Ask, Guest};
use crate::limiter::MemoryLimiter;
use crate::load::{self, LoadError};
use crate::plugin::{Loaded, Plugin, PluginName};
use crate::run::{self, Ran, Run, Usage};
use crate::stage::Description;
use crate::threads::{GuestThreads, Progress};
use crate::ticker::Ticker;
use crate::trouble::RunError;

/// How a host is set up.
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// Where compiled plugins are kept: a folder of its own.
    pub cache_dir: PathBuf,
    /// How many guests may be alive at once, those that wait for an answer included; others queue.
    pub slots: u32,
    /// How many threads guests begin on, and how many those go on that take long.
    pub threads: usize,
    /// How long compiling a plugin may take.
    pub compile_timeout: Duration,
}

impl HostConfig {
    /// The usual set-up: 256 guests, on as many threads as there are processors, but no fewer than two and no more
    /// than eight.
    pub fn new(cache_dir: impl Into<PathBuf>) -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            cache_dir: cache_dir.into(),
            slots: 256,
            threads: processors.clamp(2, 8),
            compile_timeout: Duration::from_mins(1),
        }
    }
}

/// Why a host can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The cache can't be used.
    #[error("the folder {} for compiled plugins can't be used: {error}; make it writable for the user that adw runs as", folder.display())]
    Cache {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// A thread could not be started.
    #[error("threads for plugins can't be started: {0}")]
    Threads(std::io::Error),
    /// wasmtime can't work here.
    #[error("WebAssembly can't be run on this machine: {0}")]
    Engine(String),
}

/// Loads plugins and runs them, on threads of their own: what spins there slows nothing else.
pub struct Host {
    engines: Arc<Engines>,
    cache: Arc<Cache>,
    plugins: Mutex<HashMap<Sha256, Arc<OnceCell<Plugin>>>>,
    slots: Arc<Semaphore>,
    ticker: Ticker,
    threads: GuestThreads,
    /// One at a time: each has the machine to itself, and its own time.
    compiling: Arc<Semaphore>,
    compile_timeout: Duration,
}

impl Host {
    /// Sets up wasmtime, the cache and the threads.
    pub fn new(config: HostConfig) -> Result<Self, HostError> {
        let HostConfig { cache_dir, slots, threads, compile_timeout } = config;
        let slots = slots.max(1);
        let engines = Engines::new(slots).map_err(|error| HostError::Engine(format!("{error:#}")))?;
        let cache = Cache::open(&cache_dir, &engines.on_demand)
            .map_err(|error| HostError::Cache { folder: cache_dir, error })?;
        Ok(Self {
            ticker: Ticker::start(&engines.all()).map_err(HostError::Threads)?,
            engines: Arc::new(engines),
            cache: Arc::new(cache),
            plugins: Mutex::default(),
            slots: Arc::new(Semaphore::new(slots as usize)),
            threads: GuestThreads::start(threads).map_err(HostError::Threads)?,
            compiling: Arc::new(Semaphore::new(1)),
            compile_timeout,
        })
    }

    /// Stands for wasmtime's version and its settings: a recorded attempt says what it ran on, since the count of
    /// fuel may differ between releases.
    pub fn fingerprint(&self) -> &str {
        self.cache.fingerprint()
    }

    /// Loads a plugin: a core module with the contract's metadata, or a component.
    ///
    /// The same bytes are loaded once, however often and at once they are asked for, and compiled once on a machine.
    pub async fn load(&self, bytes: impl Into<Arc<[u8]>>) -> Result<Plugin, LoadError> {
        let bytes: Arc<[u8]> = bytes.into();
        load::check_length(&bytes)?;
        let hashed = Arc::clone(&bytes);
        let sha256 = self.blocking(move || Ok(Sha256::of(&hashed))).await?;
        let cell = Arc::clone(self.plugins().entry(sha256).or_default());
        let loaded = cell.get_or_try_init(|| self.load_new(sha256, bytes)).await.cloned();
        if loaded.is_err() {
            // Unless somebody else is trying too: the map and this function hold it.
            let mut plugins = self.plugins();
            if Arc::strong_count(&cell) == 2 && !cell.initialized() {
                plugins.remove(&sha256);
            }
        }
        loaded
    }

    /// Lets go of a plugin that isn't needed a second time; whoever has it still may run it.
    pub fn forget(&self, plugin: &Plugin) {
        self.plugins().remove(&plugin.sha256());
    }

    async fn load_new(&self, sha256: Sha256, bytes: Arc<[u8]>) -> Result<Plugin, LoadError> {
        let component = self.compile(sha256, bytes).await?;
        let (imports, stage) = load::link(&component)?;
        let description = self.describe(sha256, &stage).await?;
        let name = PluginName::described(&description);
        Ok(Plugin(Arc::new(Loaded { sha256, imports, description, name, stage })))
    }

    async fn compile(&self, sha256: Sha256, bytes: Arc<[u8]>) -> Result<Component, LoadError> {
        // It is never closed; and if it were, there would be nothing to wait for.
        let alone = Arc::clone(&self.compiling).acquire_owned().await;
        let (engines, cache) = (Arc::clone(&self.engines), Arc::clone(&self.cache));
        let compiled = self.blocking(move || {
            // Nothing ends it before its time: who has stopped waiting for it doesn't make room for another.
            let _alone = alone;
            load::component(&engines, &cache, sha256, &bytes)
        });
        let in_time = tokio::time::timeout(self.compile_timeout, compiled).await;
        in_time.unwrap_or(Err(LoadError::Slow(self.compile_timeout)))
    }

    async fn describe(&self, sha256: Sha256, stage: &StagePre<Guest>) -> Result<Description, LoadError> {
        let (stage, plugin) = (stage.clone(), PluginName::undescribed(sha256));
        let described = self.attend(&Mute, &plugin, run::DESCRIBING, |guest| async move {
            run::describe(&stage, guest).await
        });
        described.await.unwrap_or_else(|lost| Err(LoadError::Undescribed(run::failed(lost))))
    }

    /// Makes one attempt at a stage.
    ///
    /// The guest runs on the host's threads, its calls are carried out here, in the caller's own task: when this is
    /// dropped, the call under way is dropped with it, and the guest ends at its next yield.
    pub async fn run(&self, plugin: &Plugin, run: Run) -> Ran {
        let Run { context, limits, effects } = run;
        let (loaded, stage) = (Arc::clone(&plugin.0), context.stage.clone());
        let ran = self
            .attend(&*effects, plugin.name(), limits, |guest| async move {
                run::stage(&loaded.stage, &loaded.name, guest, context, limits).await
            })
            .await;
        ran.unwrap_or_else(|lost| {
            let error = RunError { plugin: plugin.name().clone(), stage, cause: run::failed(lost) };
            Ran { result: Err(error), usage: Usage::default() }
        })
    }

    /// Starts a guest and answers its calls until it ends.
    async fn attend<F>(
        &self,
        effects: &dyn Effects,
        plugin: &PluginName,
        limits: Limits,
        start: impl FnOnce(Guest) -> F,
    ) -> Result<F::Output, Lost>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let slot = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .map_err(|_| Lost("the host is closing".to_owned()))?;
        let (asks, mut asked) = mpsc::channel::<Ask>(1);
        let memory = MemoryLimiter::new(limits.memory_bytes);
        let guest = Guest::new(plugin.clone(), asks, memory, self.ticker.clone());
        let running = start(guest);
        // A set of one: dropping it ends the guest.
        let mut guest = JoinSet::new();
        self.threads.begin(&mut guest, async move {
            let ended = running.await;
            // Only now is the instance gone, and its slot free.
            drop(slot);
            ended
        });
        loop {
            tokio::select! {
                Some(Ask { n, call, answer }) = asked.recv() => {
                    // If the guest is gone, nobody needs the answer.
                    let _ = answer.send(carry_out(effects, n, call).await);
                }
                came = guest.join_next() => match came {
                    Some(Ok(Progress::Ended(ended))) => return Ok(ended),
                    Some(Ok(Progress::Goes(rest, place))) => self.threads.go_on(&mut guest, rest, place),
                    Some(Err(error)) => return Err(Lost(error.to_string())),
                    None => return Err(Lost("it was never started".to_owned())),
                },
            }
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
    ) -> Result<T, LoadError> {
        match self.threads.patient().spawn_blocking(work).await {
            Ok(done) => done,
            Err(error) => Err(LoadError::Invalid { reason: format!("compiling it failed: {error}") }),
        }
    }

    fn plugins(&self) -> MutexGuard<'_, HashMap<Sha256, Arc<OnceCell<Plugin>>>> {
        self.plugins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A guest that ended without a result: the host's own fault.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Lost(String);

async fn carry_out(effects: &dyn Effects, n: u32, call: Call) -> Result<Answer, Stop> {
    match effects.admit(&call).await {
        Ok(()) => effects.perform(n, call).await,
        Err(error) => Ok(Err(error)),
    }
}

/// What answers while a plugin describes itself: log lines are taken and lost, anything else isn't there.
struct Mute;

#[async_trait]
impl Effects for Mute {
    async fn admit(&self, _call: &Call) -> Result<(), CallError> {
        Ok(())
    }

    async fn perform(&self, _n: u32, call: Call) -> Result<Answer, Stop> {
        Ok(match call {
            Call::Log(_) => Ok(Reply::Log),
            other => Err(CallError::Unavailable(format!("{} has no place in `describe`", other.name()))),
        })
    }
}
