//! The one place that writes to stdout and stderr. Colours reach only a terminal, and not where NO_COLOR is set.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::failure::Failure;
use crate::style;

/// Where answers go, and whether a person or a program reads them.
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

    /// A line of the answer.
    pub(crate) fn line(self, text: impl Display) -> io::Result<()> {
        let mut stdout = anstream::stdout().lock();
        writeln!(stdout, "{text}")?;
        stdout.flush()
    }

    /// The answer for a program: one JSON document on a line of its own.
    pub(crate) fn json(self, value: &impl Serialize) -> io::Result<()> {
        self.line(serde_json::to_string(value)?)
    }

    /// A text to the letter, for other programs; for a terminal made readable, line by line.
    pub(crate) fn text(self, text: &str, readable: impl Fn(&str) -> String) -> io::Result<()> {
        if io::stdout().is_terminal() {
            return text.lines().try_for_each(|line| self.line(readable(line)));
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }

    /// Something beside the answer.
    pub(crate) fn note(self, text: impl Display) -> io::Result<()> {
        writeln!(anstream::stderr(), "{}{text}{:#}", style::NOTE, style::NOTE)
    }

    /// What went wrong, and what to do next.
    pub(crate) fn failure(self, failure: &Failure) -> io::Result<()> {
        if self.json {
            return self.json(&failure.to_json());
        }
        let mut stderr = anstream::stderr().lock();
        writeln!(stderr, "{}error:{:#} {failure}", style::BAD, style::BAD)?;
        match failure.help() {
            Some(help) => writeln!(stderr, "{}help:{:#} {help}", style::GOOD, style::GOOD),
            None => Ok(()),
        }
    }
}
