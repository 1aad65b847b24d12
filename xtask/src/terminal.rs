//! The one place that prints.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command speaks to the terminal, and only here"
)]

use std::fmt::Display;
use std::io::IsTerminal;

/// The beginning of a new part.
pub(crate) fn heading(text: &str) {
    println!("\n{}", bold(text));
}

/// A line of text.
pub(crate) fn say(text: impl Display) {
    println!("{text}");
}

/// Something that is as it should be.
pub(crate) fn good(text: impl Display) {
    println!("  {} {text}", coloured("32", "ok"));
}

/// Something to know.
pub(crate) fn note(text: impl Display) {
    println!("  {} {text}", coloured("33", "note"));
}

/// A command that is about to run.
pub(crate) fn command(line: &str) {
    println!("{}", coloured("2", &format!("$ {line}")));
}

/// What went wrong.
pub(crate) fn complain(failure: &dyn Display) {
    eprintln!("\n{} {failure}", coloured("31", "error:"));
}

fn bold(text: &str) -> String {
    coloured("1", text)
}

fn coloured(code: &str, text: &str) -> String {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if plain || !std::io::stdout().is_terminal() {
        return text.to_owned();
    }
    format!("\x1b[{code}m{text}\x1b[0m")
}
