//! The plugins: do they load, may they do what they ask for, and is there room for what they compile to?

use adw_config::{ConfigError, ConfigWarning};
use tokio::runtime::Handle;

use super::place::Place;
use super::{Finding, Surroundings};
use crate::commands::check;

pub(super) fn check(surroundings: &Surroundings) -> Vec<Finding> {
    let Some(config) = surroundings.read() else { return Vec::new() };
    let mut findings = match Handle::current().block_on(check::of_plugins(config)) {
        Ok(found) if found.wrong.is_empty() => {
            let count = config.stages.len();
            let loads =
                Finding::ok(format!("{count} of {count} stages load, with the grants that they have"));
            [loads].into_iter().chain(found.warnings.iter().map(would_fail)).collect()
        }
        Ok(found) => found.wrong.iter().map(of_stage).collect(),
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

/// What a stage would fail of as it stands: the lines to write in the place of others where it is those.
fn would_fail(warning: &ConfigWarning) -> Finding {
    let message = format!("{}: {}", warning.location, warning.message);
    let lines = warning.help.as_deref().and_then(|help| help.split_once(":\n"));
    Finding::warn(message, lines.map_or("adw check   # shows the line", |(_, lines)| lines))
}

/// What is wrong with a stage's plugin: the lines to add to adw.toml where some are missing.
fn of_stage(wrong: &ConfigError) -> Finding {
    let (message, lines) = wrong.message.split_once("; add to adw.toml:\n").unwrap_or((&wrong.message, ""));
    let fix = if lines.is_empty() { "adw check   # shows the line" } else { lines };
    Finding::fail(message, fix)
}
