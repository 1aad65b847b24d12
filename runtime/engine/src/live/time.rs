//! clock and random.

use std::time::Duration;

use adw_host::{
    Bytes, CallError, Stop,
    capability::{clock, random},
};

use super::Live;

impl Live {
    pub(super) async fn clock(&self, call: clock::Call) -> Result<clock::Reply, Stop> {
        match call {
            clock::Call::Now => Ok(clock::Reply::Now(u64::try_from(self.now().as_millis()).unwrap_or(0))),
            clock::Call::Sleep { milliseconds } => tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(milliseconds)) => Ok(clock::Reply::Slept),
                () = self.options.stop.cancelled() => Err(Stop::Cancelled),
            },
        }
    }
}

pub(super) fn random(request: random::Request) -> Result<Bytes, CallError> {
    let mut bytes = vec![0; request.length as usize];
    getrandom::fill(&mut bytes)
        .map_err(|error| CallError::Unavailable(format!("the system gives no random bytes: {error}")))?;
    Ok(Bytes(bytes))
}
