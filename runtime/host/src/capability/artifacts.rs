//! `artifacts`: named results of the workflow.

use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;

/// A call of this interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Keeps a result.
    Put {
        /// What it is fetched by.
        name: String,
        /// Like `text/markdown`.
        media_type: String,
        /// The result.
        content: Bytes,
    },
    /// Fetches one.
    Get {
        /// Its name.
        name: String,
    },
}

impl Call {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Put { .. } => "artifacts.put",
            Self::Get { .. } => "artifacts.get",
        }
    }
}

/// An answer of this interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To `put`: the sha256 of the content, in hex.
    Stored(String),
    /// To `get`: none where there is no such artifact.
    Content(Option<Bytes>),
}
