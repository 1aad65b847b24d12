//! `state`: small values that outlive an attempt.

use serde::{Deserialize, Serialize};

use super::bounds::{self, KIB};
use crate::bindings::adw::stage::state as bindings;
use crate::bytes::Bytes;
use crate::call;
use crate::guest::{Guest, Refused};

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

const KEY: usize = 256;
const VALUE: usize = 64 * KIB;

impl bindings::Host for Guest {
    async fn get(&mut self, key: String) -> Result<Option<Vec<u8>>, Refused> {
        bounds::name("the key", &key, KEY)?;
        self.ask(call::Call::State(Call::Get { key }), |reply| match reply {
            call::Reply::State(Reply::Value(value)) => Some(value.map(|bytes| bytes.0)),
            _ => None,
        })
        .await
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> Result<(), Refused> {
        bounds::name("the key", &key, KEY)?;
        bounds::at_most("the value's length", value.len(), VALUE)?;
        self.ask(call::Call::State(Call::Set { key, value: Bytes(value) }), |reply| match reply {
            call::Reply::State(Reply::Set) => Some(()),
            _ => None,
        })
        .await
    }
}
