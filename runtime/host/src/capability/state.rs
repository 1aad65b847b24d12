//! `state`: small values that outlive an attempt.

use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;

/// A call of this interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Reads a value.
    Get {
        /// Its key.
        key: String,
    },
    /// Writes a value.
    Set {
        /// Its key.
        key: String,
        /// The value.
        value: Bytes,
    },
}

impl Call {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Get { .. } => "state.get",
            Self::Set { .. } => "state.set",
        }
    }
}

/// An answer of this interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To `get`: none where nothing was set.
    Value(Option<Bytes>),
    /// To `set`.
    Set,
}
