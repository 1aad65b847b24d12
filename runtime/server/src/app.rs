//! What the handlers share.

use adw_engine::Engine;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The engine, and what a stop of the server has to reach.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) drain: Drain,
}

/// Ends the live feed when the server stops: sockets outlive the requests that opened them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drain {
    /// The server is stopping.
    pub(crate) begun: CancellationToken,
    /// The sockets that are open.
    pub(crate) sockets: TaskTracker,
}

impl Drain {
    /// Tells every socket to end, and waits for them.
    pub(crate) async fn finish(&self) {
        self.begun.cancel();
        self.sockets.close();
        self.sockets.wait().await;
    }
}
