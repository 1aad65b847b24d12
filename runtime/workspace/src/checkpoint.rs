//! Checkpoints: what the worktree and the branch were at a moment, kept under `refs/adw/<adw_id>`.
//!
//! A checkpoint is a commit whose tree is the worktree's, child of the checkpoint before it. The branch's head is a
//! trailer of its message, and a further parent, so that git never collects what it needs. The first one is made with
//! the worktree and has the base as its parent. Its author is the identity that the workflow commits with: it is
//! thereby pinned at the workflow's first touch.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::commit::{self, NewCommit};
use crate::error::WorkspaceError;
use crate::git::Git;
use crate::identity::Identity;
use crate::ids::{CommitId, TreeId};
use crate::refs::{self, Head};
use crate::workspace::{Inner, Workspace, to_the_end};

/// A moment of a workspace that it can go back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Its name: the commit that holds it.
    pub id: CommitId,
    /// The worktree's content, untracked files included, ignored ones not.
    pub tree: TreeId,
    /// Where the branch was.
    pub head: CommitId,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Holds what the restore found, so that it is not lost.
    pub found: Checkpoint,
}

/// A checkpoint as it is recorded, with what every checkpoint of a workflow carries on.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) base: CommitId,
    pub(crate) identity: Identity,
}

impl Record {
    /// Reads a commit; none when it is no checkpoint of this workflow.
    pub(crate) fn read(
        id: CommitId,
        tree: TreeId,
        identity: Identity,
        message: &str,
        adw_id: &str,
    ) -> Option<Self> {
        let trailer = |name: &str| {
            let mut lines = message.lines().rev();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        if trailer("Adw-Workflow")? != adw_id {
            return None;
        }
        let head = trailer("Adw-Head")?.parse().ok()?;
        let base = trailer("Adw-Base")?.parse().ok()?;
        Some(Self { checkpoint: Checkpoint { id, tree, head }, base, identity })
    }
}

/// The message of a checkpoint, from which [`Record::read`] reads it again.
pub(crate) fn message(label: &str, adw_id: &str, head: &CommitId, base: &CommitId) -> String {
    format!("checkpoint: {label}\n\nAdw-Workflow: {adw_id}\nAdw-Head: {head}\nAdw-Base: {base}\n")
}

impl Workspace {
    /// Keeps the worktree and the branch's head as they are now, and names them. When neither changed since the last
    /// checkpoint, that one is the answer.
    ///
    /// The date is the caller's, so that asking again gives the same id.
    pub async fn checkpoint(&self, label: &str, date: Timestamp) -> Result<Checkpoint, WorkspaceError> {
        let (inner, label) = (self.inner(), one_line(label)?);
        to_the_end(async move {
            let _turn = inner.turn().await;
            let (head, last) = inner.refs().await?;
            let tree = inner.snapshot(&head.tree).await?;
            inner.keep(last.checkpoint, &label, date, &head, tree).await
        })
        .await
    }

    /// Makes the worktree and the branch what they were at a checkpoint of this workflow. What is found is kept as a
    /// checkpoint first, dated as given.
    ///
    /// Files that git ignores stay, unless one lies where the checkpoint has a file of its own: it is kept too.
    pub async fn restore(&self, checkpoint: &CommitId, date: Timestamp) -> Result<Restored, WorkspaceError> {
        let (inner, id) = (self.inner(), checkpoint.clone());
        to_the_end(async move {
            let _turn = inner.turn().await;
            let target = inner.find_checkpoint(&id).await?;
            let (head, last) = inner.refs().await?;
            let mut tree = inner.snapshot(&head.tree).await?;
            let in_the_way = inner.ignored_in_the_way(&tree, &target.tree).await?;
            if !in_the_way.is_empty() {
                tree = inner.force_into_snapshot(&in_the_way).await?;
            }
            let found = inner
                .keep(last.checkpoint, &format!("before the restore of {id}"), date, &head, tree)
                .await?;
            inner.make_tree(&found.tree, &target.tree).await?;
            if head.id != target.head {
                refs::move_branch(&inner.common_dir, &inner.branch, &head.id, &target.head, "adw: restore")
                    .await?;
            }
            let target_head = inner.head_of(&target.head).await?;
            inner.settle(&target_head.tree, &target.tree).await?;
            Ok(Restored { found })
        })
        .await
    }

    /// The newest checkpoint.
    pub async fn last_checkpoint(&self) -> Result<Checkpoint, WorkspaceError> {
        Ok(self.inner().refs().await?.1.checkpoint)
    }
}

/// A label has one line: the trailers that follow it are read back.
fn one_line(label: &str) -> Result<String, WorkspaceError> {
    if label.trim().is_empty() || label.contains('\0') {
        return Err(WorkspaceError::InvalidMessage);
    }
    Ok(label.split_whitespace().collect::<Vec<_>>().join(" "))
}

impl Inner {
    /// The checkpoint that holds this tree and head: the last one, or a new one after it.
    pub(crate) async fn keep(
        &self,
        last: Checkpoint,
        label: &str,
        date: Timestamp,
        head: &Head,
        tree: TreeId,
    ) -> Result<Checkpoint, WorkspaceError> {
        if last.tree == tree && last.head == head.id {
            return Ok(last);
        }
        let mut parents = vec![last.id.clone()];
        if head.id != last.head {
            parents.push(head.id.clone());
        }
        let new = NewCommit {
            tree: &tree,
            parents: &parents,
            message: &message(label, &self.adw_id, &head.id, &self.base),
            identity: &self.identity,
            date,
        };
        let id = commit::write(&self.common_dir, &new).await?;
        let checkpoint = Checkpoint { id, tree, head: head.id.clone() };
        refs::advance(&self.common_dir, &self.adw_id, &last, &checkpoint).await?;
        Ok(checkpoint)
    }

    /// A checkpoint by its id, if it is in this workflow's chain.
    async fn find_checkpoint(&self, id: &CommitId) -> Result<Checkpoint, WorkspaceError> {
        let missing = || WorkspaceError::NoSuchCheckpoint { id: id.clone(), adw_id: self.adw_id.clone() };
        let tip = refs::of_checkpoints(&self.adw_id);
        let within = Git::new(["merge-base", "--is-ancestor", id.as_str(), &tip]).git_dir(&self.common_dir);
        if !within.output().await?.status.success() {
            return Err(missing());
        }
        let show = Git::new(["log", "-1", "--no-show-signature", "--format=%T%n%B", id.as_str(), "--"]);
        let text = show.git_dir(&self.common_dir).text().await?;
        let (tree, message) = text.split_once('\n').ok_or_else(missing)?;
        Record::read(id.clone(), tree.parse()?, self.identity.clone(), message, &self.adw_id)
            .map(|record| record.checkpoint)
            .ok_or_else(missing)
    }
}
