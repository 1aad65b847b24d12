//! state: small values that outlive an attempt.

use adw_host::{
    Bytes, CallError,
    capability::state::{Call, Reply},
};
use adw_store::StoreError;

use super::{Live, kept::room_for_value};

impl Live {
    pub(super) async fn state(&self, call: Call) -> Result<Reply, CallError> {
        let store = &self.options.engine.store;
        let (id, stage) = (self.options.id, &self.options.spec.name);
        match call {
            Call::Get { key } => {
                let value = store.value(id, stage, &plugin_key(&key)).await.map_err(unavailable)?;
                Ok(Reply::Value(value.map(Bytes)))
            }
            Call::Set { key, value } => {
                let key = plugin_key(&key);
                let kept = store.values_kept(id).await.map_err(unavailable)?;
                let before = store.value(id, stage, &key).await.map_err(unavailable)?;
                room_for_value(kept, &key, before.as_deref(), &value.0)?;
                store.set_value(id, stage, &key, value.0).await.map_err(unavailable)?;
                Ok(Reply::Set)
            }
        }
    }
}

/// A plugin's keys stand apart from those that the runtime keeps for the stage.
fn plugin_key(key: &str) -> String {
    format!("plugin/{key}")
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
pub(super) fn unavailable(error: StoreError) -> CallError {
    CallError::Unavailable(error.to_string())
}
