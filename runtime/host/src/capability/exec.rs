//! `exec`: running a program in the worktree.

use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;

/// A program to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Its name, or its path in the worktree.
    pub program: String,
    /// Its arguments, without its name.
    pub args: Vec<String>,
    /// Added to the environment that the operator lets through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<(String, String)>,
    /// A folder of the worktree; its root when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// What it reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<Bytes>,
    /// How long it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// The command line, the program first, as grants see it.
pub(crate) fn argv(command: &Command) -> Vec<&str> {
    std::iter::once(command.program.as_str()).chain(command.args.iter().map(String::as_str)).collect()
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// By itself.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// It was stopped when its time was up.
    TimedOut,
}

/// What a program left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// What it wrote; at most 1 MiB, cut in the middle with a mark.
    pub stdout: Bytes,
    /// Likewise.
    pub stderr: Bytes,
    /// How long it took.
    pub duration_ms: u64,
}
