//! `clock`: time, as the journal has it.

use serde::{Deserialize, Serialize};

/// A call of this interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// What time it is.
    Now,
    /// Waits.
    Sleep {
        /// For how long.
        milliseconds: u64,
    },
}

impl Call {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Now => "clock.now",
            Self::Sleep { .. } => "clock.sleep",
        }
    }
}

/// An answer of this interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To `now`: milliseconds since 1970.
    Now(u64),
    /// To `sleep`.
    Slept,
}
