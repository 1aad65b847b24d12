//! `exit`: how a program ended, and what is kept of its output.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::exec::{Captured, ExecError, Exit, Output};
use crate::supervisor::folder::Try;
use crate::supervisor::record::{self, Reading, VERSION};

const EXIT: &str = "exit";
/// More than what is written, in all but odd cases.
const ROOM: u64 = 4096;

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ended {
    version: u32,
    end: End,
    duration_ms: u64,
    pub(crate) stdout: Kept,
    pub(crate) stderr: Kept,
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
    file: Option<String>,
    /// How many bytes were cut out of it.
    cut: u64,
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

/// The place of the end, taken before anything is started: a disk that is full later on doesn't keep it from being
/// written.
#[derive(Debug)]
pub(crate) struct Reserved {
    of: Try,
    aside: PathBuf,
    file: File,
}

impl Ended {
    pub(crate) fn read(of: &Try) -> Reading<Self> {
        record::read(&of.file(EXIT))
    }

    /// The end of a program that was not run.
    pub(crate) fn failed(error: &ExecError) -> Self {
        let end = End::Failed(Failure::of(error));
        Self { version: VERSION, end, duration_ms: 0, stdout: Kept::default(), stderr: Kept::default() }
    }

    /// The end of one that was; `written` is how much it wrote to each of its streams.
    pub(crate) fn keep(output: &Output, written: [u64; 2], of: &Try) -> Self {
        let keep_both = || Ok([keep("stdout", &output.stdout, of)?, keep("stderr", &output.stderr, of)?]);
        let kept = keep_both().or_else(|_: io::Error| make_room(of).and_then(|()| keep_both()));
        let end = match (output.exit, &kept) {
            (Exit::TimedOut, _) => End::TimedOut,
            (Exit::Silent, _) => End::Silent,
            (Exit::Cancelled, _) => End::Cancelled,
            (Exit::Code(_) | Exit::Signal(_), Err(error)) => End::Failed(Failure::Failed(OsError {
                number: None,
                message: format!("what it wrote can't be kept in {}: {error}", of.folder().display()),
            })),
            (Exit::Code(code), Ok(_)) => End::Code(code),
            (Exit::Signal(signal), Ok(_)) => End::Signal(signal),
        };
        let [mut stdout, mut stderr] = kept.unwrap_or_default();
        [stdout.written, stderr.written] = written;
        let duration_ms = u64::try_from(output.duration.as_millis()).unwrap_or(u64::MAX);
        Self { version: VERSION, end, duration_ms, stdout, stderr }
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
        Ok(Ok(Output { exit, stdout, stderr, duration: Duration::from_millis(self.duration_ms) }))
    }
}

fn keep(name: &str, captured: &Captured, of: &Try) -> io::Result<Kept> {
    if captured.bytes.is_empty() {
        return Ok(Kept::default());
    }
    let mut file = record::create(&of.file(name))?;
    file.write_all(&captured.bytes)?;
    file.sync_all()?;
    Ok(Kept { file: Some(name.to_owned()), cut: captured.cut, written: 0 })
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

impl Reserved {
    pub(crate) fn on(of: &Try) -> io::Result<Self> {
        let aside = of.file(&format!("{EXIT}.{}", std::process::id()));
        let reserved = Self { of: of.clone(), file: record::create(&aside)?, aside };
        match fallocate(&reserved.file, FallocateFlags::empty(), 0, ROOM) {
            // Some file systems can't promise room; then there is none promised.
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(reserved),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the end down, for good.
    pub(crate) fn write(self, ended: &Ended) -> io::Result<()> {
        let bytes = serde_json::to_vec(ended)?;
        self.file.write_all_at(&bytes, 0)?;
        self.file.set_len(bytes.len() as u64)?;
        self.file.sync_all()?;
        fs::rename(&self.aside, self.of.file(EXIT))?;
        self.of.sync()
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        // Of one who came second, or could not write it; else it has its name by now.
        let _gone = fs::remove_file(&self.aside);
    }
}

/// Gives back the room of what was only to be passed on: how a program ended is dearer than its lines.
fn make_room(of: &Try) -> io::Result<()> {
    let output = OpenOptions::new().write(true).open(of.file(super::output::OUTPUT))?;
    output.set_len(0)
}
