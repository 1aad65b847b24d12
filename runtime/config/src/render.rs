//! What there is to say of a configuration as text, in the manner of rustc. Colours are added by whoever has a terminal.

use std::fmt;

use crate::{ConfigError, ConfigWarning, Location};

/// Longer lines are cut around what is meant.
const LONGEST_LINE: usize = 140;

/// Longer messages are cut: they may quote whatever stands in the file.
const LONGEST_MESSAGE: usize = 1000;

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Told { what: "error", message: &self.message, help: self.help.as_deref(), at: &self.location }.fmt(f)
    }
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Told { what: "warning", message: &self.message, help: self.help.as_deref(), at: &self.location }
            .fmt(f)
    }
}

/// One thing that is told; by `{:#}` without what it is, for those who say that themselves.
struct Told<'a> {
    what: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    at: &'a Location,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            write!(f, "{}: ", self.what)?;
        }
        f.write_str(&shortened(&printable(self.message)))?;
        let indent = match self.at {
            Location::Line { file, line, column, length, source } => {
                let number = line.to_string();
                let gutter = " ".repeat(number.len());
                let (shown, offset) = window(source, *column, *length);
                let carets = "^".repeat((*length).min(shown.chars().count().saturating_sub(offset)).max(1));
                let shift = " ".repeat(offset);
                write!(f, "\n{gutter}--> {file}:{line}:{column}\n{gutter} |\n{number} | {shown}")?;
                write!(f, "\n{gutter} | {shift}{carets}")?;
                gutter
            }
            Location::File { file } => {
                write!(f, "\n --> {file}")?;
                " ".to_owned()
            }
            Location::Variable { variable } => {
                write!(f, "\n --> environment variable {variable}")?;
                " ".to_owned()
            }
        };
        if let Some(help) = self.help {
            write!(f, "\n{indent} = help: ")?;
            for (index, line) in help.lines().enumerate() {
                if index > 0 {
                    write!(f, "\n{indent}         ")?;
                }
                f.write_str(&printable(line))?;
            }
        }
        Ok(())
    }
}

/// The part of a line that is shown, and how many characters stand before what is meant.
fn window(line: &str, column: usize, length: usize) -> (String, usize) {
    let line = printable(line);
    let before = column.saturating_sub(1);
    if line.chars().count() <= LONGEST_LINE {
        return (line, before);
    }
    let start = (before + length.min(LONGEST_LINE / 2)).saturating_sub(LONGEST_LINE * 3 / 4).min(before);
    let mut shown: String = line.chars().skip(start).take(LONGEST_LINE).collect();
    let mut offset = before - start;
    if start > 0 {
        shown.insert(0, '…');
        offset += 1;
    }
    if line.chars().nth(start + LONGEST_LINE).is_some() {
        shown.push('…');
    }
    (shown, offset)
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(LONGEST_MESSAGE).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// One column a character, and nothing that a terminal would obey.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            '\n' => '\n',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}
