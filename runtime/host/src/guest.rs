//! A running guest as its host sees it: the data of its store, and the way that its calls take.

use tokio::sync::{mpsc, oneshot};

use crate::bindings::adw::stage::types;
use crate::call::{Answer, Call, CallError, Reply};
use crate::capability::log::Logs;
use crate::effects::Stop;
use crate::limiter::MemoryLimiter;
use crate::plugin::PluginName;
use crate::ticker::{Running, Ticker};

/// A call on its way from the guest's runtime to whoever runs it, and the way back.
pub(crate) struct Ask {
    pub(crate) n: u32,
    pub(crate) call: Call,
    pub(crate) answer: oneshot::Sender<Result<Answer, Stop>>,
}

/// The data of a guest's store.
pub(crate) struct Guest {
    asks: mpsc::Sender<Ask>,
    /// Counts calls, from 1.
    calls: u32,
    pub(crate) logs: Logs,
    pub(crate) memory: MemoryLimiter,
    ticker: Ticker,
    /// Held while the guest's own code runs, let go while it waits for an answer.
    running: Option<Running>,
}

/// What a host function ends with if not with an answer: an error for the guest, or the end of the attempt.
#[derive(Debug)]
pub(crate) enum Refused {
    Answer(CallError),
    End(wasmtime::Error),
}

impl From<CallError> for Refused {
    fn from(error: CallError) -> Self {
        Self::Answer(error)
    }
}

impl From<Stop> for Refused {
    fn from(stop: Stop) -> Self {
        Self::End(wasmtime::Error::new(stop))
    }
}

impl Guest {
    pub(crate) fn new(
        plugin: PluginName,
        asks: mpsc::Sender<Ask>,
        memory: MemoryLimiter,
        ticker: Ticker,
    ) -> Self {
        let running = Some(ticker.run());
        Self { asks, calls: 0, logs: Logs::of(plugin), memory, ticker, running }
    }

    pub(crate) fn calls(&self) -> u32 {
        self.calls
    }

    /// Makes a call and takes out of its answer what belongs to it.
    pub(crate) async fn ask<T>(
        &mut self,
        call: Call,
        take: impl FnOnce(Reply) -> Option<T>,
    ) -> Result<T, Refused> {
        let name = call.name();
        let reply = self.call(call).await??;
        take(reply)
            .ok_or_else(|| Stop::Failed(format!("the answer to {name} belongs to another call")).into())
    }

    async fn call(&mut self, call: Call) -> Result<Answer, Stop> {
        self.calls += 1;
        let (answer, answered) = oneshot::channel();
        self.running = None;
        // Whoever ran this guest is gone: so will the guest be, in a moment.
        let abandoned = || Stop::Failed("nobody waits for this attempt any more".to_owned());
        self.asks.send(Ask { n: self.calls, call, answer }).await.map_err(|_| abandoned())?;
        let answer = answered.await.map_err(|_| abandoned())?;
        self.running = Some(self.ticker.run());
        answer
    }
}

impl types::Host for Guest {
    fn convert_error(&mut self, refused: Refused) -> wasmtime::Result<types::Error> {
        match refused {
            Refused::Answer(error) => Ok(error.into()),
            Refused::End(end) => Err(end),
        }
    }
}

impl From<CallError> for types::Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Denied(text) => Self::Denied(text),
            CallError::Invalid(text) => Self::Invalid(text),
            CallError::NotFound(text) => Self::NotFound(text),
            CallError::Timeout(text) => Self::Timeout(text),
            CallError::Budget(text) => Self::Budget(text),
            CallError::Interrupted(text) => Self::Interrupted(text),
            CallError::Unavailable(text) => Self::Unavailable(text),
            // Only an agent call has such an answer, and its own type for it.
            agent @ CallError::Agent(_) => Self::Unavailable(agent.to_string()),
        }
    }
}
