//! The store without a server: the writes that a workflow of three stages makes, one after the other.

use std::{sync::Arc, time::Duration};

use adw_store::{Store, WriteWorkflows, sqlite::SqliteStore};
use anyhow::Result;
use tokio::{task::JoinSet, time::Instant};

use crate::{
    figures::{Figures, Unit, rate},
    history::Model,
    ids::new_id,
    options::Options,
    server::Home,
};

/// Workflows at once.
const LEVELS: [usize; 3] = [1, 10, 64];

pub(crate) async fn measure(options: &Options, figures: &mut Figures) -> Result<()> {
    let home = Home::new(options)?;
    let model = Arc::new(Model::run(options, &home).await?);
    let store = Arc::new(SqliteStore::open(home.database()).await?);
    let time = options.time() / 2;
    for at_once in LEVELS {
        let groups = store.commits();
        let (workflows, writes) = write(&model, &store, at_once, time).await?;
        let of = format!("the store alone, {at_once} at once");
        figures.add(&of, "workflows", rate(workflows, time), Unit::PerSecond);
        #[expect(clippy::cast_precision_loss, reason = "no run counts further than a double does")]
        let together = writes as f64 / (store.commits() - groups) as f64;
        figures.add(&of, "writes in a commit", together, Unit::Count);
    }
    store.close().await;
    Ok(())
}

/// How many workflows were written in this time, and how many writes that took.
async fn write(
    model: &Arc<Model>,
    store: &Arc<SqliteStore>,
    at_once: usize,
    time: Duration,
) -> Result<(usize, usize)> {
    let end = Instant::now() + time;
    let mut writing = JoinSet::new();
    for _ in 0..at_once {
        let (model, store) = (Arc::clone(model), Arc::clone(store));
        writing.spawn(async move {
            let (mut workflows, mut writes) = (0, 0);
            while Instant::now() < end {
                let created = store.create(model.create(&new_id())?).await?;
                writes += 1;
                for step in model.steps(&created.workflow)? {
                    store.append(step.append(created.id)).await?;
                    writes += 1;
                }
                workflows += 1;
            }
            anyhow::Ok((workflows, writes))
        });
    }
    let (mut workflows, mut writes) = (0, 0);
    while let Some(done) = writing.join_next().await {
        let (more_workflows, more_writes) = done??;
        workflows += more_workflows;
        writes += more_writes;
    }
    Ok((workflows, writes))
}
