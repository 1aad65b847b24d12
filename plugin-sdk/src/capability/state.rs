//! Small values that outlive an attempt.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::capability::handle;
use crate::imports::state;
use crate::{Error, Result};

handle! {
    /// Small values that outlive an attempt, per workflow and stage, kept as JSON.
    State
}

impl State<'_> {
    /// What was kept under a key, if anything.
    pub fn get<T: DeserializeOwned>(self, key: &str) -> Result<Option<T>> {
        let Some(value) = state::get(key).map_err(Error::from)? else {
            return Ok(None);
        };
        serde_json::from_slice(&value).map(Some).map_err(|error| {
            Error::Invalid(format!("the state `{key}` is not what this stage keeps there: {error}"))
        })
    }

    /// Keeps a value: a key of at most 256 bytes, a value of at most 64 KiB.
    pub fn set(self, key: &str, value: &impl Serialize) -> Result<()> {
        let value = serde_json::to_vec(value).map_err(|error| {
            Error::Invalid(format!("the state `{key}` can't be written as JSON: {error}"))
        })?;
        state::set(key, &value).map_err(Error::from)
    }
}
