//! clock and random.

use std::time::Duration;

use adw_core::Waiting;
use adw_host::{
    Bytes, CallError, Stop,
    capability::{clock, random},
};

use super::Live;

/// Sleeps of this length and more give up their place: what that costs, two commits and another run of the plugin over its
/// journal, is little beside them.
const LONG: Duration = Duration::from_secs(10);

impl Live {
    pub(super) async fn clock(&self, n: u32, call: clock::Call) -> Result<clock::Reply, Stop> {
        match call {
            clock::Call::Now => Ok(clock::Reply::Now(u64::try_from(self.now().as_millis()).unwrap_or(0))),
            clock::Call::Sleep { milliseconds } => self.sleep(self.left_of_sleep(n, milliseconds)).await,
        }
    }

    /// Short ones are waited for here. The attempt gives up its place for a long one, and goes on over its journal; unless
    /// that would end after the stage's time: then it is what the stage's time runs out in.
    async fn sleep(&self, left: Duration) -> Result<clock::Reply, Stop> {
        if left >= LONG && left < self.time_left(None) {
            let stage = self.options.spec.name.clone();
            let until = self.now().plus_millis(u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
            let message = "the stage sleeps".to_owned();
            return Err(self.suspend(Waiting::Timer { stage, until, message, goes_on: true }));
        }
        tokio::select! {
            () = tokio::time::sleep(left) => Ok(clock::Reply::Slept),
            () = self.options.stop.token().cancelled() => Err(Stop::Cancelled),
        }
    }

    /// What was asked for, within what is left of the stage's own time. A run that goes on has all of it again, but for what
    /// the attempt has slept: nothing else would bound that.
    pub(crate) fn time_left(&self, asked_ms: Option<u64>) -> Duration {
        let slept = self.options.workflow.stage(&self.options.spec.name).map_or(0, |stage| stage.slept_ms);
        let left = Duration::from_millis(self.options.spec.timeout_ms.saturating_sub(slept));
        let left = left.saturating_sub(self.began.elapsed());
        asked_ms.map_or(left, |asked| Duration::from_millis(asked).min(left))
    }

    /// All of it; or, where an earlier run of the attempt was cut off in it or left it, what is left since it began.
    fn left_of_sleep(&self, n: u32, milliseconds: u64) -> Duration {
        let begun = self.options.open_call.filter(|call| call.n == n).map(|call| call.asked_at);
        let slept = begun.map_or(0, |begun| self.now().as_millis() - begun.as_millis());
        // A clock that was set back makes it no longer.
        Duration::from_millis(milliseconds.saturating_sub(u64::try_from(slept).unwrap_or(0)))
    }
}

pub(super) fn random(request: random::Request) -> Result<Bytes, CallError> {
    let mut bytes = vec![0; request.length as usize];
    getrandom::fill(&mut bytes)
        .map_err(|error| CallError::Unavailable(format!("the system gives no random bytes: {error}")))?;
    Ok(Bytes(bytes))
}
