//! Commands that a task consists of.

use std::path::Path;
use std::process::{Command, Output};

use crate::failure::{Doing, Failure, Result};
use crate::terminal;

/// Runs a command in sight of the person; a failure of it is the task's.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    terminal::command(&line);
    let status = command.status().doing(|| line.clone())?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("`{line}` ended with {status}")))
}

/// Runs a command out of sight, and shows what it said only if it fails.
pub(crate) fn quietly(command: &mut Command) -> Result<String> {
    let output = outcome(command)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    Err(Failure::new(format!("`{}` ended with {}:\n{}", line(command), output.status, said.trim_end())))
}

/// Runs a command whose failure is an answer too.
pub(crate) fn outcome(command: &mut Command) -> Result<Output> {
    command.output().doing(|| line(command))
}

/// The command as a person would type it.
fn line(command: &Command) -> String {
    let program = command.get_program();
    let program = Path::new(program).file_name().unwrap_or(program);
    let words = std::iter::once(program).chain(command.get_args());
    let words = words.map(|word| {
        let word = word.to_string_lossy();
        if word.contains(char::is_whitespace) { format!("'{word}'") } else { word.into_owned() }
    });
    words.collect::<Vec<_>>().join(" ")
}
