//! The server on a listener, and how it stops.

mod bare;
mod connection;

use std::{io, time::Duration};

use adw_engine::Engine;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::app::{App, Drain};

/// How long requests under way may take to end once the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// How long nothing is accepted after the system had nothing to accept with.
const BREATH: Duration = Duration::from_secs(1);

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
    let begun = drain.begun.clone();
    tokio::spawn(async move {
        shutdown.await;
        begun.cancel();
    });
    let serving = answer(listener, router, drain.begun.clone());
    let begun = drain.begun.clone();
    let out_of_grace = async move {
        begun.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving => served?,
        () = out_of_grace => tracing::warn!("requests that didn't end in {GRACE:?} are no longer waited for"),
    }
    drain.finish().await;
    Ok(())
}

/// Takes connections until the server stops, and waits until each has ended.
async fn answer(listener: TcpListener, router: Router, stopping: CancellationToken) -> io::Result<()> {
    let connections = TaskTracker::new();
    while let Some(accepted) = stopping.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(connection::answer(stream, router.clone(), stopping.clone()));
            }
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted now; are too many files open?");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
    Ok(())
}

/// It was gone again before it was accepted.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
