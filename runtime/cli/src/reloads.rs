//! How a server reads adw.toml, and what makes it do so anew while it runs: SIGHUP, and a change of the file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adw_config::{Config, Env, Listen};
use adw_engine::{Engine, Reread};
use tokio::signal::unix::{SignalKind, signal};

use crate::changes::Changes;

/// Reads adw.toml, with what the command line says in its place.
pub(crate) fn reading(file: PathBuf, listen: Option<Listen>) -> Reread {
    Arc::new(move || {
        let mut config = Config::load(&file, &Env::of_process())?;
        if let Some(listen) = listen {
            config.server.listen = listen;
        }
        Ok(config)
    })
}

/// Sees to it for as long as it is polled.
pub(crate) async fn keep_up(engine: Engine, file: PathBuf) {
    tokio::join!(at_signals(&engine), at_changes(&engine, &file));
}

async fn at_signals(engine: &Engine) {
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => hangup,
        Err(error) => return tracing::warn!(%error, "SIGHUP can't be listened for"),
    };
    while hangup.recv().await.is_some() {
        // What comes of it is logged, and told to whoever asks.
        let _ = engine.reload().await;
    }
}

async fn at_changes(engine: &Engine, file: &Path) {
    let changes = match Changes::of(file) {
        Ok(changes) => changes,
        Err(error) => {
            let file = file.display();
            return tracing::warn!(%error, "{file} can't be watched: `adw reload` takes up what changes");
        }
    };
    loop {
        if let Err(error) = changes.next().await {
            return tracing::warn!(%error, "adw.toml is watched no more: `adw reload` takes up what changes");
        }
        let _ = engine.reload().await;
    }
}
