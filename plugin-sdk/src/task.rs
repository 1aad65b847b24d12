//! What a stage is told: the task, why it runs, what earlier stages left.

use core::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Error;
use crate::bindings::adw::stage::types;

/// The task that the workflow was created for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Task {
    /// The workflow's id.
    pub adw_id: String,
    /// What is to be done, in a line.
    pub title: String,
    /// More about it; empty where the person gave none.
    pub description: String,
    /// What kind of work it is.
    pub kind: TaskKind,
    /// `low`, `medium`, `high` or `urgent`.
    pub priority: String,
}

/// What kind of work a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskKind {
    /// Something new.
    Feature,
    /// Something that is wrong.
    Bug,
    /// Something that keeps the house in order.
    Chore,
    /// A small change that is known already.
    Patch,
}

impl TaskKind {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Bug => "bug",
            Self::Chore => "chore",
            Self::Patch => "patch",
        }
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why a stage runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// For the first time.
    First,
    /// Again, after a failure that another try may mend; the number of this retry, from 1.
    Retry(u32),
    /// Again, because a later stage found its work wanting.
    Rework(Rework),
}

/// What a later stage found wanting.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rework {
    /// The stage that sent the work back.
    pub stage: String,
    /// 1 for the first time.
    pub round: u32,
    /// What it said is wrong.
    pub feedback: String,
}

/// What an earlier stage of this workflow left.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Earlier {
    /// Its name in the pipeline.
    pub stage: String,
    /// Its one-line summary, or why it was skipped.
    pub summary: String,
    /// Its output; `null` when skipped.
    pub data: Value,
    /// Whether it found nothing to do.
    pub skipped: bool,
}

impl Earlier {
    /// Its output as a type of yours.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        T::deserialize(&self.data).map_err(|error| {
            Error::Invalid(format!(
                "the output of stage `{}` is not what this stage reads: {error}",
                self.stage
            ))
        })
    }
}

impl TryFrom<types::Task> for Task {
    type Error = Error;

    fn try_from(task: types::Task) -> Result<Self, Error> {
        let kind = match task.task_type.as_str() {
            "feature" => TaskKind::Feature,
            "bug" => TaskKind::Bug,
            "chore" => TaskKind::Chore,
            "patch" => TaskKind::Patch,
            other => {
                return Err(Error::Invalid(format!("the host sent a task of the unknown type `{other}`")));
            }
        };
        Ok(Self {
            adw_id: task.adw_id,
            title: task.title,
            description: task.description,
            kind,
            priority: task.priority,
        })
    }
}

impl From<types::Reason> for Reason {
    fn from(reason: types::Reason) -> Self {
        match reason {
            types::Reason::First => Self::First,
            types::Reason::Retry(number) => Self::Retry(number),
            types::Reason::Rework(rework) => {
                Self::Rework(Rework { stage: rework.stage, round: rework.round, feedback: rework.feedback })
            }
        }
    }
}

impl TryFrom<types::Earlier> for Earlier {
    type Error = Error;

    fn try_from(earlier: types::Earlier) -> Result<Self, Error> {
        let data = serde_json::from_str(&earlier.data).map_err(|error| {
            Error::Invalid(format!(
                "the host sent the output of stage `{}` as no JSON: {error}",
                earlier.stage
            ))
        })?;
        Ok(Self { stage: earlier.stage, summary: earlier.summary, data, skipped: earlier.skipped })
    }
}
