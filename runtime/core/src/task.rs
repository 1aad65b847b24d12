//! What a person asked for. It never changes once the workflow is created.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::quoted;

/// A task, as it was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// One line.
    pub title: String,
    /// As long as it needs to be, up to 1 MiB; may hold a unified diff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What kind of work it is.
    #[serde(rename = "type")]
    pub task_type: TaskType,
    /// The kind in the words of the person who asked, an alias perhaps.
    pub task_type_as_sent: String,
    /// Among waiting workflows, higher goes first.
    pub priority: Priority,
    /// The name in `[projects.*]` of the repository to work on.
    pub project: String,
    /// A unified diff that the `patch` agent is to apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// The agent that is to do the work, a name in `[agents.*]` or a built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// The kinds of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskType {
    /// Something new.
    #[default]
    Feature,
    /// Something that is wrong.
    Bug,
    /// Something that has to be done.
    Chore,
    /// Something small, known to the letter.
    Patch,
}

impl TaskType {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Feature, Self::Bug, Self::Chore, Self::Patch];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Bug => "bug",
            Self::Chore => "chore",
            Self::Patch => "patch",
        }
    }
}

/// A word that names no kind of work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "task type {} is unknown: use feature, bug, chore or patch (or enhancement, refactor, documentation)",
    quoted(.0)
)]
pub struct UnknownTaskType(pub String);

impl FromStr for TaskType {
    type Err = UnknownTaskType;

    /// Takes the aliases of the old client too.
    fn from_str(word: &str) -> Result<Self, UnknownTaskType> {
        match word {
            "feature" | "enhancement" => Ok(Self::Feature),
            "bug" => Ok(Self::Bug),
            "chore" | "refactor" | "documentation" => Ok(Self::Chore),
            "patch" => Ok(Self::Patch),
            _ => Err(UnknownTaskType(word.to_owned())),
        }
    }
}

/// How urgent a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// After everything else.
    Low,
    /// The ordinary one.
    #[default]
    Medium,
    /// Before ordinary work.
    High,
    /// Before everything else.
    Urgent,
}

impl Priority {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
}
