//! `log`: lines for the person who watches.

use serde::{Deserialize, Serialize};

/// A call of this interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// A line.
    Write {
        /// How much it matters.
        level: Level,
        /// Its text, free of terminal escapes and of bounded length.
        message: String,
    },
    /// How far the stage is.
    Progress {
        /// 0 to 100.
        percent: u8,
        /// What it is at.
        message: String,
    },
}

impl Call {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Write { .. } => "log.write",
            Self::Progress { .. } => "log.progress",
        }
    }
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For the plugin's author.
    Debug,
    /// For who watches.
    Info,
    /// Something is odd.
    Warn,
    /// Something is wrong.
    Error,
}
