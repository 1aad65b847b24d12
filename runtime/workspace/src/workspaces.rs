//! All workspaces of a runtime: made when a stage first touches one, found again afterwards.

use std::collections::HashMap;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::checkpoint::{self, Checkpoint, Record};
use crate::commit::{self, NewCommit};
use crate::error::WorkspaceError;
use crate::git::Git;
use crate::identity::Identity;
use crate::ids::{CommitId, check_adw_id};
use crate::index::copy_with_time;
use crate::refs::{self, Head, Refs, Step};
use crate::repository::Repository;
use crate::trees::{self, Found};
use crate::workspace::{Inner, Workspace, to_the_end};

/// The workspaces beneath a runtime's folder: worktrees in `trees/<adw_id>`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Workspaces {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    data_dir: PathBuf,
    repositories: Locks<PathBuf>,
    workspaces: Locks<String>,
}

/// What a worktree is expected to hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expecting {
    /// Something, if something was kept.
    WhatWasKept,
    /// Whatever it holds.
    Anything,
}

/// What is left of what a workflow committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tip {
    /// Its branch.
    Branch,
    /// The branch is gone; its last commit is remembered.
    Remembered(CommitId),
    /// Neither is there.
    Nothing,
}

impl Workspaces {
    /// Keeps its worktrees in a folder, which is made where it is missing.
    pub fn new(data_dir: impl AsRef<Path>) -> Result<Self, WorkspaceError> {
        let given = data_dir.as_ref();
        for folder in ["trees", "index"] {
            let folder = given.join(folder);
            std::fs::create_dir_all(&folder).map_err(WorkspaceError::io("making the folder", &folder))?;
        }
        let data_dir = given.canonicalize().map_err(WorkspaceError::io("finding", given))?;
        let shared = Shared { data_dir, repositories: Locks::default(), workspaces: Locks::default() };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Opens the repository at a folder: a checkout, bare, or itself a worktree. A folder that has none gets a private
    /// one in the runtime's folder. `base` is what workflows begin from (a branch, tag or commit); none is `HEAD`.
    pub async fn open(
        &self,
        path: impl AsRef<Path>,
        base: Option<&str>,
    ) -> Result<Repository, WorkspaceError> {
        let lock_of = |common_dir: &Path| self.shared.repositories.of(common_dir.to_owned());
        Repository::open(path.as_ref(), base, &self.shared.data_dir, lock_of).await
    }

    /// The workspace of a workflow: found where it is whole, else made, from the base at first, later from what the
    /// branch and the last checkpoint hold.
    pub async fn ensure(
        &self,
        adw_id: &str,
        repository: &Repository,
        branch: &str,
    ) -> Result<Workspace, WorkspaceError> {
        self.ensure_for(Expecting::WhatWasKept, adw_id, repository, branch).await
    }

    /// The same, where a program works in it, or has worked in it since it was last kept: that there is no file in it is the
    /// program's doing.
    pub async fn ensure_as_it_is(
        &self,
        adw_id: &str,
        repository: &Repository,
        branch: &str,
    ) -> Result<Workspace, WorkspaceError> {
        self.ensure_for(Expecting::Anything, adw_id, repository, branch).await
    }

    async fn ensure_for(
        &self,
        expecting: Expecting,
        adw_id: &str,
        repository: &Repository,
        branch: &str,
    ) -> Result<Workspace, WorkspaceError> {
        check_adw_id(adw_id)?;
        let (this, repository) = (self.clone(), repository.clone());
        let (adw_id, branch) = (adw_id.to_owned(), branch.to_owned());
        to_the_end(async move {
            let _repository_turn = repository.turn().await?;
            let turn = this.shared.workspaces.of(adw_id.clone());
            let _turn = Arc::clone(&turn).lock_owned().await;
            let common_dir = repository.git_dir();
            let found = trees::find(common_dir, &this.tree_of(&adw_id))?;
            if found == Found::Foreign {
                return Err(WorkspaceError::ForeignFolder { path: this.tree_of(&adw_id) });
            }
            let known = refs::read(common_dir, &branch, &adw_id).await?;
            if found == Found::Stray && known.last.is_none() {
                return Err(WorkspaceError::ForeignFolder { path: this.tree_of(&adw_id) });
            }
            let (head, record) = known_or_begun(known, &repository, &branch, &adw_id).await?;
            let mut inner = this.describe(&repository, &adw_id, &branch, &record, turn);
            match found {
                // Where somebody removed all files by hand, what was last kept is made again, be it nothing.
                Found::Whole { git_dir }
                    if expecting == Expecting::Anything || !trees::has_no_file(&inner.path)? =>
                {
                    inner.git_dir = git_dir;
                    inner.clear_dead_locks()?;
                }
                found => inner.recreate(&head, record.checkpoint, found == Found::Stray).await?,
            }
            Ok(Workspace::new(inner, repository.clone()))
        })
        .await
    }

    /// The workspace of a workflow, if its worktree is there and whole. Makes nothing.
    pub async fn find(
        &self,
        adw_id: &str,
        repository: &Repository,
        branch: &str,
    ) -> Result<Option<Workspace>, WorkspaceError> {
        check_adw_id(adw_id)?;
        let Found::Whole { git_dir } = trees::find(repository.git_dir(), &self.tree_of(adw_id))? else {
            return Ok(None);
        };
        let known = refs::read(repository.git_dir(), branch, adw_id).await?;
        let Some(record) = known.last else { return Ok(None) };
        let turn = self.shared.workspaces.of(adw_id.to_owned());
        let mut inner = self.describe(repository, adw_id, branch, &record, turn);
        inner.git_dir = git_dir;
        Ok(Some(Workspace::new(inner, repository.clone())))
    }

    /// What a workflow's worktree can be made of again.
    pub async fn tip(
        &self,
        adw_id: &str,
        repository: &Repository,
        branch: &str,
    ) -> Result<Tip, WorkspaceError> {
        check_adw_id(adw_id)?;
        let known = refs::read(repository.git_dir(), branch, adw_id).await?;
        Ok(match (known.head, known.last) {
            (Some(_), _) => Tip::Branch,
            (None, Some(record)) => Tip::Remembered(record.checkpoint.head),
            (None, None) => Tip::Nothing,
        })
    }

    /// What a workflow changed since the commit that it began from: read off its worktree, or off its branch where the
    /// worktree is gone; none where it never had one.
    pub async fn diff(
        &self,
        adw_id: &str,
        repository: &Repository,
        branch: &str,
    ) -> Result<Option<String>, WorkspaceError> {
        if let Some(workspace) = self.find(adw_id, repository, branch).await? {
            match workspace.diff(Some("base")).await {
                // It was put away at this very moment.
                Err(_) if !self.has_folder(adw_id) => {}
                diff => return diff.map(Some),
            }
        }
        let known = refs::read(repository.git_dir(), branch, adw_id).await?;
        let Some(record) = known.last else { return Ok(None) };
        let turn = self.shared.workspaces.of(adw_id.to_owned());
        let inner = self.describe(repository, adw_id, branch, &record, turn);
        let from = inner.tree_of(record.base.as_str()).await?;
        let to = match known.head {
            Some(head) => head.tree,
            // Somebody took the branch over and deleted it: its last commit is remembered.
            None => inner.tree_of(record.checkpoint.head.as_str()).await?,
        };
        inner.diff_trees(&from, &to).await.map(Some)
    }

    /// Whether the workflow has a folder here. Asks the file system and not git, for those who must be quick.
    pub fn has_folder(&self, adw_id: &str) -> bool {
        check_adw_id(adw_id).is_ok() && trees::is_folder(&self.tree_of(adw_id))
    }

    fn tree_of(&self, adw_id: &str) -> PathBuf {
        self.shared.data_dir.join("trees").join(adw_id)
    }

    fn describe(
        &self,
        repository: &Repository,
        adw_id: &str,
        branch: &str,
        record: &Record,
        turn: Arc<Mutex<()>>,
    ) -> Inner {
        Inner {
            adw_id: adw_id.to_owned(),
            branch: branch.to_owned(),
            path: self.tree_of(adw_id),
            common_dir: repository.git_dir().to_owned(),
            git_dir: PathBuf::new(),
            private_index: self.shared.data_dir.join("index").join(adw_id),
            base: record.base.clone(),
            identity: record.identity.clone(),
            turn,
        }
    }
}

/// What the workflow's refs say; where it has none, they are made from the base, both or neither.
async fn known_or_begun(
    known: Refs,
    repository: &Repository,
    branch: &str,
    adw_id: &str,
) -> Result<(Head, Record), WorkspaceError> {
    match known {
        Refs { head: Some(head), last: Some(record) } => Ok((head, record)),
        Refs { head: Some(_), last: None } => Err(WorkspaceError::BranchTaken { branch: branch.to_owned() }),
        Refs { head: None, last: Some(record) } => {
            // Someone deleted the branch; the checkpoints know where it was.
            let (name, id) = (refs::of_branch(branch), &record.checkpoint.head);
            let steps = [Step::Create { name: &name, id }];
            refs::update(repository.git_dir(), "adw: made again", &steps).await?;
            let (head, _) = read_both(repository, branch, adw_id).await?;
            Ok((head, record))
        }
        Refs { head: None, last: None } => {
            begin(repository, branch, adw_id).await?;
            read_both(repository, branch, adw_id).await
        }
    }
}

/// Makes the branch at the base, and the first checkpoint.
async fn begin(repository: &Repository, branch: &str, adw_id: &str) -> Result<(), WorkspaceError> {
    let common_dir = repository.git_dir();
    check_branch(common_dir, branch).await?;
    let identity = Identity::of(common_dir).await?;
    let base = repository.begin(&identity).await?;
    let show = Git::new(["log", "-1", "--no-show-signature", "--format=%T %ct", base.as_str(), "--"]);
    let shown = show.git_dir(common_dir).text().await?;
    let (tree, seconds) = shown.split_once(' ').unwrap_or((&shown, "0"));
    // The base's own date: making it again gives the same checkpoint.
    let date = Timestamp::from_second(seconds.parse().unwrap_or_default()).unwrap_or(Timestamp::UNIX_EPOCH);
    let new = NewCommit {
        tree: &tree.parse()?,
        parents: std::slice::from_ref(&base),
        message: &checkpoint::message("the beginning", adw_id, &base, &base),
        identity: &identity,
        date,
    };
    let first = commit::write(common_dir, &new).await?;
    let (branch_ref, checkpoints) = (refs::of_branch(branch), refs::of_checkpoints(adw_id));
    let steps =
        [Step::Create { name: &branch_ref, id: &base }, Step::Create { name: &checkpoints, id: &first }];
    match refs::update(common_dir, "adw: begin", &steps).await {
        Err(failed) => Err(refs::blocked(common_dir, branch).await?.unwrap_or(failed)),
        done => done,
    }
}

async fn read_both(
    repository: &Repository,
    branch: &str,
    adw_id: &str,
) -> Result<(Head, Record), WorkspaceError> {
    match refs::read(repository.git_dir(), branch, adw_id).await? {
        Refs { head: Some(head), last: Some(record) } => Ok((head, record)),
        _ => Err(WorkspaceError::BranchTaken { branch: branch.to_owned() }),
    }
}

async fn check_branch(common_dir: &Path, branch: &str) -> Result<(), WorkspaceError> {
    let invalid = || WorkspaceError::InvalidBranch { branch: branch.to_owned() };
    // git looks in refs/ before refs/heads/: the checkpoints in refs/adw/ would hide such a branch from the person.
    if branch.contains('\0') || branch.starts_with('-') || branch.starts_with("adw/") {
        return Err(invalid());
    }
    let check = Git::new(["check-ref-format", "--branch", branch]).git_dir(common_dir).output().await?;
    let said = String::from_utf8_lossy(&check.stdout);
    if check.status.success() && said.trim_end_matches('\n') == branch { Ok(()) } else { Err(invalid()) }
}

impl Inner {
    /// Makes the worktree again from what its refs hold. A folder that git lost sight of is checkpointed before it
    /// goes.
    async fn recreate(&mut self, head: &Head, last: Checkpoint, stray: bool) -> Result<(), WorkspaceError> {
        let mut kept = last;
        if stray {
            let tree = self.snapshot(&head.tree).await?;
            kept = self.keep(kept, "found without git's note of it", Timestamp::now(), head, tree).await?;
        }
        trees::remove(&self.common_dir, &self.path).await?;
        self.git_dir = trees::add(&self.common_dir, &self.path, &self.branch).await?;
        copy_with_time(&self.git_dir.join("index"), &self.private_index).await?;
        // A checkpoint of an older head says nothing about what came after it.
        if kept.head == head.id && kept.tree != head.tree {
            self.make_tree(&head.tree, &kept.tree).await?;
            self.settle(&head.tree, &kept.tree).await?;
        }
        Ok(())
    }

    /// The tree and id of a commit that may be a head.
    pub(crate) async fn head_of(&self, id: &CommitId) -> Result<Head, WorkspaceError> {
        let tree = format!("{id}^{{tree}}");
        let tree = Git::new(["rev-parse", "--verify", &tree]).git_dir(&self.common_dir).text().await?;
        Ok(Head { id: id.clone(), tree: tree.parse()? })
    }
}

/// A lock for each key that is in use.
#[derive(Debug)]
struct Locks<K>(std::sync::Mutex<HashMap<K, Arc<Mutex<()>>>>);

impl<K> Default for Locks<K> {
    fn default() -> Self {
        Self(std::sync::Mutex::default())
    }
}

impl<K: Eq + Hash> Locks<K> {
    fn of(&self, key: K) -> Arc<Mutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(key).or_default())
    }
}
