//! What a person is asked: a plugin's question, or work that their own hands are to do.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{StageName, Timestamp};

/// A question to a person. The attempt that asks it has given up everything but its journal, and goes on in the middle
/// once there is an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The stage that asks.
    pub stage: StageName,
    /// The attempt that asks.
    pub attempt: u32,
    /// The number of the call that asks, in that attempt.
    pub call: u32,
    /// What is asked.
    pub message: String,
    /// The answers to choose from; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// JSON Schema of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// What becomes of it where nobody answers; none where it waits for as long as it takes.
    #[serde(flatten)]
    pub default: Option<DefaultAnswer>,
}

/// The answer that a question gets where nobody gives one in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultAnswer {
    /// When it is taken.
    pub until: Timestamp,
    /// The answer.
    #[serde(rename = "default")]
    pub answer: Value,
}

/// Work that an agent would do, and a person does by hand. The answer says whether it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandWork {
    /// Who asks, and that [`DONE`](Self::DONE) and [`FAILED`](Self::FAILED) are the answers.
    #[serde(flatten)]
    pub question: Question,
    /// What is to be done, as an agent would be told.
    pub prompt: String,
    /// The folder in which it is to be done; absolute.
    pub worktree: PathBuf,
    /// A line for a shell that goes there and shows the prompt.
    pub command: String,
}

impl HandWork {
    /// The work is done.
    pub const DONE: &str = "done";
    /// It can't be done.
    pub const FAILED: &str = "failed";
}

/// An answer, until the attempt that asked has used it up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The call that it answers.
    pub call: u32,
    /// The answer.
    pub answer: Value,
    /// What the person said beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
