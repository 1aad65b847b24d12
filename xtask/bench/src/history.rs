//! Finished workflows, written straight into the database: copies of one that a server has run.

use std::{sync::Arc, time::Duration};

use adw_core::{Event, Recorded, Workflow, apply, fold};
use adw_store::{Append, NewWorkflow, ReadWorkflows, RowId, Store, WriteWorkflows, sqlite::SqliteStore};
use anyhow::{Context, Result, ensure};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    feed::Feed,
    http::Connection,
    ids::new_id,
    options::Options,
    server::{Home, Server},
};

/// How many are written at once: the writer takes them in groups.
const AT_ONCE: usize = 256;

/// How long one workflow may take on a server that has nothing else to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many events are read at a time; a workflow of three stages has fewer.
const ALL: u32 = 200;

/// The history of a workflow, to be written again under other ids.
pub(crate) struct Model {
    history: Vec<Recorded>,
    document: Arc<str>,
}

/// One of its writes, as the engine made it.
pub(crate) struct Step {
    expected: u64,
    events: Vec<Recorded>,
    after: Workflow,
}

impl Model {
    /// Has a server run a workflow of three noop stages, and reads what it left in this home's database.
    pub(crate) async fn run(options: &Options, home: &Home) -> Result<Self> {
        let server = Server::start(options, home, 1)?;
        let adw_id = new_id();
        let mut feed = Feed::open(server.address(), &adw_id).await?;
        Connection::open(server.address()).await?.create(&adw_id).await?;
        timeout(PATIENCE, feed.until_completed()).await.context("a workflow did not end")??;
        server.stop()?;
        let store = SqliteStore::open(home.database()).await?;
        let history = store.events(&adw_id.parse()?, 0, ALL).await?;
        let workflow = fold(&history)?.context("the workflow left no history")?;
        let document =
            store.pipeline(&workflow.pipeline.hash).await?.context("the workflow left no document")?;
        store.close().await;
        Ok(Self { history, document: document.into() })
    }

    /// Its first event, under another id.
    pub(crate) fn create(&self, adw_id: &str) -> Result<NewWorkflow> {
        let mut first = self.history.first().context("a history has a first event")?.clone();
        let Event::TaskCreated { adw_id: named, .. } = &mut first.event else {
            anyhow::bail!("a history begins with task_created");
        };
        *named = adw_id.parse()?;
        let workflow = apply(None, &first)?;
        Ok(NewWorkflow { first, workflow, document: Arc::clone(&self.document) })
    }

    /// The writes after the first: a stage's end and the next one's start are one.
    pub(crate) fn steps(&self, created: &Workflow) -> Result<Vec<Step>> {
        let begins = |event: &Event| matches!(event, Event::WorkflowStarted | Event::StageCompleted { .. });
        let mut workflow = created.clone();
        let mut steps = Vec::new();
        for events in self.history[1..].chunk_by(|_, next| !begins(&next.event)) {
            let expected = workflow.seq;
            for event in events {
                workflow = apply(Some(workflow), event)?;
            }
            steps.push(Step { expected, events: events.to_vec(), after: workflow.clone() });
        }
        ensure!(workflow.status.is_ended(), "the workflow that was to be copied has not ended");
        Ok(steps)
    }
}

impl Step {
    pub(crate) fn append(self, id: RowId) -> Append {
        Append { id, expected: self.expected, events: self.events, workflow: self.after, document: None }
    }
}

/// Fills the home's database.
pub(crate) async fn write(options: &Options, home: &Home) -> Result<()> {
    let model = Arc::new(Model::run(options, home).await?);
    let store = Arc::new(SqliteStore::open(home.database()).await?);
    let mut writing = JoinSet::new();
    for writer in 0..AT_ONCE {
        let (model, store) = (Arc::clone(&model), Arc::clone(&store));
        let share = options.history() / AT_ONCE + usize::from(writer < options.history() % AT_ONCE);
        writing.spawn(async move {
            for _ in 0..share {
                whole(&model, &store, &new_id()).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = writing.join_next().await {
        done??;
    }
    store.close().await;
    Ok(())
}

/// A workflow in two writes: the first, and all others in one.
async fn whole(model: &Model, store: &SqliteStore, adw_id: &str) -> Result<()> {
    let created = store.create(model.create(adw_id)?).await?;
    let mut steps = model.steps(&created.workflow)?;
    let last = steps.pop().context("a workflow has more than one write")?;
    let events = steps.into_iter().flat_map(|step| step.events).chain(last.events).collect();
    store
        .append(Append {
            id: created.id,
            expected: created.workflow.seq,
            events,
            workflow: last.after,
            document: None,
        })
        .await?;
    Ok(())
}
