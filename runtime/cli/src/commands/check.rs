use std::path::PathBuf;

use adw_config::{Config, ConfigError, ConfigErrors, Env, Reading};
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
        if let Some(wrong) = ConfigErrors::of(all_wrong(&reading).await?) {
            return Err(wrong.into());
        }
        let config = reading.into_config()?;
        let file = file.display().to_string();
        let stages: Vec<&str> = config.stages.iter().map(|stage| stage.name.as_str()).collect();
        let warnings: Vec<String> =
            projects::advice(&config).chain(config.agents.iter().filter_map(agents::advice)).collect();
        cx.output.json(&json!({ "file": file, "ok": true, "stages": stages, "warnings": warnings }))?;
        cx.output.line(format_args!("{} {file}: {}", Styled(style::GOOD, "ok"), stages.join(", ")))?;
        for warning in &warnings {
            cx.output.note(format_args!("warning: {warning}"));
        }
        Ok(Exit::Done)
    }
}

/// What the text shows, and what only the repositories and the plugins do.
async fn all_wrong(reading: &Reading) -> Result<Vec<ConfigError>, Failure> {
    let (mut wrong, legible) = match reading {
        Reading::Right(config) => (config.without_stages().into_iter().collect(), Some(config)),
        Reading::Wrong { errors, legible } => (errors.iter().cloned().collect::<Vec<_>>(), legible.as_ref()),
    };
    if let Some(config) = legible {
        wrong.extend(config.projects.iter().filter_map(|project| projects::fault(config, project)));
        wrong.extend(of_plugins(config).await?);
    }
    Ok(wrong)
}

/// Does every plugin load, with the grants and the config that it has?
pub(crate) async fn of_plugins(config: &Config) -> Result<Vec<ConfigError>, Failure> {
    let failed = |source| Failure::File { what: "make a folder for temporary files".to_owned(), source };
    let scratch = tempfile::tempdir().map_err(failed)?;
    match adw_engine::check(config, scratch.path()).await {
        Ok(()) => Ok(Vec::new()),
        Err(StartError::Plugins(wrong)) => Ok(wrong.into_iter().collect()),
        Err(error) => Err(Failure::Start(error.to_string())),
    }
}
