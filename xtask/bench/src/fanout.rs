//! From a change of a workflow to the sockets that follow it.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    feed::Feed,
    figures::{Figures, Times, Unit, milliseconds},
    http::Connection,
    ids::new_id,
    options::Options,
    server::{Home, Server},
};

/// Sockets that follow the workflow, and within how many milliseconds all but one in a hundred messages shall come.
const LEVELS: [(usize, Option<f64>); 2] = [(1, None), (500, Some(50.0))];

/// Changes in a row, the next after the last was heard everywhere.
const CHANGES: usize = 200;

/// How long a message may take before something is wrong.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn measure(options: &Options, figures: &mut Figures) -> Result<()> {
    let home = Home::new(options)?;
    let server = Server::start(options, &home, 1)?;
    for (sockets, aim) in LEVELS {
        let mut times = follow(&server, sockets).await?;
        let of = format!("a change, heard by {sockets} {}", if sockets == 1 { "socket" } else { "sockets" });
        figures.add(&of, "request to message, p50", milliseconds(times.percentile(0.5)), Unit::Milliseconds);
        let slow = milliseconds(times.percentile(0.99));
        figures.add(&of, "request to message, p99", slow, Unit::Milliseconds).aim(aim);
    }
    server.stop()
}

/// From the request of a change, its commit included, to each message that tells of it.
async fn follow(server: &Server, sockets: usize) -> Result<Times> {
    let adw_id = ended_workflow(server).await?;
    let (heard, mut hearing) = mpsc::unbounded_channel();
    let mut listening = JoinSet::new();
    for _ in 0..sockets {
        let mut feed = Feed::open(server.address(), &adw_id).await?;
        let heard = heard.clone();
        listening.spawn(async move {
            for _ in 0..CHANGES {
                feed.event().await?;
                heard.send(Instant::now())?;
            }
            anyhow::Ok(())
        });
    }
    let mut connection = Connection::open(server.address()).await?;
    let mut times = Vec::with_capacity(CHANGES * sockets);
    for note in 0..CHANGES {
        let began = Instant::now();
        connection.annotate(&adw_id, note).await?;
        for _ in 0..sockets {
            let heard =
                timeout(PATIENCE, hearing.recv()).await.context("a socket did not hear of a change")?;
            times.push(heard.context("no socket listens any more")? - began);
        }
    }
    while let Some(done) = listening.join_next().await {
        done??;
    }
    Ok(times.into_iter().collect())
}

async fn ended_workflow(server: &Server) -> Result<String> {
    let adw_id = new_id();
    let mut feed = Feed::open(server.address(), &adw_id).await?;
    Connection::open(server.address()).await?.create(&adw_id).await?;
    timeout(PATIENCE, feed.until_completed()).await.context("a workflow did not end")??;
    Ok(adw_id)
}
