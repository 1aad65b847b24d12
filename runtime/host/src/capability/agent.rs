//! `agent`: asking a coding agent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an agent is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The prompt.
    pub prompt: String,
    /// An agent's name in adw.toml; the runtime chooses when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Goes on in a session that an earlier answer named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Whether it may change the worktree.
    pub writes: bool,
    /// JSON Schema that its answer is to satisfy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// How long it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// What an agent answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The agent that did it.
    pub agent: String,
    /// What it said.
    pub text: String,
    /// A JSON value, where a schema was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structured: Option<Value>,
    /// The session to go on in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Paths that differ from before the call, sorted.
    pub changes: Vec<String>,
    /// `cost_usd`, `input_tokens`, … as far as they are known.
    pub usage: BTreeMap<String, String>,
}

/// An agent that ran, and failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// `rate_limit`, `auth`, `timeout`, `bad_patch`, …
    pub class: String,
    /// What happened.
    pub message: String,
    /// The session to go on in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}
