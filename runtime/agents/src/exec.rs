//! Running a program in a folder.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use tokio::process::Child;
use tokio_util::sync::CancellationToken;

use crate::process::environment::Environment;
use crate::process::mark::{Owner, RunMarks};
use crate::process::run::{self, ByLine, Limits};
use crate::process::table::Family;
use crate::program::Program;

/// A program to run.
#[derive(Debug, Clone)]
pub struct Command {
    /// Its name, looked up in the `PATH` of `env`, or its path, from `cwd` where it is relative.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// All of its environment, but for the marks by which its family is known.
    pub env: Environment,
    /// The folder that it runs in.
    pub cwd: PathBuf,
    /// What it reads.
    pub stdin: Stdin,
    /// How long it may take; then it is stopped.
    pub timeout: Option<Duration>,
    /// How long it may write nothing; then it is stopped.
    pub silence: Option<Duration>,
}

/// What a program reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stdin {
    /// Nothing.
    Null,
    /// These bytes, then the end. A program that doesn't read them is no error.
    Bytes(Vec<u8>),
}

/// One of a program's output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal that was not ours.
    Signal(i32),
    /// It was stopped when its time was up.
    TimedOut,
    /// It was stopped when it had written nothing for as long as it may.
    Silent,
    /// It was stopped when it was cancelled.
    Cancelled,
}

/// What is kept of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// At most 1 MiB: all of it, or its first and last half with a mark between them.
    pub bytes: Vec<u8>,
    /// How many bytes were cut out.
    pub cut: u64,
}

/// What became of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// What it wrote to standard output.
    pub stdout: Captured,
    /// What it wrote to standard error.
    pub stderr: Captured,
    /// From its start until nothing of it lived.
    pub duration: Duration,
    /// Why less of what it wrote is kept than else would be, such as a disk that is full: what the system said.
    pub shortened: Option<String>,
}

/// Why a program was not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecError {
    /// The command is empty.
    #[error("the command names no program; give one")]
    Nameless,
    /// There is no such program.
    #[error("there is no program `{program}`{}; install it, or give its path", searched(path.as_deref()))]
    NotFound {
        /// The program.
        program: String,
        /// The folders that were searched; none for a path.
        path: Option<String>,
    },
    /// The file is there, and isn't executable.
    #[error("`{program}` is there and isn't executable: chmod +x {}", file.display())]
    NoPermission {
        /// The program.
        program: String,
        /// Its file.
        file: PathBuf,
    },
    /// The file is there and can't be run for another reason.
    #[error(
        "`{program}` can't be run: {source}; look at its permissions and at the interpreter in its first line"
    )]
    NotExecutable {
        /// The program.
        program: String,
        /// The system's error.
        source: io::Error,
    },
    /// The folder to run in is not there.
    #[error("there is no folder {path} to run `{program}` in")]
    NoSuchFolder {
        /// The program.
        program: String,
        /// The folder.
        path: PathBuf,
    },
    /// The arguments and the environment are longer than the system takes.
    #[error(
        "the arguments of `{program}` are longer than the system takes; pass long text on standard input"
    )]
    TooLong {
        /// The program.
        program: String,
    },
    /// The arguments or variables can't be passed on.
    #[error("`{program}` can't be given {what}")]
    Invalid {
        /// The program.
        program: String,
        /// What can't be passed.
        what: String,
    },
    /// It can't be seen to outlive this process, and was not started; or it runs, and can't be followed.
    #[error("`{program}` can't be supervised: {source}; look at {}", folder.display())]
    Unsupervised {
        /// The program.
        program: String,
        /// The run's folder.
        folder: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// It was begun, and nobody knows what came of it.
    #[error("`{program}` was interrupted: {how}")]
    Interrupted {
        /// The program.
        program: String,
        /// By what.
        how: String,
    },
    /// The system doesn't start or follow it.
    #[error("running `{program}` failed: {source}")]
    Failed {
        /// The program.
        program: String,
        /// The system's error.
        source: io::Error,
    },
}

/// Is told each line of output as it comes, at most 8 KiB of it.
pub type LineSink<'a> = &'a mut (dyn FnMut(Stream, &str) + Send);

/// How a program is run: by this process or beside it, for whom, and what stops it.
#[async_trait]
pub trait Runner: Send + Sync {
    /// Runs a program until nothing of it lives.
    async fn run(&self, command: Command, on_line: LineSink<'_>) -> Result<Output, ExecError>;

    /// Tells once more the lines that were told before of a program that `run` is to go on with.
    fn tell_again(&self, _on_line: LineSink<'_>) {}
}

/// Runs programs by [`run`]: they end with this process.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    /// For whom.
    pub owner: &'a Owner,
    /// Stops them.
    pub cancel: &'a CancellationToken,
}

#[async_trait]
impl Runner for Here<'_> {
    async fn run(&self, command: Command, on_line: LineSink<'_>) -> Result<Output, ExecError> {
        run(command, self.owner, self.cancel, on_line).await
    }
}

impl Captured {
    /// The bytes as text.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

/// Runs a program until nothing of it lives: when it ends, what it left running in the background is ended too.
///
/// When its time is up, it has been silent for too long, or it is cancelled, it and all its descendants are sent SIGINT, after 2 s SIGTERM, after 2 s
/// more SIGKILL, each time all at once: a script doesn't go on since its child has ended. Dropping the future kills them.
pub async fn run(
    command: Command,
    owner: &Owner,
    cancel: &CancellationToken,
    on_line: LineSink<'_>,
) -> Result<Output, ExecError> {
    let marks = RunMarks::new(owner);
    let child = start(&command, &marks).await?;
    let family = Family::new(vec![marks.run], run::leader(&child));
    let mut hear = ByLine::new(on_line);
    let limits = Limits { timeout: command.timeout, silence: command.silence };
    run::see_through(child, family, command.stdin, limits, cancel, &mut hear)
        .await
        .map_err(|source| ExecError::Failed { program: command.program, source })
}

/// Starts a program, or says why it can't be.
pub(crate) async fn start(command: &Command, marks: &RunMarks) -> Result<Child, ExecError> {
    if command.program.is_empty() {
        return Err(ExecError::Nameless);
    }
    if let Some(what) = unfit(command) {
        return Err(ExecError::Invalid { program: command.program.clone(), what });
    }
    run::spawn(command, marks).await.map_err(|error| explain(command, error))
}

/// What of a command the system has no way to pass on.
fn unfit(command: &Command) -> Option<String> {
    if let Some(name) = command.env.invalid_name() {
        return Some(format!("a variable named `{}`", name.to_string_lossy()));
    }
    let texts = command.args.iter().chain([&command.program]);
    texts.into_iter().any(|text| text.contains('\0')).then(|| "an argument that holds a NUL byte".to_owned())
}

/// The system has one error for several things that a person must tell apart.
fn explain(command: &Command, error: io::Error) -> ExecError {
    let program = command.program.clone();
    if !command.cwd.is_dir() {
        return ExecError::NoSuchFolder { program, path: command.cwd.clone() };
    }
    let path = command.env.get("PATH");
    let found = Program::find(&program, path.unwrap_or_default(), &command.cwd);
    match (error.kind(), found) {
        (io::ErrorKind::ArgumentListTooLong, _) => ExecError::TooLong { program },
        (io::ErrorKind::InvalidInput, _) => {
            ExecError::Invalid { program, what: "a variable that holds a NUL byte".to_owned() }
        }
        (io::ErrorKind::NotFound, Program::Missing) => {
            let path = path.map(|path| path.to_string_lossy().into_owned());
            ExecError::NotFound { path: path.filter(|_| !program.contains('/')), program }
        }
        (io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied, Program::NotExecutable(file)) => {
            ExecError::NoPermission { program, file }
        }
        // Where the file can be run, it is its interpreter that is missing.
        (io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied, _) => {
            ExecError::NotExecutable { program, source: error }
        }
        _ if Errno::from_io_error(&error) == Some(Errno::NOEXEC) => {
            ExecError::NotExecutable { program, source: error }
        }
        _ => ExecError::Failed { program, source: error },
    }
}

fn searched(path: Option<&str>) -> String {
    path.map(|path| format!(" in PATH ({path})")).unwrap_or_default()
}
