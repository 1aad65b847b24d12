//! What a workflow left, for those who ask: log lines, artifacts, the diff.

use adw_core::{AdwId, Workflow};
use adw_store::{Artifact, Stored};
use adw_workspace::WorkspaceError;

use crate::{CommandError, LogPage, LogQuery, inner::Inner, live};

pub(crate) async fn logs(engine: &Inner, adw_id: &AdwId, query: LogQuery) -> Result<LogPage, CommandError> {
    let stored = find(engine, adw_id).await?;
    let stages =
        stored.workflow.every_stage().filter(|stage| query.stage.as_ref().is_none_or(|s| *s == stage.name));
    let attempts: Vec<_> = stages
        .flat_map(|stage| (1..=stage.attempt).map(|attempt| (stage.name.clone(), attempt)))
        .filter(|(_, attempt)| query.attempt.is_none_or(|wanted| wanted == *attempt))
        .collect();
    let page = engine.logs.read(adw_id, &attempts, query.offset, query.limit).await;
    page.map_err(|error| unreadable(adw_id, format!("its log can't be read: {error}")))
}

pub(crate) async fn artifacts(engine: &Inner, adw_id: &AdwId) -> Result<Vec<Artifact>, CommandError> {
    let stored = find(engine, adw_id).await?;
    Ok(engine.store.artifacts(stored.id).await?)
}

pub(crate) async fn artifact(
    engine: &Inner,
    adw_id: &AdwId,
    name: &str,
) -> Result<Option<(Artifact, Vec<u8>)>, CommandError> {
    let artifacts = artifacts(engine, adw_id).await?;
    let Some(artifact) = artifacts.into_iter().find(|artifact| artifact.name == name) else {
        return Ok(None);
    };
    match engine.blobs.get(&artifact.sha256).await {
        Ok(Some(bytes)) => Ok(Some((artifact, bytes))),
        Ok(None) => Err(unreadable(adw_id, format!("the bytes of its artifact {name} are missing"))),
        Err(error) => Err(unreadable(adw_id, format!("its artifact {name} can't be read: {error}"))),
    }
}

pub(crate) async fn diff(engine: &Inner, adw_id: &AdwId) -> Result<String, CommandError> {
    let stored = find(engine, adw_id).await?;
    let pipeline = engine.ledger.pipeline(&stored.workflow).await?;
    let project = &pipeline.project;
    let branch = stored.workflow.branch();
    let diff = async {
        let repository = engine.workspaces.open(&project.repo, project.base.as_deref()).await?;
        engine.workspaces.diff(adw_id.as_str(), &repository, &branch).await
    };
    let diff: Result<_, WorkspaceError> = diff.await;
    match diff.map_err(|error| unreadable(adw_id, format!("its diff can't be made: {error}")))? {
        Some(diff) => Ok(diff),
        None if live::has_begun(engine.store.as_ref(), stored.id).await? => {
            Err(CommandError::BranchGone { adw_id: adw_id.clone(), branch, repository: project.repo.clone() })
        }
        None => Ok(String::new()),
    }
}

/// Removes the worktree of a workflow that needs it no more, if its branch holds all that is in it: so the person can
/// check the branch out, and the disk doesn't fill up. What was not committed stays for a look.
pub(crate) async fn put_away(engine: &Inner, workflow: &Workflow) {
    let adw_id = &workflow.adw_id;
    if !engine.workspaces.has_folder(adw_id.as_str()) {
        return;
    }
    let removed = async {
        let pipeline = engine.ledger.pipeline(workflow).await.map_err(|error| error.to_string())?;
        let project = &pipeline.project;
        let open = engine.workspaces.open(&project.repo, project.base.as_deref());
        let repository = open.await.map_err(|error| error.to_string())?;
        let found = engine.workspaces.find(adw_id.as_str(), &repository, &workflow.branch()).await;
        match found.map_err(|error| error.to_string())? {
            Some(workspace) => workspace.remove_if_committed().await.map_err(|error| error.to_string()),
            None => Ok(false),
        }
    };
    if let Err(reason) = removed.await {
        tracing::warn!(%adw_id, reason, "the worktree could not be put away");
    }
}

pub(crate) async fn find(engine: &Inner, adw_id: &AdwId) -> Result<Stored, CommandError> {
    engine.store.workflow(adw_id).await?.ok_or_else(|| CommandError::NotFound(adw_id.clone()))
}

fn unreadable(adw_id: &AdwId, reason: String) -> CommandError {
    tracing::warn!(%adw_id, reason);
    CommandError::Unreadable { adw_id: adw_id.clone(), reason }
}
