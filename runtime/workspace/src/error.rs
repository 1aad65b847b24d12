//! What can go wrong, in the words of the person who has to act on it.

use std::path::PathBuf;

use crate::ids::CommitId;

/// Why an operation on a repository or workspace was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// There is no `git` program.
    #[error("git was not found on PATH; install git {required} or later", required = crate::git::REQUIRED)]
    GitMissing,
    /// The `git` program is too old.
    #[error("git {found} is too old; install git {required} or later", required = crate::git::REQUIRED)]
    GitTooOld {
        /// What `git --version` said.
        found: String,
    },
    /// A git command failed in a way that has no name of its own.
    #[error("git {command} failed ({status}): {stderr}{remedy}", remedy = crate::remedy::after(stderr))]
    Git {
        /// The subcommand.
        command: String,
        /// How it ended.
        status: String,
        /// What it said.
        stderr: String,
    },
    /// A git command took too long and was ended.
    #[error("git {command} did not end within {seconds} s; look for a filter or file system that hangs")]
    GitTimeout {
        /// The subcommand.
        command: String,
        /// How long it was given.
        seconds: u64,
    },
    /// A git command said more than is taken in.
    #[error("git {command} answered with more than {limit} bytes; ask for less")]
    GitOutputTooLarge {
        /// The subcommand.
        command: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The project's folder is not there.
    #[error("{path} is not a folder; set the project's `repo` to the folder of its code")]
    NoSuchFolder {
        /// The folder that was asked for.
        path: PathBuf,
    },
    /// git won't read the repository.
    #[error(
        "git does not open the repository at {path}: {reason}\nMend it until `git status` works there for the user that runs \
         adw"
    )]
    Unreadable {
        /// The repository.
        path: PathBuf,
        /// What git said.
        reason: String,
    },
    /// The base that was configured does not name a commit.
    #[error(
        "`{base}` names no commit in {path}; set the project's `base` to a branch, tag or commit that exists"
    )]
    NoSuchBase {
        /// The repository.
        path: PathBuf,
        /// The base that was asked for.
        base: String,
    },
    /// The id can't name a folder and a ref.
    #[error("`{adw_id}` can't name a workspace; use 1 to 128 letters, digits, `-`, `_` and `.`")]
    InvalidAdwId {
        /// The id.
        adw_id: String,
    },
    /// The name can't be a branch.
    #[error(
        "`{branch}` is no name for a workflow's branch; see `git check-ref-format --help`, and don't begin with `adw/`"
    )]
    InvalidBranch {
        /// The name.
        branch: String,
    },
    /// A branch of that name is someone else's.
    #[error(
        "a branch `{branch}` exists already and is not this workflow's; rename or delete it, or choose another name"
    )]
    BranchTaken {
        /// The branch.
        branch: String,
    },
    /// A ref of the workflow's only stands for another.
    #[error(
        "{name} is the workflow's and stands for {target}, which is not: nothing is committed there. `git symbolic-ref --delete \
         {name}` takes it away; the next stage makes it again where it was last kept"
    )]
    Symbolic {
        /// The workflow's ref.
        name: String,
        /// What it stands for.
        target: String,
    },
    /// Another branch takes the place where git would keep the workflow's.
    #[error(
        "git can't make the branch `{branch}` while there is a branch `{other}`: one's name begins with the other's; rename it \
         (`git branch -m {other} NAME`) and retry"
    )]
    BranchBlocked {
        /// The workflow's branch.
        branch: String,
        /// The branch that is there.
        other: String,
    },
    /// The branch is checked out elsewhere.
    #[error(
        "the branch `{branch}` is checked out in {path}, and git checks a branch out only once; check out another there \
         and retry"
    )]
    BranchInUse {
        /// The branch.
        branch: String,
        /// Where it is checked out.
        path: PathBuf,
    },
    /// The folder of the workspace belongs to something else.
    #[error("{path} is not this workflow's worktree; move it away")]
    ForeignFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The branch is not where this operation may move it from.
    #[error(
        "the branch `{branch}` was moved by someone else, from {expected} to {found}; their commit is left as it is: \
         take it over (merge or reset the branch) and retry"
    )]
    BranchMoved {
        /// The branch.
        branch: String,
        /// Where it was expected.
        expected: CommitId,
        /// Where it is; none when it is gone.
        found: String,
    },
    /// The path is not one of the workspace.
    #[error("`{path}` {reason}; give a path within the workspace, relative, with `/`")]
    InvalidPath {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is no such file.
    #[error("there is no file `{path}` in the workspace")]
    NoSuchFile {
        /// The path.
        path: String,
    },
    /// The file is larger than the caller takes.
    #[error(
        "`{path}` is larger than the {limit} bytes that are read at once; no setting raises that: make it smaller, or have a \
         program read what is wanted of it"
    )]
    FileTooLarge {
        /// The path.
        path: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The glob can't be read.
    #[error("`{pattern}` is no glob: {reason}")]
    InvalidGlob {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The text is not an object's id.
    #[error("`{id}` is no commit's id; give all of its hex digits")]
    InvalidId {
        /// The text.
        id: String,
    },
    /// There is no such commit or checkpoint.
    #[error("there is no commit or checkpoint `{id}`")]
    NoSuchCommit {
        /// The text that was to name it.
        id: String,
    },
    /// The commit is not a checkpoint of this workflow.
    #[error("{id} is no checkpoint of workflow `{adw_id}`")]
    NoSuchCheckpoint {
        /// The commit.
        id: CommitId,
        /// The workflow.
        adw_id: String,
    },
    /// The message or label can't be recorded.
    #[error("a commit message or label can't be empty or hold a NUL byte")]
    InvalidMessage,
    /// The workspace holds work that no branch or checkpoint has.
    #[error(
        "the workspace at {path} holds work that no branch or checkpoint has ({what}); take a checkpoint first"
    )]
    Unsaved {
        /// The workspace.
        path: PathBuf,
        /// Which work.
        what: &'static str,
    },
    /// The workspace was removed while it was still in use.
    #[error("the worktree at {path} is gone; the workflow's next stage makes it again")]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// Reading or writing failed.
    #[error("{what} failed at {path}: {source}{remedy}", remedy = crate::remedy::after(&source.to_string()))]
    Io {
        /// What was attempted.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A task of ours was ended before it was done.
    #[error("the operation was broken off because the runtime is stopping")]
    Stopped,
}

/// What an error means for the caller: who has to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is wrong; asking again gives the same.
    Invalid,
    /// What was asked for does not exist.
    NotFound,
    /// Someone else changed what this operation builds on.
    Conflict,
    /// It took too long.
    Timeout,
    /// The machine or the repository doesn't allow it now.
    Unavailable,
}

impl WorkspaceError {
    /// What the error means for the caller.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidAdwId { .. }
            | Self::InvalidBranch { .. }
            | Self::InvalidPath { .. }
            | Self::InvalidGlob { .. }
            | Self::InvalidId { .. }
            | Self::InvalidMessage
            | Self::FileTooLarge { .. }
            | Self::GitOutputTooLarge { .. } => ErrorKind::Invalid,
            Self::NoSuchFile { .. } | Self::NoSuchCommit { .. } | Self::NoSuchCheckpoint { .. } => {
                ErrorKind::NotFound
            }
            Self::BranchTaken { .. }
            | Self::BranchBlocked { .. }
            | Self::Symbolic { .. }
            | Self::BranchInUse { .. }
            | Self::ForeignFolder { .. }
            | Self::BranchMoved { .. }
            | Self::Unsaved { .. } => ErrorKind::Conflict,
            Self::GitTimeout { .. } => ErrorKind::Timeout,
            Self::GitMissing
            | Self::GitTooOld { .. }
            | Self::Git { .. }
            | Self::NoSuchFolder { .. }
            | Self::Unreadable { .. }
            | Self::NoSuchBase { .. }
            | Self::Gone { .. }
            | Self::Io { .. }
            | Self::Stopped => ErrorKind::Unavailable,
        }
    }

    /// Whether it would have gone well on a disk with space left.
    pub fn is_want_of_space(&self) -> bool {
        match self {
            Self::Io { source, .. } => crate::remedy::is_want_of_space(&source.to_string()),
            Self::Git { stderr, .. } => crate::remedy::is_want_of_space(stderr),
            _ => false,
        }
    }

    /// For `map_err` on a system call.
    pub(crate) fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { what, path, source }
    }
}
