//! adw.toml: is it there, and is it right? What `adw check` says of the file itself.

use std::path::Path;

use adw_config::{Config, ConfigError, Location};

use super::surroundings::Configured;
use super::{Finding, Surroundings, WIDTH, quoted};
use crate::style::one_line;

pub(super) fn check(surroundings: &Surroundings) -> Vec<Finding> {
    match &surroundings.configured {
        Configured::Absent { start } => {
            let message = format!("there is no adw.toml in {} or in a folder above it", start.display());
            vec![Finding::warn(message, "adw init")]
        }
        Configured::Broken(errors) => errors.iter().map(wrong).collect(),
        Configured::Read { file } => {
            surroundings.config().map(|config| of_stages(config, file)).into_iter().collect()
        }
    }
}

fn of_stages(config: &Config, file: &Path) -> Finding {
    if let Some(error) = config.without_stages() {
        return wrong(&error);
    }
    let stages: Vec<&str> = config.stages.iter().map(|stage| stage.name.as_str()).collect();
    Finding::ok(format!("{}: stages {}", file.display(), stages.join(", ")))
}

/// An error of a configuration as a finding: where it is, and what to write instead.
pub(super) fn wrong(error: &ConfigError) -> Finding {
    let edit = match &error.location {
        Location::Line { file, line, .. } => format!("${{EDITOR:-vi}} +{line} {}", quoted(file)),
        Location::File { file } => format!("${{EDITOR:-vi}} {}", quoted(file)),
        Location::Variable { variable } => format!("unset {}", quoted(variable)),
    };
    let fix = match &error.help {
        // A second line would be no comment any more, and carried out.
        Some(help) => format!("{edit}   # {}", one_line(help, WIDTH)),
        None => edit,
    };
    Finding::fail(format!("{}: {}", error.location, error.message), fix)
}
