//! The server on a listener, and how it stops.

use std::{io, time::Duration};

use adw_engine::Engine;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use crate::app::{App, Drain};

/// How long requests under way may take to end once the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// Why the server ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listener failed.
    #[error(
        "the server can't accept connections any more: {0}. Look at the limits of the process, and start it again"
    )]
    Accept(#[from] io::Error),
}

/// Answers on the listener until `shutdown` resolves; then no connection is taken, requests under way end, and the
/// live feed's sockets are dropped without a word, since the browsers that use them come back only after that.
///
/// The engine is left running: whoever started it stops it.
pub async fn serve<F>(engine: Engine, listener: TcpListener, shutdown: F) -> Result<(), ServeError>
where
    F: Future<Output = ()> + Send + 'static,
{
    let drain = Drain::default();
    let router = crate::router_with(App { engine, drain: drain.clone() });
    // A message of the live feed is small and must not wait for the next one to share its packet.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    });
    let begun = drain.begun.clone();
    let until_told = async move {
        shutdown.await;
        begun.cancel();
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(until_told);
    let begun = drain.begun.clone();
    let out_of_grace = async move {
        begun.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving => served?,
        () = out_of_grace => tracing::warn!("requests that didn't end in {GRACE:?} were cut off"),
    }
    drain.finish().await;
    Ok(())
}
