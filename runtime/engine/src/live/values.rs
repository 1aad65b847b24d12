//! state: small values that outlive an attempt.

use adw_host::{
    Bytes, CallError,
    capability::state::{Call, Reply},
};
use adw_store::StoreError;

use super::{Live, kept::room_for_value};

impl Live {
    pub(super) async fn state(&self, call: Call) -> Result<Reply, CallError> {
        match call {
            Call::Get { key } => {
                let value = self.value(&plugin_key(&key)).await?;
                Ok(Reply::Value(value.map(Bytes)))
            }
            Call::Set { key, value } => {
                let key = plugin_key(&key);
                let (store, id) = (&self.options.engine.store, self.options.id);
                let kept = self.insist(|| store.values_kept(id, PLUGINS)).await.map_err(unavailable)?;
                let before = self.value(&key).await?;
                room_for_value(kept, &key, before.as_deref(), &value.0)?;
                self.set_value(&key, &value.0).await?;
                Ok(Reply::Set)
            }
        }
    }

    /// A value of the stage, a plugin's or the runtime's own.
    pub(super) async fn value(&self, key: &str) -> Result<Option<Vec<u8>>, CallError> {
        let (store, id, stage) = (&self.options.engine.store, self.options.id, &self.options.spec.name);
        self.insist(|| store.value(id, stage, key)).await.map_err(unavailable)
    }

    pub(super) async fn set_value(&self, key: &str, value: &[u8]) -> Result<(), CallError> {
        let (store, id, stage) = (&self.options.engine.store, self.options.id, &self.options.spec.name);
        self.insist(|| store.set_value(id, stage, key, value.to_vec())).await.map_err(unavailable)
    }
}

/// A plugin's keys stand apart from those that the runtime keeps for the stage, and only they count against its bound.
const PLUGINS: &str = "plugin/";

fn plugin_key(key: &str) -> String {
    format!("{PLUGINS}{key}")
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
pub(super) fn unavailable(error: StoreError) -> CallError {
    CallError::Unavailable(error.to_string())
}
