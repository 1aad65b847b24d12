//! artifacts: named results of the workflow.

use std::sync::Arc;

use adw_host::{
    Bytes, CallError,
    capability::artifacts::{Call, Reply},
};
use adw_store::Artifact;

use super::{Live, kept::room_for_artifact, values::unavailable};

impl Live {
    pub(super) async fn artifacts(&self, call: Call) -> Result<Reply, CallError> {
        match call {
            Call::Put { name, media_type, content } => self.put(name, media_type, content).await,
            Call::Get { name } => self.get(&name).await,
        }
    }

    async fn put(&self, name: String, media_type: String, content: Bytes) -> Result<Reply, CallError> {
        let engine = &self.options.engine;
        let size = content.0.len() as u64;
        let kept = self.artifacts_kept().await?;
        room_for_artifact(&kept, &name, size)?;
        // The bytes are durable before the row that names them.
        let content: Arc<[u8]> = content.0.into();
        let held = self.insist(|| engine.blobs.put(Arc::clone(&content))).await.map_err(|error| {
            CallError::Unavailable(format!("the artifact {name} could not be kept: {error}"))
        })?;
        let (stage, sha256) = (self.options.spec.name.clone(), held.sha256().to_owned());
        let artifact = Artifact { name, media_type, sha256: sha256.clone(), size, stage, at: self.now() };
        let put = || engine.store.put_artifact(self.options.id, artifact.clone());
        self.insist(put).await.map_err(unavailable)?;
        drop(held);
        Ok(Reply::Stored(sha256))
    }

    async fn artifacts_kept(&self) -> Result<Vec<Artifact>, CallError> {
        let (store, id) = (&self.options.engine.store, self.options.id);
        self.insist(|| store.artifacts(id)).await.map_err(unavailable)
    }

    async fn get(&self, name: &str) -> Result<Reply, CallError> {
        let engine = &self.options.engine;
        let artifacts = self.artifacts_kept().await?;
        let Some(artifact) = artifacts.into_iter().find(|artifact| artifact.name == name) else {
            return Ok(Reply::Content(None));
        };
        let content = engine.blobs.get(&artifact.sha256).await.map_err(|error| {
            CallError::Unavailable(format!("the artifact {name} could not be read: {error}"))
        })?;
        Ok(Reply::Content(content.map(Bytes)))
    }
}
