//! What adw.toml allows a stage's plugin to do, and how much of the machine it may use.
//!
//! These are values: whether a call fits a grant is judged by the host, beside the calls.

use serde::{Deserialize, Serialize};

/// The permissions of one stage. What is absent is not allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grants {
    /// `workspace = "read"` or `"write"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceAccess>,
    /// `exec = [["cargo", "test", "**"]]`; an empty list lets a plugin load that imports `exec`, and run nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec: Option<Vec<ArgvPattern>>,
    /// `agent = ["name"]` or `["*"]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<Vec<String>>,
    /// `[[grants.http]]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<Vec<HttpGrant>>,
}

/// How far a plugin reaches into the worktree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkspaceAccess {
    /// Read files, list them, see diffs.
    Read,
    /// And write, remove, commit, checkpoint and restore.
    Write,
}

/// A command line that may be run: one pattern per argument, the program first.
///
/// `*` within an element stands for any characters of that one argument; the element `**` stands for any number of
/// arguments, none included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ArgvPattern(pub Vec<String>);

/// A destination that may be sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpGrant {
    /// `scheme://host[:port]`; `*.example.com` stands for every name below it.
    pub host: String,
    /// Methods in capitals.
    pub methods: Vec<String>,
    /// Names of `[secrets]` that may be filled in on the way to this host.
    #[serde(default)]
    pub secrets: Vec<String>,
}

/// Bounds of the guest itself. What its calls do outside is bounded by timeouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of linear memory.
    pub memory_bytes: u64,
    /// CPU time an attempt, in milliseconds; counted as fuel, so that it is the same on every machine.
    pub cpu_ms: u64,
}

impl Default for Limits {
    /// 256 MiB and 10 s.
    fn default() -> Self {
        Self { memory_bytes: 256 << 20, cpu_ms: 10_000 }
    }
}
