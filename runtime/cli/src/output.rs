//! The one place that writes to stdout and stderr. Colours reach only a terminal, and not where NO_COLOR is set.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::failure::Failure;
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

    /// For a person: a text, line by line made readable. Where no terminal shows it, it is for other programs, and is
    /// left as it is to the letter.
    pub(crate) fn text(self, text: &str, readable: impl Fn(&str) -> String) -> io::Result<()> {
        if io::stdout().is_terminal() {
            return text.lines().try_for_each(|line| self.line(readable(line)));
        }
        if self.json {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }

    /// For a person: something beside the answer.
    pub(crate) fn note(self, text: impl Display) -> io::Result<()> {
        if self.json { Ok(()) } else { writeln!(anstream::stderr(), "{}", Styled(style::NOTE, text)) }
    }

    /// What went wrong, and what to do next.
    pub(crate) fn failure(self, failure: &Failure) -> io::Result<()> {
        if self.json {
            return self.json(&failure.to_json());
        }
        let mut stderr = anstream::stderr().lock();
        writeln!(stderr, "{} {failure}", Styled(style::BAD, "error:"))?;
        match failure.help() {
            Some(help) => writeln!(stderr, "{} {help}", Styled(style::GOOD, "help:")),
            None => Ok(()),
        }
    }
}

fn write_line(text: impl Display) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}
