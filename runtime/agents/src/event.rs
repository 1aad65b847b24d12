//! What an agent lets see while it works.

use serde::{Deserialize, Serialize};

use crate::exec::Stream;

/// One event of an agent's run, the same for every backend, told as it comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AgentEvent {
    /// The agent named its session.
    Session {
        /// What it can be resumed by.
        id: String,
    },
    /// The agent said something.
    Text {
        /// What it said.
        text: String,
    },
    /// The agent used one of its tools.
    ToolUse {
        /// The tool's name.
        name: String,
        /// What it was used for, in short.
        detail: String,
    },
    /// What the run has used so far.
    Usage {
        /// `cost_usd`, `input_tokens`, …
        name: String,
        /// The amount.
        value: String,
    },
    /// A line of output that has no better name.
    Log {
        /// Where it was written.
        stream: Stream,
        /// The line, without its line break.
        line: String,
    },
}
