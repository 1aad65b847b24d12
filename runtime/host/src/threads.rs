//! The threads that guests run on, away from the server's.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// A small runtime of its own. What still runs on it when it is dropped is dropped at its next yield.
pub(crate) struct GuestThreads {
    handle: Handle,
    /// Taken when this is dropped, wherever that happens: a runtime that is dropped within another one panics.
    runtime: Option<Runtime>,
}

impl GuestThreads {
    pub(crate) fn start(threads: usize) -> io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(threads.max(1)).thread_name("adw-guest").build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for GuestThreads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
