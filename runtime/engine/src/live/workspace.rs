//! workspace and workspace-write: the workflow's worktree, made when a stage first touches it.

use adw_core::{Timestamp, WorkspaceAccess};
use adw_host::{
    Bytes, CallError,
    capability::{workspace as read, workspace_write as write},
};
use adw_store::{RowId, Store, StoreError};
use adw_workspace::{CommitId, ErrorKind, Workspace, WorkspaceError};
use serde::{Deserialize, Serialize};

use super::{Live, doubt::Found};
use crate::logs::{LogLevel, LogSource};

/// The most that a plugin gets in answer to one call: a file, a list of paths, a diff.
const LARGEST_ANSWER: u64 = 16 << 20;

/// The stage value that says where the present round of the stage began.
const BEGAN: &str = "runtime/began";

/// Where a round of a stage began: its attempts start from the same tree.
#[derive(Clone, Serialize, Deserialize)]
struct Began {
    round: u32,
    /// The newest attempt that works on it.
    #[serde(default)]
    attempt: u32,
    checkpoint: CommitId,
    /// The tree as it was left to a person whose answer the attempt waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<CommitId>,
}

/// The worktree of an attempt.
pub(super) struct Opened {
    pub(super) workspace: Workspace,
    began: Began,
}

/// Whether a stage of the workflow has had its worktree.
pub(crate) async fn has_begun(store: &dyn Store, workflow: RowId) -> Result<bool, StoreError> {
    Ok(store.values_kept(workflow, BEGAN).await?.values > 0)
}

impl Live {
    pub(super) async fn read_workspace(&self, call: read::Call) -> Result<read::Reply, CallError> {
        let workspace = self.workspace().await?;
        match call {
            read::Call::Read { path } => {
                let file = workspace.read(&path, LARGEST_ANSWER).await.map_err(answer)?;
                Ok(read::Reply::File(Bytes(file)))
            }
            read::Call::Glob { pattern } => {
                let paths = workspace.glob(&pattern).await.map_err(answer)?;
                fits(
                    "the list of paths",
                    paths.iter().map(String::len).sum(),
                    "ask with a narrower pattern",
                )?;
                Ok(read::Reply::Paths(paths))
            }
            read::Call::Diff { since } => {
                let diff = workspace.diff(since.as_deref()).await.map_err(answer)?;
                fits("the diff", diff.len(), "ask for what differs since a later checkpoint")?;
                Ok(read::Reply::Diff(diff))
            }
        }
    }

    pub(super) async fn write_workspace(&self, n: u32, call: write::Call) -> Result<write::Reply, CallError> {
        let workspace = self.workspace().await?;
        match call {
            write::Call::Write { path, content } => {
                workspace.write(&path, content.0).await.map_err(answer)?;
                Ok(write::Reply::Done)
            }
            write::Call::Remove { path } => {
                workspace.remove_file(&path).await.map_err(answer)?;
                Ok(write::Reply::Done)
            }
            write::Call::Commit { message } => {
                // Made again, it finds the commit that it made before.
                let (Found::New(before) | Found::InDoubt(before)) =
                    self.found(n, "before a commit", None).await?;
                let date = git_time(before.at);
                let commit = || workspace.commit_onto(&before.head, &message, date);
                let commit = self.insist(commit).await.map_err(answer)?;
                Ok(write::Reply::Commit(commit.map(String::from)))
            }
            write::Call::Checkpoint { label } => {
                let checkpoint = workspace.checkpoint(&label, self.git_time()).await.map_err(answer)?;
                Ok(write::Reply::Checkpoint(checkpoint.id.into()))
            }
            write::Call::Restore { checkpoint } => {
                let checkpoint: CommitId = checkpoint.parse().map_err(answer)?;
                workspace.restore(&checkpoint, self.git_time()).await.map_err(answer)?;
                Ok(write::Reply::Done)
            }
        }
    }

    /// Keeps the tree as the attempt leaves it, if it touched it: in this run or in an earlier one, before a question. What a stage that may not change anything has left
    /// lying about (what its commands wrote: caches, reports) is kept as a checkpoint, and taken off the tree again: it
    /// is no part of the work. A disk that is full is waited for only where something was achieved.
    pub(crate) async fn finish(&self, achieved: bool) -> Result<(), CallError> {
        let Some(opened) = self.touched().await? else { return Ok(()) };
        let keep = || self.keep_end(opened);
        let kept = if achieved { self.insist(keep).await } else { keep().await };
        kept.map_err(answer)?;
        if achieved {
            self.tell_what_is_held(&opened.workspace).await;
        }
        // What a stage that has failed left is not taken over by one that comes after the end.
        let takes_over = achieved && !self.may_change() && self.options.workflow.failure().is_none();
        if takes_over { self.commit_what_was_found(opened).await } else { Ok(()) }
    }

    async fn keep_end(&self, opened: &Opened) -> Result<(), WorkspaceError> {
        let end = opened.workspace.checkpoint(&self.label("end"), self.git_time()).await?;
        failure_point!(Checkpointing);
        if end.id != opened.began.checkpoint && !self.may_change() {
            opened.workspace.restore(&opened.began.checkpoint, self.git_time()).await?;
        }
        Ok(())
    }

    /// Work in repositories within the worktree is on no branch of the workflow's: whoever takes the result over is to know
    /// where it is.
    async fn tell_what_is_held(&self, workspace: &Workspace) {
        let held = match workspace.held_within().await {
            Ok(held) => held.iter().map(ToString::to_string).collect(),
            Err(error) => {
                vec![format!("whether repositories within the worktree hold work can't be seen: {error}")]
            }
        };
        for held in held {
            let said = format!(
                "{held}: no branch of the task has that, and the worktree {} stays for it",
                workspace.path().display()
            );
            self.say(LogLevel::Warn, LogSource::Runtime, said).await;
        }
    }

    /// What lay uncommitted in the worktree when the stage began, most often a person's mending of a stage that had failed,
    /// is part of what succeeded, and so of the branch: what was tested is what is merged.
    async fn commit_what_was_found(&self, opened: &Opened) -> Result<(), CallError> {
        let message = format!("Take over what lay in the worktree when {} succeeded", self.options.spec.name);
        let commit = || opened.workspace.commit(&message, self.git_time());
        if let Some(commit) = self.insist(commit).await.map_err(answer)? {
            let said = format!(
                "what was changed in the worktree and not committed is on the branch now, as {commit:.12}"
            );
            self.say(LogLevel::Info, LogSource::Runtime, &said).await;
        }
        Ok(())
    }

    /// Keeps the tree as it is left to a person who is asked, if the attempt touched it, and notes it: what is found
    /// there afterwards and differs is the person's.
    pub(super) async fn leave(&self) -> Result<(), CallError> {
        let Some(opened) = self.touched().await? else { return Ok(()) };
        let left = self.checkpoint("before a question").await?;
        self.set_began(&Began { left: Some(left), ..opened.began.clone() }).await
    }

    /// The worktree, if the attempt has touched it. What an earlier run of it did is answered from the journal, and so
    /// opens nothing in this one.
    async fn touched(&self) -> Result<Option<&Opened>, CallError> {
        if let Some(opened) = self.workspace.get() {
            return Ok(Some(opened));
        }
        if !self.options.resumed || !self.began().await?.is_some_and(|began| self.is_ours(&began)) {
            return Ok(None);
        }
        self.opened().await.map(Some)
    }

    /// Whether what the stage leaves on the tree is meant.
    fn may_change(&self) -> bool {
        let grants = &self.options.spec.grants;
        grants.workspace == Some(WorkspaceAccess::Write)
            || grants.agent.as_ref().is_some_and(|agents| !agents.is_empty())
    }

    /// The worktree, ready for this attempt.
    pub(super) async fn workspace(&self) -> Result<&Workspace, CallError> {
        Ok(&self.opened().await?.workspace)
    }

    async fn opened(&self) -> Result<&Opened, CallError> {
        self.workspace.get_or_try_init(|| self.open_workspace()).await
    }

    /// Keeps the tree as it is now, if it changed.
    pub(super) async fn checkpoint(&self, moment: &str) -> Result<CommitId, CallError> {
        let label = self.label(moment);
        let checkpoint = self.workspace().await?.checkpoint(&label, self.git_time()).await.map_err(answer)?;
        Ok(checkpoint.id)
    }

    pub(super) fn label(&self, moment: &str) -> String {
        format!("{} attempt {}: {moment}", self.options.spec.name, self.options.attempt)
    }

    /// Now, as git counts.
    pub(super) fn git_time(&self) -> jiff::Timestamp {
        git_time(self.now())
    }

    async fn open_workspace(&self) -> Result<Opened, CallError> {
        let (engine, project) = (&self.options.engine, &self.options.project);
        let repository =
            engine.workspaces.open(&project.repo, project.base.as_deref()).await.map_err(answer)?;
        self.end_programs_of_other_attempts().await;
        let workflow = &self.options.workflow;
        let (adw_id, branch) = (workflow.adw_id.as_str(), workflow.branch());
        let workspace = if self.has_begun_program().await? {
            engine.workspaces.ensure_as_it_is(adw_id, &repository, &branch).await
        } else {
            engine.workspaces.ensure(adw_id, &repository, &branch).await
        };
        let workspace = workspace.map_err(answer)?;
        let began = self.begin_round(&workspace).await?;
        Ok(Opened { workspace, began })
    }

    /// The first attempt of a round notes the tree that it found; a later one starts from that tree again, since the
    /// half-done work of the one before it would only be in its way. One that goes on keeps its tree.
    async fn begin_round(&self, workspace: &Workspace) -> Result<Began, CallError> {
        let (round, attempt) = (self.options.round, self.options.attempt);
        let checkpoint = match self.began().await?.filter(|began| began.round == round) {
            Some(began) if self.options.resumed && self.is_ours(&began) => {
                return self.go_on_from(began, workspace).await;
            }
            Some(began) => {
                workspace.restore(&began.checkpoint, self.git_time()).await.map_err(answer)?;
                self.say(
                    LogLevel::Info,
                    LogSource::Runtime,
                    "the worktree is what it was when the stage began",
                )
                .await;
                began.checkpoint
            }
            None => workspace.checkpoint(&self.label("begin"), self.git_time()).await.map_err(answer)?.id,
        };
        let began = Began { round, attempt, checkpoint, left: None };
        self.set_began(&began).await?;
        Ok(began)
    }

    /// It goes on, on the tree that it left and that a person may have worked on while it waited. Of a stage that may
    /// change nothing, what the person made of it is what the stage began with: it would be taken off at its end else.
    async fn go_on_from(&self, began: Began, workspace: &Workspace) -> Result<Began, CallError> {
        let Some(left) = &began.left else { return Ok(began) };
        let label = self.label("after a question");
        let found = self.insist(|| workspace.checkpoint(&label, self.git_time())).await.map_err(answer)?.id;
        let edited = found != *left && !self.may_change();
        let checkpoint = if edited { found } else { began.checkpoint };
        let began = Began { checkpoint, left: None, ..began };
        self.set_began(&began).await?;
        Ok(began)
    }

    fn is_ours(&self, began: &Began) -> bool {
        (began.round, began.attempt) == (self.options.round, self.options.attempt)
    }

    async fn began(&self) -> Result<Option<Began>, CallError> {
        let noted = self.value(BEGAN).await?;
        Ok(noted.and_then(|noted| serde_json::from_slice(&noted).ok()))
    }

    async fn set_began(&self, began: &Began) -> Result<(), CallError> {
        let noted = serde_json::to_vec(began).map_err(|error| CallError::Unavailable(error.to_string()))?;
        self.set_value(BEGAN, &noted).await
    }
}

fn git_time(at: Timestamp) -> jiff::Timestamp {
    // Our times are within what jiff can hold; its epoch would only make a commit look old.
    jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

fn fits(what: &str, bytes: usize, remedy: &str) -> Result<(), CallError> {
    if bytes as u64 <= LARGEST_ANSWER {
        return Ok(());
    }
    let most = LARGEST_ANSWER >> 20;
    Err(CallError::Invalid(format!(
        "{what} has {bytes} bytes, and a call answers with {most} MiB at most; no setting raises that: {remedy}"
    )))
}

/// What a guest is told.
#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
pub(super) fn answer(error: WorkspaceError) -> CallError {
    let message = error.to_string();
    match error.kind() {
        ErrorKind::Invalid => CallError::Invalid(message),
        ErrorKind::NotFound => CallError::NotFound(message),
        ErrorKind::Timeout => CallError::Timeout(message),
        ErrorKind::Conflict | ErrorKind::Unavailable => CallError::Unavailable(message),
    }
}
