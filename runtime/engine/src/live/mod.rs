//! What a stage's calls really do: the innermost layer of its effects.
//!
//! One value lives as long as one attempt. A file a capability; this one holds what they share, and the only list of
//! who answers which call.

mod agent;
mod artifacts;
mod by_hand;
mod doubt;
mod exec;
mod human;
mod kept;
mod meter;
mod output;
mod program;
mod time;
mod values;
mod workspace;

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock},
    time::Instant,
};

use adw_core::{ProjectPin, StageSpec, Timestamp, Waiting, Workflow};
use adw_host::{Answer, Call, CallError, Effects, Reply, Stop};
use adw_store::RowId;
use async_trait::async_trait;
use tokio::sync::{OnceCell, watch};

use crate::{
    calls::AttemptCalls,
    feed,
    inner::Inner,
    journal::OpenCall,
    logs::{AttemptLog, LogLevel, LogSource, NewLine},
    patience::{MayPass, insist},
    runs::StopSignal,
};

pub(crate) use {by_hand::quoted, workspace::has_begun};

/// What an attempt's effects need to know.
pub(crate) struct LiveOptions {
    pub(crate) engine: Arc<Inner>,
    pub(crate) workflow: Workflow,
    pub(crate) id: RowId,
    pub(crate) project: ProjectPin,
    pub(crate) spec: StageSpec,
    pub(crate) attempt: u32,
    pub(crate) round: u32,
    /// It was cut off, or slept, or goes on with an answer: what it did before is on its journal and on its tree.
    pub(crate) resumed: bool,
    pub(crate) open_call: Option<OpenCall>,
    pub(crate) stop: StopSignal,
}

/// The effects of one attempt.
pub(crate) struct Live {
    options: LiveOptions,
    log: AttemptLog,
    calls: AttemptCalls,
    began: Instant,
    workspace: OnceCell<workspace::Opened>,
    in_flight: watch::Sender<usize>,
    waiting: OnceLock<Waiting>,
    /// The last call that ran a program.
    ran: Mutex<Option<u32>>,
}

impl Live {
    pub(crate) fn new(options: LiveOptions) -> Self {
        let log = options.engine.logs.attempt(&options.workflow.adw_id, &options.spec.name, options.attempt);
        let calls = options.engine.calls.attempt(options.id, &options.spec.name, options.attempt);
        Self {
            options,
            log,
            calls,
            began: Instant::now(),
            workspace: OnceCell::new(),
            in_flight: watch::Sender::new(0),
            waiting: OnceLock::new(),
            ran: Mutex::default(),
        }
    }

    /// Waits until no call is under way.
    pub(crate) async fn quiet(&self) {
        // An error means that the sender is gone, and it is ours.
        let _ = self.in_flight.subscribe().wait_for(|calls| *calls == 0).await;
    }

    /// Keeps at it while the store or the disk has trouble that may pass: what an agent did is dear. The stage's time and a
    /// stop end that.
    async fn insist<T, E, F>(&self, mut work: impl FnMut() -> F) -> Result<T, E>
    where
        E: MayPass + fmt::Display,
        F: Future<Output = Result<T, E>>,
    {
        let error = match work().await {
            Err(error) if error.may_pass() => error,
            done => return done,
        };
        self.say(LogLevel::Warn, LogSource::Runtime, format!("trying again, since {error}")).await;
        let (adw_id, stage) = (&self.options.workflow.adw_id, &self.options.spec.name);
        let tell = |error: &E| tracing::warn!(%adw_id, %stage, %error, "a stage can't go on; trying again");
        insist(self.options.stop.token(), tell, work).await
    }

    /// The attempt says nothing more: what its log had no room for is written, if there is room by now.
    pub(crate) async fn finish_log(&self) {
        self.log.finish().await;
    }

    pub(crate) const fn spec(&self) -> &StageSpec {
        &self.options.spec
    }

    fn is_stopped(&self) -> bool {
        self.options.stop.token().is_cancelled()
    }

    fn now(&self) -> Timestamp {
        self.options.engine.clock.now()
    }

    /// Says what went wrong beside that of which the attempt has failed.
    pub(crate) async fn tell_of_trouble(&self, message: String) {
        self.say(LogLevel::Error, LogSource::Runtime, message).await;
    }

    async fn say(&self, level: LogLevel, source: LogSource, message: impl Into<String>) {
        self.log.write(self.now(), [NewLine { level, source, message: message.into() }]).await;
    }

    async fn log(&self, call: adw_host::capability::log::Call) {
        use adw_host::capability::log::{Call, Level};
        match call {
            Call::Write { level, message } => {
                let level = match level {
                    Level::Debug => LogLevel::Debug,
                    Level::Info => LogLevel::Info,
                    Level::Warn => LogLevel::Warn,
                    Level::Error => LogLevel::Error,
                };
                self.say(level, LogSource::Plugin, message).await;
            }
            Call::Progress { percent, message } => {
                let adw_id = &self.options.workflow.adw_id;
                self.options.engine.feed.publish(adw_id, || {
                    feed::Live::Progress(Arc::new(feed::StageProgress {
                        adw_id: adw_id.clone(),
                        stage: self.options.spec.name.clone(),
                        attempt: self.options.attempt,
                        percent: percent.min(100),
                        message,
                    }))
                });
            }
        }
    }

    async fn answer(&self, n: u32, call: Call) -> Result<Answer, Stop> {
        match call {
            Call::Log(call) => {
                self.log(call).await;
                Ok(Ok(Reply::Log))
            }
            Call::Workspace(call) => Ok(self.read_workspace(call).await.map(Reply::Workspace)),
            Call::WorkspaceWrite(call) => Ok(self.write_workspace(n, call).await.map(Reply::WorkspaceWrite)),
            Call::Exec(command) => self.exec(n, command).await.map(|answer| answer.map(Reply::Exec)),
            Call::Agent(request) => self.agent(n, request).await.map(|answer| answer.map(Reply::Agent)),
            Call::Clock(call) => self.clock(n, call).await.map(|reply| Ok(Reply::Clock(reply))),
            Call::Random(request) => Ok(time::random(request).map(Reply::Random)),
            Call::State(call) => Ok(self.state(call).await.map(Reply::State)),
            Call::Artifacts(call) => Ok(self.artifacts(call).await.map(Reply::Artifacts)),
            Call::Http(_) => Ok(Err(CallError::Unavailable(
                "this version of adw sends no HTTP requests; run a program that does, with an exec grant"
                    .to_owned(),
            ))),
            Call::Human(question) => self.human(n, question).await,
        }
    }
}

#[async_trait]
impl Effects for Live {
    async fn admit(&self, call: &Call) -> Result<(), CallError> {
        match call {
            Call::Agent(request) => {
                self.within_budget().await?;
                self.admit_agent(request)
            }
            Call::Exec(_) => self.within_budget().await,
            _ => Ok(()),
        }
    }

    async fn perform(&self, n: u32, call: Call) -> Result<Answer, Stop> {
        if self.is_stopped() {
            return Err(Stop::Cancelled);
        }
        let _flight = InFlight::new(&self.in_flight);
        // A guest that makes another call has its answer to the last one, and so has the journal.
        self.forget_program_before(n).await;
        let answer = self.answer(n, call).await?;
        // What was cut off by a stop has no answer: it is in doubt.
        if self.is_stopped() { Err(Stop::Cancelled) } else { Ok(answer) }
    }
}

/// A call under way; counted off however it ends.
struct InFlight<'a>(&'a watch::Sender<usize>);

impl<'a> InFlight<'a> {
    fn new(calls: &'a watch::Sender<usize>) -> Self {
        calls.send_modify(|calls| *calls += 1);
        Self(calls)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|calls| *calls -= 1);
    }
}
