use std::path::PathBuf;

use adw_config::{Config, ConfigError, ConfigErrors, ConfigWarning, Env, Reading};
use adw_engine::StartError;
use clap::Args;
use serde_json::json;

use crate::agents;
use crate::context::{Context, config_file};
use crate::failure::{Exit, Failure};
use crate::projects;
use crate::style::{self, Styled};

/// Say all that is wrong with an adw.toml at once, plugins that don't load included
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  adw check
  adw check --config ../project/adw.toml --json

Exit codes:
  0    nothing is wrong; warnings leave it so
  2    something is")]
pub(crate) struct Check {
    /// The configuration; without it, the nearest adw.toml from here upwards
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Check {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let file = config_file(self.config)?;
        let reading = Config::read(&file, &Env::of_process());
        let Found { wrong, warnings } = look(&reading).await?;
        if let Some(wrong) = ConfigErrors::of(wrong) {
            return Err(wrong.into());
        }
        let config = reading.into_config()?;
        let file = file.display().to_string();
        let stages: Vec<&str> = config.stages.iter().map(|stage| stage.name.as_str()).collect();
        let of_agents = config.agents.iter().filter_map(|agent| agents::advice(&config, agent));
        let beside = projects::advice(&config).chain(of_agents);
        let warnings = ConfigWarning::in_order(warnings.into_iter().chain(beside).collect());
        cx.output.json(&json!({ "file": file, "ok": true, "stages": stages, "warnings": warnings }))?;
        cx.output.line(format_args!("{} {file}: {}", Styled(style::GOOD, "ok"), stages.join(", ")))?;
        cx.output.warnings(warnings.iter().map(|warning| format!("{warning:#}")));
        Ok(Exit::Done)
    }
}

/// What there is to say of an adw.toml.
pub(crate) struct Found {
    /// What is wrong.
    pub(crate) wrong: Vec<ConfigError>,
    /// What stages would fail of as they stand, where nothing is wrong.
    pub(crate) warnings: Vec<ConfigWarning>,
}

/// What the text shows, and what only the repositories and the plugins do.
async fn look(reading: &Reading) -> Result<Found, Failure> {
    let (mut wrong, legible) = match reading {
        Reading::Right(config) => (config.without_stages().into_iter().collect(), Some(config)),
        Reading::Wrong { errors, legible } => (errors.iter().cloned().collect::<Vec<_>>(), legible.as_ref()),
    };
    let mut warnings = Vec::new();
    if let Some(config) = legible {
        wrong.extend(config.projects.iter().filter_map(|project| projects::fault(config, project)));
        let of_plugins = of_plugins(config).await?;
        wrong.extend(of_plugins.wrong);
        warnings = of_plugins.warnings;
    }
    Ok(Found { wrong, warnings })
}

/// Does every plugin load, with the grants and the config that it has?
pub(crate) async fn of_plugins(config: &Config) -> Result<Found, Failure> {
    let failed = |source| Failure::File { what: "make a folder for temporary files".to_owned(), source };
    let scratch = tempfile::tempdir().map_err(failed)?;
    match adw_engine::check(config, scratch.path()).await {
        Ok(warnings) => Ok(Found { wrong: Vec::new(), warnings }),
        Err(StartError::Plugins(wrong)) => {
            Ok(Found { wrong: wrong.into_iter().collect(), warnings: Vec::new() })
        }
        Err(error) => Err(Failure::Start(error.to_string())),
    }
}
