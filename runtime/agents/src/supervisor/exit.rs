//! `exit`: how a program ended, and what is kept of its output.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::exec::{Captured, ExecError, Exit, Output};
use crate::supervisor::folder::Try;
use crate::supervisor::record::{self, Reading, VERSION};

pub(crate) const EXIT: &str = "exit";

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ended {
    version: u32,
    end: End,
    duration_ms: u64,
    pub(crate) stdout: Kept,
    pub(crate) stderr: Kept,
    /// Why less of the output is kept than would be: what the system said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shortened: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum End {
    Code(i32),
    Signal(i32),
    TimedOut,
    Silent,
    Cancelled,
    Failed(Failure),
}

/// What is kept of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The name of the file; none where there was nothing, or nothing could be kept.
    pub(crate) file: Option<String>,
    /// How many bytes were cut out of it.
    pub(crate) cut: u64,
    /// How many bytes the program wrote.
    pub(crate) written: u64,
}

/// An [`ExecError`], without the command, which whoever reads it knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Failure {
    Nameless,
    NotFound { path: Option<String> },
    NoPermission { file: PathBuf },
    NotExecutable(OsError),
    NoSuchFolder { path: PathBuf },
    TooLong,
    Invalid { what: String },
    Failed(OsError),
}

/// A system's error that survives being written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OsError {
    /// Where the system's own words are all there is.
    number: Option<i32>,
    message: String,
}

impl Ended {
    pub(crate) fn read(of: &Try) -> Reading<Self> {
        record::read(&of.file(EXIT))
    }

    /// The end of a program that was not run.
    pub(crate) fn failed(error: &ExecError) -> Self {
        let end = End::Failed(Failure::of(error));
        let (stdout, stderr) = (Kept::default(), Kept::default());
        Self { version: VERSION, end, duration_ms: 0, stdout, stderr, shortened: None }
    }

    /// The end of one that was, and what is kept of its output; `shortened` says why that isn't more.
    pub(crate) fn of(output: &Output, [stdout, stderr]: [Kept; 2], shortened: Option<String>) -> Self {
        let end = match output.exit {
            Exit::TimedOut => End::TimedOut,
            Exit::Silent => End::Silent,
            Exit::Cancelled => End::Cancelled,
            Exit::Code(code) => End::Code(code),
            Exit::Signal(signal) => End::Signal(signal),
        };
        let duration_ms = u64::try_from(output.duration.as_millis()).unwrap_or(u64::MAX);
        Self { version: VERSION, end, duration_ms, stdout, stderr, shortened }
    }

    /// What became of the program; an error of the outer kind where what was kept isn't there any more.
    pub(crate) fn restore(&self, of: &Try, program: &str) -> io::Result<Result<Output, ExecError>> {
        let exit = match &self.end {
            End::Code(code) => Exit::Code(*code),
            End::Signal(signal) => Exit::Signal(*signal),
            End::TimedOut => Exit::TimedOut,
            End::Silent => Exit::Silent,
            End::Cancelled => Exit::Cancelled,
            End::Failed(failure) => return Ok(Err(failure.restore(program))),
        };
        let (stdout, stderr) = (self.stdout.restore(of)?, self.stderr.restore(of)?);
        let (duration, shortened) = (Duration::from_millis(self.duration_ms), self.shortened.clone());
        Ok(Ok(Output { exit, stdout, stderr, duration, shortened }))
    }
}

impl Kept {
    fn restore(&self, of: &Try) -> io::Result<Captured> {
        let bytes = self.file.as_ref().map_or_else(|| Ok(Vec::new()), |name| fs::read(of.file(name)))?;
        Ok(Captured { bytes, cut: self.cut })
    }
}

impl Failure {
    fn of(error: &ExecError) -> Self {
        match error {
            ExecError::Nameless => Self::Nameless,
            ExecError::NotFound { path, .. } => Self::NotFound { path: path.clone() },
            ExecError::NoPermission { file, .. } => Self::NoPermission { file: file.clone() },
            ExecError::NotExecutable { source, .. } => Self::NotExecutable(OsError::of(source)),
            ExecError::NoSuchFolder { path, .. } => Self::NoSuchFolder { path: path.clone() },
            ExecError::TooLong { .. } => Self::TooLong,
            ExecError::Invalid { what, .. } => Self::Invalid { what: what.clone() },
            ExecError::Failed { source, .. } | ExecError::Unsupervised { source, .. } => {
                Self::Failed(OsError::of(source))
            }
            ExecError::Interrupted { how, .. } => Self::Failed(OsError::of(&io::Error::other(how.clone()))),
        }
    }

    fn restore(&self, program: &str) -> ExecError {
        let program = program.to_owned();
        match self.clone() {
            Self::Nameless => ExecError::Nameless,
            Self::NotFound { path } => ExecError::NotFound { program, path },
            Self::NoPermission { file } => ExecError::NoPermission { program, file },
            Self::NotExecutable(error) => ExecError::NotExecutable { program, source: error.restore() },
            Self::NoSuchFolder { path } => ExecError::NoSuchFolder { program, path },
            Self::TooLong => ExecError::TooLong { program },
            Self::Invalid { what } => ExecError::Invalid { program, what },
            Self::Failed(error) => ExecError::Failed { program, source: error.restore() },
        }
    }
}

impl OsError {
    pub(crate) fn of(error: &io::Error) -> Self {
        Self { number: error.raw_os_error(), message: error.to_string() }
    }

    pub(crate) fn restore(self) -> io::Error {
        self.number.map_or_else(|| io::Error::other(self.message), io::Error::from_raw_os_error)
    }
}
