//! What clients ask of the engine, once it has been read and checked.

use adw_core::{AdwId, Priority, StageName, TaskType};
use adw_store::Stored;

/// A task that somebody hands over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTask {
    /// The id that the client chose; one is made where it chose none.
    pub adw_id: Option<AdwId>,
    /// One line.
    pub title: String,
    /// As long as it needs to be.
    pub description: Option<String>,
    /// What kind of work it is.
    pub task_type: TaskType,
    /// The kind in the client's words.
    pub task_type_as_sent: String,
    /// How urgent it is.
    pub priority: Priority,
    /// A name in `[projects.*]`; the only one, or `default`, where absent.
    pub project: Option<String>,
    /// What it goes through.
    pub route: Route,
    /// A unified diff for the `patch` agent.
    pub patch: Option<String>,
    /// The agent that is to do the work.
    pub agent: Option<String>,
}

/// What a task goes through.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// A pipeline of adw.toml, by name.
    Pipeline(String),
    /// These stages of adw.toml, in this order; aliases (`build`, `pr`, `deploy`) are understood.
    Stages(Vec<StageName>),
}

impl Default for Route {
    /// The pipeline `default`.
    fn default() -> Self {
        Self::Pipeline("default".to_owned())
    }
}

/// What a request to create came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Created {
    /// The workflow.
    pub stored: Stored,
    /// False where the same task had been handed over under this id before.
    pub new: bool,
}
