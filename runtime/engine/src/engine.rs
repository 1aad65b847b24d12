//! The engine's public face, and how its parts hang together.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use adw_agents::supervisor::{State, Supervisor};
use adw_config::{Config, ConfigWarning};
use adw_core::{AdwId, Command, Interrupt, Recorded, StageName};
use adw_host::Host;
use adw_store::{Filter, Page, Pagination, Store, StoreError, Stored};
use adw_workspace::Workspaces;
use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    AnswerError, BoardSubscription, CommandError, CreateError, Created, Feed, LogPage, LogQuery, NewAnswer,
    NewTask, RecordPage, Replay, ReplayError, StartError, Subscription, answer,
    blobs::Blobs,
    calls::Calls,
    catalog::Catalog,
    clock::{Clock, SystemClock, backoff},
    collection,
    configuration::{Configuration, Readings, RefusedConfiguration, Reread},
    create,
    data_folder::{self, Folders},
    inner::Inner,
    ledger::Ledger,
    logs::Logs,
    programs,
    readiness::{self, Readiness},
    record, recovery, replay, results,
    run::{self, Ran},
    runs::{Programs, Runs},
    scheduler::Scheduler,
    timers::{Rings, timers},
    warnings,
};

/// How long what can't go on is left alone.
const PAUSE: Duration = Duration::from_secs(5);

/// What an engine is made of.
pub struct Options {
    /// What adw.toml says.
    pub config: Config,
    /// The runtime's own folder, `.adw`; made where it is missing.
    pub data: PathBuf,
    /// Where workflows are kept.
    pub store: Arc<dyn Store>,
    /// What agents and commands are run by, so that they outlive this process.
    pub supervisor: Supervisor,
    /// Where times come from.
    pub clock: Arc<dyn Clock>,
    /// How adw.toml is read anew.
    pub reread: Reread,
}

impl Options {
    /// With the clock of the machine, and an adw.toml that never says anything else.
    pub fn new(config: Config, data: PathBuf, store: Arc<dyn Store>, supervisor: Supervisor) -> Self {
        let same = config.clone();
        let reread: Reread = Arc::new(move || Ok(same.clone()));
        Self { config, data, store, supervisor, clock: Arc::new(SystemClock), reread }
    }
}

/// The runtime. Cheap to clone; all clones are one engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

impl Engine {
    /// Loads the plugins, takes up what an earlier run of the server left, and starts what can run.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let folders = data_folder::prepare(&options.data)?;
        let (config, host) = (Arc::new(options.config.clone()), host(&options.config, &folders)?);
        let blobs = Blobs::new(folders.blobs.clone());
        let catalog = Catalog::load(config, Arc::clone(&host), blobs.clone()).await?;
        let (inner, given, rings) = assemble(options, folders, host, blobs, catalog)?;
        warnings::tell(&inner.readings.subscribe().borrow().warnings);
        inner.tasks.spawn(run_those_with_a_place(Arc::clone(&inner), given));
        inner.tasks.spawn(hear(Arc::clone(&inner), rings));
        recovery::recover(&inner).await?;
        collection::begin(&inner);
        Ok(Self { inner })
    }

    /// To look at what an earlier run of the server left: nothing of it goes on, no plugin is loaded, and no task is
    /// taken. All that reads is there.
    pub fn at_rest(options: Options) -> Result<Self, StartError> {
        let folders = data_folder::prepare(&options.data)?;
        let (config, host) = (Arc::new(options.config.clone()), host(&options.config, &folders)?);
        let blobs = Blobs::new(folders.blobs.clone());
        let catalog = Catalog::empty(config, Arc::clone(&host), blobs.clone());
        let (inner, ..) = assemble(options, folders, host, blobs, catalog)?;
        inner.stopping.cancel();
        inner.scheduler.close();
        Ok(Self { inner })
    }

    /// The database's own UUID: with it, an event's number names it for good.
    pub fn epoch(&self) -> Uuid {
        self.inner.store.epoch()
    }

    /// What adw.toml says, as it is gone by now.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.inner.catalog.served().config)
    }

    /// Which adw.toml is gone by, and every change of that.
    pub fn configuration(&self) -> watch::Receiver<Arc<Configuration>> {
        self.inner.readings.subscribe()
    }

    /// The same for whoever asks: also whether adw.toml can be read now.
    pub async fn look_at_configuration(&self) -> Arc<Configuration> {
        self.inner.readings.look(self.inner.clock.as_ref()).await
    }

    /// Reads adw.toml anew, and goes by it for every task from now on, where nothing is wrong with it.
    pub async fn reload(&self) -> Result<Arc<Configuration>, RefusedConfiguration> {
        let taken_up = self.inner.readings.reload(&self.inner.catalog, self.inner.clock.as_ref()).await;
        if taken_up.is_ok() {
            collection::begin(&self.inner);
        }
        taken_up
    }

    /// Takes a task. It is durable when this returns, and runs when there is a place.
    pub async fn create(&self, task: NewTask) -> Result<Created, CreateError> {
        let inner = Arc::clone(&self.inner);
        to_the_end(async move { create::create(&inner, task).await })
            .await
            .unwrap_or(Err(CreateError::Stopping))
    }

    /// Carries out a command of a person: set a status, cancel, retry. `expected` is the version that they saw.
    pub async fn command(
        &self,
        adw_id: &AdwId,
        command: Command,
        expected: Option<u64>,
    ) -> Result<Stored, CommandError> {
        let (inner, adw_id) = (Arc::clone(&self.inner), adw_id.clone());
        to_the_end(async move { inner.command(&adw_id, &command, expected).await })
            .await
            .unwrap_or(Err(CommandError::Stopping))
    }

    /// Lets a workflow go on with a person's answer to what it asked. `expected` is the version that they saw.
    pub async fn answer(
        &self,
        adw_id: &AdwId,
        given: NewAnswer,
        expected: Option<u64>,
    ) -> Result<Stored, AnswerError> {
        let (inner, adw_id) = (Arc::clone(&self.inner), adw_id.clone());
        to_the_end(async move { answer::answer(&inner, &adw_id, given, expected).await })
            .await
            .unwrap_or_else(|| Err(CommandError::Stopping.into()))
    }

    /// A workflow as it stands.
    pub async fn workflow(&self, adw_id: &AdwId) -> Result<Option<Stored>, StoreError> {
        self.inner.store.workflow(adw_id).await
    }

    /// Workflows, newest first.
    pub async fn list(&self, filter: &Filter, pagination: &Pagination) -> Result<Page, StoreError> {
        self.inner.store.list(filter, pagination).await
    }

    /// Events later than a number, in order.
    pub async fn events(&self, adw_id: &AdwId, after: u64, limit: u32) -> Result<Vec<Recorded>, StoreError> {
        self.inner.store.events(adw_id, after, limit).await
    }

    /// Listens to a workflow, one that doesn't exist yet included. Subscribe first and read the store afterwards.
    pub fn subscribe(&self, adw_id: &AdwId) -> Subscription {
        self.inner.feed.subscribe(adw_id)
    }

    /// Listens to the events of all workflows. Subscribe first and read the store afterwards.
    pub fn subscribe_to_all(&self) -> BoardSubscription {
        self.inner.feed.subscribe_to_all()
    }

    /// Log lines of a workflow's attempts, in the order of its stages.
    pub async fn logs(&self, adw_id: &AdwId, query: LogQuery) -> Result<LogPage, CommandError> {
        results::logs(&self.inner, adw_id, query).await
    }

    /// The calls of an attempt with greater numbers than `after`, `limit` at the most; none for an attempt that there
    /// never was.
    pub async fn record(
        &self,
        adw_id: &AdwId,
        stage: &StageName,
        attempt: u32,
        after: u32,
        limit: u32,
    ) -> Result<RecordPage, CommandError> {
        record::record(&self.inner, adw_id, stage, attempt, after, limit).await
    }

    /// What the stages of a workflow left under a name.
    pub async fn artifacts(&self, adw_id: &AdwId) -> Result<Vec<adw_store::Artifact>, CommandError> {
        results::artifacts(&self.inner, adw_id).await
    }

    /// An artifact with its bytes.
    pub async fn artifact(
        &self,
        adw_id: &AdwId,
        name: &str,
    ) -> Result<Option<(adw_store::Artifact, Vec<u8>)>, CommandError> {
        results::artifact(&self.inner, adw_id, name).await
    }

    /// Runs the plugin of an attempt, or another build of it, over what the attempt wrote down, and nothing else.
    pub async fn replay(
        &self,
        adw_id: &AdwId,
        stage: &StageName,
        attempt: u32,
        other: Option<Arc<[u8]>>,
    ) -> Result<Replay, ReplayError> {
        replay::replay(&self.inner, adw_id, stage, attempt, other).await
    }

    /// What a workflow changed, as a unified diff against the commit that it began from; empty where no stage touched
    /// the repository.
    pub async fn diff(&self, adw_id: &AdwId) -> Result<String, CommandError> {
        results::diff(&self.inner, adw_id).await
    }

    /// Whether tasks can be taken, and how much there is to do.
    pub async fn readiness(&self) -> Readiness {
        readiness::readiness(&self.inner).await
    }

    /// Does what else the end of a run does, of a workflow that nobody runs: of one that has ended, its programs are ended
    /// and its worktree is put away.
    pub async fn put_away(&self, adw_id: &AdwId) {
        if let Err(error) = look_again(&self.inner, adw_id, Ran::Out).await {
            tracing::warn!(%adw_id, %error, "what is left of a workflow is not put away");
        }
    }

    /// The workflows that have an agent or a command at work whose answer is waited for, whoever began it.
    pub async fn at_work(&self) -> Result<Vec<AdwId>, StoreError> {
        programs::at_work(&self.inner).await
    }

    /// Stops: no task is taken, what runs is interrupted at no cost of an attempt, its programs are left to themselves or
    /// ended, and the store is closed.
    pub async fn shutdown(&self, programs: Programs) {
        self.inner.stopping.cancel();
        self.inner.scheduler.close();
        self.inner.runs.shut_down(&programs);
        failure_point!(Stopping);
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        // Also those that an earlier server left, and whose workflow has no place again yet.
        programs::end(programs::or_none(programs::to_end(&self.inner, &programs).await)).await;
        let at_work = programs::or_none(self.inner.calls.programs());
        let at_work = at_work.iter().filter(|run| run.state == State::Alive).count();
        if at_work > 0 {
            tracing::info!(at_work, "agents and commands work on; the next server takes their answers");
        }
        failure_point!(Stopped);
        self.inner.store.close().await;
    }
}

fn host(config: &Config, folders: &Folders) -> Result<Arc<Host>, StartError> {
    let mut host = adw_host::HostConfig::new(folders.compiled.clone());
    // A run has one guest at a time, a replay is one more, and none is to queue for a slot while its stage's time runs.
    let runs = u32::try_from(config.limits.concurrent_workflows).unwrap_or(u32::MAX);
    host.slots = host.slots.max(runs.saturating_add(1));
    Ok(Arc::new(Host::new(host)?))
}

/// The parts, with nothing set going yet: who is given a place, and whose time has come, is heard there.
fn assemble(
    options: Options,
    folders: Folders,
    host: Arc<Host>,
    blobs: Blobs,
    catalog: Catalog,
) -> Result<(Arc<Inner>, mpsc::UnboundedReceiver<AdwId>, Rings), StartError> {
    let Options { store, supervisor, clock, reread, .. } = options;
    let data = folders.root;
    let workspaces = Workspaces::new(&data).map_err(|error| StartError::Workspaces(error.to_string()))?;
    let (feed, catalog) = (Feed::default(), Arc::new(catalog));
    let served = catalog.served();
    let (timers, rings) = timers();
    let (places, given) = mpsc::unbounded_channel();
    let inner = Arc::new(Inner {
        ledger: Ledger::new(Arc::clone(&store), feed.clone(), Arc::clone(&clock), Arc::clone(&catalog)),
        logs: Logs::new(folders.logs, feed.clone()),
        calls: Calls::new(folders.calls),
        supervisor,
        scheduler: Scheduler::new(served.config.limits.concurrent_workflows),
        runs: Runs::default(),
        tasks: TaskTracker::new(),
        stopping: CancellationToken::new(),
        readings: Readings::new(&served, reread, clock.now()),
        places,
        replaying: tokio::sync::Mutex::default(),
        blobs,
        data,
        store,
        clock,
        host,
        catalog,
        workspaces,
        feed,
        timers,
    });
    Ok((inner, given, rings))
}

/// Whether every plugin of adw.toml loads and may do what it asks for; what is wrong with any of them is told
/// together. Where nothing is, what stages would fail of as they stand. `scratch` is an empty folder, of no use afterwards.
pub async fn check(config: &Config, scratch: &Path) -> Result<Vec<ConfigWarning>, StartError> {
    let folders = data_folder::prepare(scratch)?;
    let host = Arc::new(Host::new(adw_host::HostConfig::new(folders.compiled))?);
    let catalog = Catalog::load(Arc::new(config.clone()), host, Blobs::new(folders.blobs)).await?;
    Ok(catalog.served().warnings.clone())
}

/// Runs the workflows that are given a place, each on a task of its own.
async fn run_those_with_a_place(engine: Arc<Inner>, mut places: mpsc::UnboundedReceiver<AdwId>) {
    loop {
        let adw_id = tokio::select! {
            () = engine.stopping.cancelled() => return,
            given = places.recv() => match given {
                Some(adw_id) => adw_id,
                None => return,
            },
        };
        engine.tasks.spawn(with_a_place(Arc::clone(&engine), adw_id));
    }
}

/// One run, and what is left to do after it.
async fn with_a_place(engine: Arc<Inner>, adw_id: AdwId) {
    // Held to the end, so that what is left to do needs no look into the store.
    let _held = engine.ledger.hold(&adw_id);
    let (running, name) = (Arc::clone(&engine), adw_id.clone());
    // On a task of its own, so that a panic ends nothing but this run.
    let run = tokio::spawn(async move {
        let _place = Place { engine: &running, adw_id: &name };
        run::run(&running, &name).await
    });
    let ran = run.await.unwrap_or_else(|error| {
        tracing::error!(%adw_id, %error, "a run was broken off");
        Ran::Stuck
    });
    if ran == Ran::Stuck {
        // What can't go on now is not tried again at once: it would only stand in the way of the others.
        pause(&engine, PAUSE).await;
    }
    let mut waits = backoff();
    while let Err(error) = look_again(&engine, &adw_id, ran).await {
        tracing::error!(%adw_id, %error, "the workflow could not be read; trying again");
        pause(&engine, waits.next().unwrap_or(PAUSE)).await;
        if engine.is_stopping() {
            return;
        }
    }
}

/// A workflow's place: given back however its run ends.
struct Place<'a> {
    engine: &'a Inner,
    adw_id: &'a AdwId,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.engine.release(self.adw_id);
    }
}

/// What is left to do once a run is over. The worktree of a workflow that has ended is put away. One that became
/// runnable while its place was being given up gets into the queue again; one whose timer rang too early is woken again;
/// an attempt that nobody runs any more is interrupted, and so goes on.
async fn look_again(engine: &Inner, adw_id: &AdwId, ran: Ran) -> Result<(), CommandError> {
    let react = |stored: &Stored| {
        if !engine.is_stopping() && !stored.workflow.status.is_ended() {
            engine.react(stored);
        }
    };
    let Stored { id, workflow } = engine.ledger.look(adw_id, react).await?;
    if workflow.status.is_ended() {
        engine.calls.forget(id).await;
    }
    if engine.is_to_be_put_away(&workflow) {
        results::put_away(engine, &workflow).await;
    }
    let abandoned =
        ran == Ran::Stuck && workflow.running_stage().is_some() && !engine.scheduler.has_place(adw_id);
    if abandoned && !engine.is_stopping() {
        let cause = "its run was broken off".to_owned();
        engine.command(adw_id, &Command::Interrupt(Interrupt { cause }), None).await?;
    }
    Ok(())
}

async fn pause(engine: &Inner, how_long: Duration) {
    tokio::select! {
        () = tokio::time::sleep(how_long) => {}
        () = engine.stopping.cancelled() => {}
    }
}

/// Hears timers ring, and lets those run whose time has come.
async fn hear(engine: Arc<Inner>, mut rings: Rings) {
    loop {
        let adw_id = tokio::select! {
            () = engine.stopping.cancelled() => return,
            rung = rings.next() => match rung {
                Some(adw_id) => adw_id,
                None => return,
            },
        };
        if let Err(error) = engine.fall_due(&adw_id).await {
            tracing::error!(%adw_id, %error, "a workflow whose time has come could not go on; trying again");
            engine.timers.set_in(&adw_id, PAUSE);
        }
    }
}

/// Finishes even when the asker goes away: a decision that was committed must be told too.
async fn to_the_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    tokio::spawn(work).await.ok()
}
