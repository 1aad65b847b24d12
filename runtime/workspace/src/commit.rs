//! Commits to the workflow's branch.

use std::path::Path;

use jiff::Timestamp;

use crate::error::WorkspaceError;
use crate::git::Git;
use crate::identity::Identity;
use crate::ids::{CommitId, TreeId};
use crate::refs;
use crate::workspace::{Inner, Workspace, to_the_end};

/// All that a commit's id is computed from, so that writing it twice gives one commit.
#[derive(Debug)]
pub(crate) struct NewCommit<'a> {
    pub(crate) tree: &'a TreeId,
    pub(crate) parents: &'a [CommitId],
    pub(crate) message: &'a str,
    pub(crate) identity: &'a Identity,
    pub(crate) date: Timestamp,
}

/// Writes a commit that no ref names yet.
pub(crate) async fn write(common_dir: &Path, new: &NewCommit<'_>) -> Result<CommitId, WorkspaceError> {
    let mut args = vec!["commit-tree", new.tree.as_str(), "-F", "-"];
    for parent in new.parents {
        args.extend(["-p", parent.as_str()]);
    }
    // git knows no time before 1970.
    let date = format!("@{} +0000", new.date.as_second().max(0));
    Git::new(args)
        .git_dir(common_dir)
        .env("GIT_AUTHOR_NAME", &new.identity.name)
        .env("GIT_AUTHOR_EMAIL", &new.identity.email)
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_COMMITTER_NAME", &new.identity.name)
        .env("GIT_COMMITTER_EMAIL", &new.identity.email)
        .env("GIT_COMMITTER_DATE", &date)
        .stdin(new.message)
        .text()
        .await?
        .parse()
}

impl Workspace {
    /// Commits all that changed to the workflow's branch; none when nothing did.
    ///
    /// Author and date are given, so the same call on the same content gives the same id. The branch moves only from
    /// where it is found; someone's commit in between is [`WorkspaceError::BranchMoved`] and stays as it is.
    pub async fn commit(&self, message: &str, date: Timestamp) -> Result<Option<CommitId>, WorkspaceError> {
        self.commit_from(None, message, date).await
    }

    /// Like [`commit`](Self::commit), from a head that the caller remembers: doing it again after a crash finds the
    /// commit made and answers with it, and a branch that is elsewhere is [`WorkspaceError::BranchMoved`].
    pub async fn commit_onto(
        &self,
        parent: &CommitId,
        message: &str,
        date: Timestamp,
    ) -> Result<Option<CommitId>, WorkspaceError> {
        self.commit_from(Some(parent.clone()), message, date).await
    }

    async fn commit_from(
        &self,
        parent: Option<CommitId>,
        message: &str,
        date: Timestamp,
    ) -> Result<Option<CommitId>, WorkspaceError> {
        if message.trim().is_empty() || message.contains('\0') {
            return Err(WorkspaceError::InvalidMessage);
        }
        let (inner, message) = (self.inner(), format!("{}\n", message.trim_end()));
        to_the_end(async move {
            let _turn = inner.turn().await;
            inner.commit(parent, &message, date).await
        })
        .await
    }
}

impl Inner {
    async fn commit(
        &self,
        parent: Option<CommitId>,
        message: &str,
        date: Timestamp,
    ) -> Result<Option<CommitId>, WorkspaceError> {
        let head = self.refs().await?.0;
        let tree = self.snapshot(&head.tree).await?;
        let parent = parent.unwrap_or_else(|| head.id.clone());
        if parent == head.id && tree == head.tree {
            self.settle(&tree, &tree).await?;
            return Ok(None);
        }
        let new = NewCommit {
            tree: &tree,
            parents: std::slice::from_ref(&parent),
            message,
            identity: &self.identity,
            date,
        };
        let id = write(&self.common_dir, &new).await?;
        if parent == head.id {
            let reason = format!("adw: {}", message.lines().next().unwrap_or_default());
            refs::move_branch(&self.common_dir, &self.branch, &parent, &id, &reason).await?;
        } else if id != head.id {
            return Err(refs::moved(&self.branch, &parent, head.id.as_str()));
        }
        self.settle(&tree, &tree).await?;
        Ok(Some(id))
    }
}
