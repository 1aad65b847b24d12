//! The plugins: do they load, may they do what they ask for, and is there room for what they compile to?

use tokio::runtime::Handle;

use super::place::Place;
use super::{Finding, Surroundings};
use crate::commands::check;

pub(super) fn check(surroundings: &Surroundings) -> Vec<Finding> {
    let Some(config) = surroundings.read() else { return Vec::new() };
    let mut findings = match Handle::current().block_on(check::of_plugins(config)) {
        Ok(wrong) if wrong.is_empty() => {
            let count = config.stages.len();
            vec![Finding::ok(format!("{count} of {count} stages load, with the grants that they have"))]
        }
        Ok(wrong) => wrong.iter().map(|wrong| of_message(wrong)).collect(),
        Err(failure) => {
            vec![Finding::fail(failure.to_string(), failure.help().unwrap_or_else(|| "adw check".to_owned()))]
        }
    };
    let data = config.data_dir();
    let compiled = data.join("compiled");
    findings.extend(match Place::Own(&compiled).obstacle() {
        None => Some(Finding::ok(format!("{} takes what they compile to", compiled.display()))),
        // What stands in the way of the whole data folder is told of the disk.
        Some(_) if Place::Own(&data).obstacle().is_some() => None,
        Some(obstacle) => Some(Finding::fail(obstacle.message, obstacle.fix)),
    });
    findings
}

/// A stage's plugin, as the engine tells of it: the first line says what is wrong, and the lines to add to adw.toml
/// follow where some are missing.
fn of_message(wrong: &str) -> Finding {
    let message = wrong.strip_prefix("error: ").unwrap_or(wrong);
    let (message, lines) = message.split_once("; add to adw.toml:\n").unwrap_or((message, ""));
    let lines: Vec<&str> = lines.lines().take_while(|line| is_toml(line)).collect();
    let fix = if lines.is_empty() { "adw check   # shows the line".to_owned() } else { lines.join("\n") };
    Finding::fail(message, fix)
}

/// What comes after shows where it is, as compilers do.
fn is_toml(line: &str) -> bool {
    !line.trim().is_empty() && !line.trim_start().starts_with("-->")
}
