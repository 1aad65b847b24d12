//! Taking a task: its names are resolved, an id is made, and the first event is written.

use std::sync::Arc;

use adw_config::Config;
use adw_core::{AdwId, Create, Document, InvalidName, Task, TaskType, Timestamp, quoted};
use adw_store::{StoreError, Stored};

use crate::{CommandError, CreateError, Created, NewTask, clock::chance, inner::Inner};

pub(crate) async fn create(engine: &Arc<Inner>, new: NewTask) -> Result<Created, CreateError> {
    if engine.is_stopping() {
        return Err(CreateError::Stopping);
    }
    // One reading of adw.toml for all of it.
    let served = engine.catalog.served();
    let config = &served.config;
    let limit = config.limits.queue;
    if engine.scheduler.load().0 >= limit {
        return Err(CreateError::QueueFull { limit: limit as u64 });
    }
    let project = project(config, new.project.as_deref())?;
    let document = served.resolve(&new.route, &project)?;
    check_agent(config, new.agent.as_deref())?;
    let adw_id = match &new.adw_id {
        Some(adw_id) => adw_id.clone(),
        None => new_adw_id(new.task_type, engine.clock.now())
            .map_err(|error| CreateError::Invalid { field: "adw_id", message: error.to_string() })?,
    };
    let create = Create { adw_id: adw_id.clone(), task: task(new, project) };
    let first = create.clone().event(&document);
    match engine.ledger.create(first, &document, |stored| engine.react(stored)).await {
        Ok(stored) => Ok(Created { stored, new: true }),
        Err(StoreError::Taken(_)) => the_same(engine, &create, &document).await,
        Err(error) => Err(error.into()),
    }
}

/// An id that is taken is no error where it was taken by this very task: the answer to a client that asks again.
async fn the_same(engine: &Inner, create: &Create, document: &Document) -> Result<Created, CreateError> {
    let taken = || CreateError::Taken(create.adw_id.clone());
    let look = engine.ledger.look(&create.adw_id, |stored| engine.react(stored)).await;
    let stored: Stored = match look {
        Ok(stored) => stored,
        Err(CommandError::Store(error)) => return Err(error.into()),
        Err(_) => return Err(taken()),
    };
    let there = &stored.workflow;
    let asked = document.pipeline.all_stages().map(|stage| &stage.name);
    let same_stages = there.stages.iter().map(|stage| &stage.name).eq(asked);
    if *there.task == create.task && same_stages {
        return Ok(Created { stored, new: false });
    }
    Err(taken())
}

/// An id for a task: `adw_<type>_<unix seconds>_<8 hex>`, ordered by time where it matters, in the indexes.
pub fn new_adw_id(task_type: TaskType, now: Timestamp) -> Result<AdwId, InvalidName> {
    format!("adw_{}_{}_{:08x}", task_type.as_str(), now.as_millis() / 1000, chance()).parse()
}

/// The project that was named; else `default`, else the first.
fn project(config: &Config, named: Option<&str>) -> Result<String, CreateError> {
    let default = || config.default_project().map(|project| project.name.clone());
    named.map(str::to_owned).or_else(default).ok_or_else(|| CreateError::Invalid {
        field: "project",
        message: "adw.toml has no project; add [projects.default] with repo = \".\"".to_owned(),
    })
}

fn check_agent(config: &Config, named: Option<&str>) -> Result<(), CreateError> {
    let Some(name) = named else { return Ok(()) };
    let configured = config.agents.iter().map(|agent| agent.name.as_str());
    let known: Vec<_> = configured.chain(adw_config::BUILTIN_AGENTS.iter().copied()).collect();
    if known.contains(&name) {
        return Ok(());
    }
    let message = format!("there is no agent {}; there are {}", quoted(name), known.join(", "));
    Err(CreateError::Invalid { field: "agent", message })
}

fn task(new: NewTask, project: String) -> Task {
    Task {
        title: new.title,
        description: new.description,
        task_type: new.task_type,
        task_type_as_sent: new.task_type_as_sent,
        priority: new.priority,
        project,
        patch: new.patch,
        agent: new.agent,
    }
}
