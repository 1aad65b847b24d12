//! clock and random.

use std::time::Duration;

use adw_host::{
    Bytes, CallError, Stop,
    capability::{clock, random},
};

use super::Live;

impl Live {
    pub(super) async fn clock(&self, n: u32, call: clock::Call) -> Result<clock::Reply, Stop> {
        match call {
            clock::Call::Now => Ok(clock::Reply::Now(u64::try_from(self.now().as_millis()).unwrap_or(0))),
            clock::Call::Sleep { milliseconds } => tokio::select! {
                () = tokio::time::sleep(self.left_of_sleep(n, milliseconds)) => Ok(clock::Reply::Slept),
                () = self.options.stop.token().cancelled() => Err(Stop::Cancelled),
            },
        }
    }

    /// All of it; or, where an earlier run of the attempt was cut off in it, what is left since it began.
    fn left_of_sleep(&self, n: u32, milliseconds: u64) -> Duration {
        let begun = self.options.in_doubt.filter(|call| call.n == n).map(|call| call.asked_at);
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
