//! What a stage is given and what it gives back, as plain values.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an attempt at a stage is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The workflow's task.
    pub task: Task,
    /// The stage's name in its pipeline.
    pub stage: String,
    /// Why it runs.
    pub reason: Reason,
    /// `[stages.<name>.config]`, an object.
    pub config: Value,
    /// What earlier stages left, in the pipeline's order.
    pub earlier: Vec<Earlier>,
    /// What this version of the contract has no member for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
}

/// What a workflow was created for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The workflow's name.
    pub adw_id: String,
    /// One line.
    pub title: String,
    /// Empty where the person gave none.
    pub description: String,
    /// `feature`, `bug`, `chore` or `patch`.
    pub task_type: String,
    /// `low`, `medium`, `high` or `urgent`.
    pub priority: String,
}

/// Why a stage runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// For the first time.
    First,
    /// Again, for the n-th time, from 1.
    Retry(u32),
    /// A later stage sent the work back.
    Rework {
        /// The stage that did.
        stage: String,
        /// 1 for the first time.
        round: u32,
        /// What it said is wrong.
        feedback: String,
    },
}

/// What an earlier stage left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Its name in the pipeline.
    pub stage: String,
    /// Its one-line summary, or why it was skipped.
    pub summary: String,
    /// Its output; null when it was skipped.
    pub data: Value,
    /// Whether it was.
    pub skipped: bool,
}

/// A stage that found its work done or not needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The work is done.
    Done {
        /// One line for a person.
        summary: String,
        /// The stage's output.
        data: Value,
    },
    /// There was nothing to do; the text says why.
    Skipped(String),
}

/// A stage that says what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Another try may succeed.
    Retryable {
        /// What a retry policy names.
        class: String,
        /// What happened.
        message: String,
    },
    /// No try will succeed until something is changed.
    Fatal(String),
    /// The work of an earlier stage is not good enough; the text is that stage's feedback.
    Rework(String),
}

/// What a plugin says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// One line.
    pub summary: String,
    /// JSON Schema of its configuration.
    pub config_schema: Value,
    /// JSON Schema of its output.
    pub output_schema: Value,
}
