//! `artifacts`: named results of the workflow.

use serde::{Deserialize, Serialize};

use super::bounds::{self, MIB};
use crate::bindings::adw::stage::artifacts as bindings;
use crate::bytes::Bytes;
use crate::call;
use crate::guest::{Guest, Refused};

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

const NAME: usize = 256;
const MEDIA_TYPE: usize = 128;
const CONTENT: usize = 16 * MIB;

impl bindings::Host for Guest {
    async fn put(&mut self, name: String, media_type: String, content: Vec<u8>) -> Result<String, Refused> {
        bounds::name("the name", &name, NAME)?;
        bounds::name("the media type", &media_type, MEDIA_TYPE)?;
        bounds::at_most("the content's length", content.len(), CONTENT)?;
        let put = Call::Put { name, media_type, content: Bytes(content) };
        self.ask(call::Call::Artifacts(put), |reply| match reply {
            call::Reply::Artifacts(Reply::Stored(sha256)) => Some(sha256),
            _ => None,
        })
        .await
    }

    async fn get(&mut self, name: String) -> Result<Option<Vec<u8>>, Refused> {
        bounds::name("the name", &name, NAME)?;
        self.ask(call::Call::Artifacts(Call::Get { name }), |reply| match reply {
            call::Reply::Artifacts(Reply::Content(content)) => Some(content.map(|bytes| bytes.0)),
            _ => None,
        })
        .await
    }
}
