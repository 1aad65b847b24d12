//! The one place that writes to stdout and stderr.
//!
//! Colours reach a terminal that shows them, and nothing else, unless NO_COLOR or CLICOLOR_FORCE says otherwise. Progress
//! has a line of its own beneath all else, and steps aside for whatever is written.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use rustix::fs::{FileType, fstat};
use rustix::io::Errno;
use serde::Serialize;

use crate::failure::Failure;
use crate::progress::{self, Progress};
use crate::style::{self, Styled};

/// Where answers go, and whether a person or a program reads them. Each is written for one of the two, and the other
/// never sees it; so a command says both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether a program reads the answers.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// For a program: one JSON document on a line of its own.
    pub(crate) fn json(self, value: &impl Serialize) -> io::Result<()> {
        if self.json { write_line(serde_json::to_string(value)?) } else { Ok(()) }
    }

    /// For a person: a line of the answer.
    pub(crate) fn line(self, text: impl Display) -> io::Result<()> {
        if self.json { Ok(()) } else { write_line(text) }
    }

    /// For a person: a text, line by line made readable. Where no terminal shows it and nobody asks for colours, it is
    /// for other programs, and is left as it is to the letter.
    pub(crate) fn text(self, text: &str, readable: impl Fn(&str) -> String) -> io::Result<()> {
        let stdout = io::stdout();
        if stdout.is_terminal() || is_coloured(&stdout) {
            return text.lines().try_for_each(|line| self.line(readable(line)));
        }
        if self.json {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(gone)
    }

    /// For a person: something beside the answer. Where nobody can read it, it is lost and nothing else.
    pub(crate) fn note(self, text: impl Display) {
        if !self.json {
            let _ = progress::aside(|| writeln!(anstream::stderr(), "{}", Styled(style::NOTE, text)));
        }
    }

    /// For a person: warnings, in the form in which errors are told; each comes without its first word.
    pub(crate) fn warnings(self, warnings: impl IntoIterator<Item = impl Display>) {
        let told: Vec<String> = warnings.into_iter().map(|warning| format!("warning: {warning}\n")).collect();
        if !self.json {
            let text = style::diagnostic(&told.join("\n"));
            let _ = progress::aside(|| write!(anstream::stderr(), "{text}"));
        }
    }

    /// For a person at a terminal: a line that says how far something is.
    pub(crate) fn progress(self) -> Progress {
        if self.json { Progress::none() } else { Progress::begin() }
    }

    /// What went wrong, and what to do next. Where a program can't be told as JSON, on a full disk, it is told as a person is.
    pub(crate) fn failure(self, failure: &Failure) -> io::Result<()> {
        if self.json {
            match self.json(&failure.to_json()) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {}
                told => return told,
            }
        }
        let help = failure.help().map(|help| format!("help: {help}\n")).unwrap_or_default();
        let text = format!("error: {failure}\n{help}");
        progress::aside(|| write!(anstream::stderr(), "{}", style::diagnostic(&text)))
    }
}

/// Whether what is written there is shown in colours.
pub(crate) fn is_coloured(stream: &impl anstream::stream::RawStream) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}

/// The log of a server, where progress may be shown at the same time.
pub(crate) struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        progress::aside(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn write_line(text: impl Display) -> io::Result<()> {
    progress::aside(|| {
        let mut stdout = anstream::stdout().lock();
        writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(gone)
    })
}

/// A terminal that was closed is one that nobody reads any more, as a pipe is; the system calls it a broken device.
fn gone(error: io::Error) -> io::Error {
    let is_a_device =
        || fstat(io::stdout()).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_char_device());
    if error.raw_os_error() == Some(Errno::IO.raw_os_error()) && is_a_device() {
        return io::ErrorKind::BrokenPipe.into();
    }
    error
}
