//! The two refs of a workflow: its branch, and `refs/adw/<adw_id>`, whose tip is its newest checkpoint.

use std::path::Path;

use crate::checkpoint::{Checkpoint, Record};
use crate::error::WorkspaceError;
use crate::git::Git;
use crate::identity::Identity;
use crate::ids::{CommitId, TreeId};

/// Where the branch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) id: CommitId,
    pub(crate) tree: TreeId,
}

/// What the refs of a workflow say, read at once.
#[derive(Debug)]
pub(crate) struct Refs {
    pub(crate) head: Option<Head>,
    pub(crate) last: Option<Record>,
}

/// One step of a change that is made whole or not at all.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    Create { name: &'a str, id: &'a CommitId },
    Move { name: &'a str, from: &'a CommitId, to: &'a CommitId },
}

pub(crate) fn of_branch(branch: &str) -> String {
    format!("refs/heads/{branch}")
}

pub(crate) fn of_checkpoints(adw_id: &str) -> String {
    format!("refs/adw/{adw_id}")
}

const FORMAT: &str = "--format=%(refname)%00%(symref)%00%(objectname)%00%(tree)%00%(authorname)%00%(authoremail:trim)%00%(contents)%00";

pub(crate) async fn read(common_dir: &Path, branch: &str, adw_id: &str) -> Result<Refs, WorkspaceError> {
    let (branch, checkpoints) = (of_branch(branch), of_checkpoints(adw_id));
    let listing =
        Git::new(["for-each-ref", FORMAT, &branch, &checkpoints]).git_dir(common_dir).bytes().await?;
    let listing = String::from_utf8_lossy(&listing);
    let mut refs = Refs { head: None, last: None };
    let fields: Vec<&str> = listing.split('\0').collect();
    for line in fields.chunks_exact(7) {
        let [name, symref, id, tree, author, email, message] = line else { continue };
        // git ends each record with a line break, which then stands before the next name.
        let name = name.trim_start_matches('\n');
        if !symref.is_empty() && (name == branch || name == checkpoints) {
            // What moves it would move the other.
            return Err(WorkspaceError::Symbolic { name: name.to_owned(), target: (*symref).to_owned() });
        }
        if name == branch {
            refs.head = Some(Head { id: id.parse()?, tree: tree.parse()? });
        } else if name == checkpoints {
            let identity = Identity { name: (*author).to_owned(), email: (*email).to_owned() };
            refs.last = Record::read(id.parse()?, tree.parse()?, identity, message, adw_id);
        }
    }
    Ok(refs)
}

/// Makes all steps, or none when one of the refs is not what the step expects.
pub(crate) async fn update(
    common_dir: &Path,
    reason: &str,
    steps: &[Step<'_>],
) -> Result<(), WorkspaceError> {
    let mut script = Vec::new();
    for step in steps {
        let line = match step {
            Step::Create { name, id } => format!("option no-deref\0create {name}\0{id}\0"),
            Step::Move { name, from, to } => format!("option no-deref\0update {name}\0{to}\0{from}\0"),
        };
        script.extend_from_slice(line.as_bytes());
    }
    Git::new(["update-ref", "-m", reason, "--stdin", "-z"]).git_dir(common_dir).stdin(script).bytes().await?;
    Ok(())
}

/// The branch that keeps a branch from being made: one whose name is the start of the other's.
pub(crate) async fn blocked(
    common_dir: &Path,
    branch: &str,
) -> Result<Option<WorkspaceError>, WorkspaceError> {
    let starts = branch.match_indices('/').map(|(end, _)| of_branch(&branch[..end]));
    let below = format!("{}/", of_branch(branch));
    let list = ["for-each-ref".to_owned(), "--format=%(refname:lstrip=2)".to_owned(), below];
    let found = Git::new(list.into_iter().chain(starts)).git_dir(common_dir).text().await?;
    // A name without an end of its own also lists what is below it, other workflows' branches among them.
    let other = found.lines().find(|other| {
        branch
            .strip_prefix(other)
            .or_else(|| other.strip_prefix(branch))
            .is_some_and(|rest| rest.starts_with('/'))
    });
    Ok(other
        .map(|other| WorkspaceError::BranchBlocked { branch: branch.to_owned(), other: other.to_owned() }))
}

/// Moves the branch from where it was seen; a third value is someone else's work and stays.
pub(crate) async fn move_branch(
    common_dir: &Path,
    branch: &str,
    from: &CommitId,
    to: &CommitId,
    reason: &str,
) -> Result<(), WorkspaceError> {
    let name = of_branch(branch);
    let Err(error) = update(common_dir, reason, &[Step::Move { name: &name, from, to }]).await else {
        return Ok(());
    };
    let found = Git::new(["rev-parse", "--verify", "--quiet", &name]).git_dir(common_dir).output().await?;
    let found = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    if found == from.as_str() { Err(error) } else { Err(moved(branch, from, &found)) }
}

pub(crate) fn moved(branch: &str, expected: &CommitId, found: &str) -> WorkspaceError {
    let found = if found.is_empty() { "nowhere (it was deleted)" } else { found };
    WorkspaceError::BranchMoved {
        branch: branch.to_owned(),
        expected: expected.clone(),
        found: found.to_owned(),
    }
}

/// Moves the checkpoints' ref on to its next.
pub(crate) async fn advance(
    common_dir: &Path,
    adw_id: &str,
    from: &Checkpoint,
    to: &Checkpoint,
) -> Result<(), WorkspaceError> {
    let name = of_checkpoints(adw_id);
    update(common_dir, "adw: checkpoint", &[Step::Move { name: &name, from: &from.id, to: &to.id }]).await
}
