use std::path::PathBuf;

use adw_config::{Config, Env, ProjectConfig};
use adw_engine::StartError;
use clap::Args;
use serde_json::json;

use crate::context::{Context, config_file};
use crate::failure::{Exit, Failure};
use crate::git;
use crate::style::{self, Styled};

/// Say all that is wrong with an adw.toml at once, plugins that don't load included
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  adw check
  adw check --config ../project/adw.toml --json

Exit code: 0 when nothing is wrong, else 2.")]
pub(crate) struct Check {
    /// The configuration; without it, the nearest adw.toml from here upwards
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Check {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let file = config_file(self.config)?;
        let config = Config::load(&file, &Env::of_process())?;
        let mut wrong: Vec<String> =
            config.projects.iter().filter_map(|project| of_project(&config, project)).collect();
        wrong.extend(of_plugins(&config).await?);
        let file = file.display().to_string();
        if !wrong.is_empty() {
            return Err(Failure::Check { file, wrong });
        }
        let stages: Vec<&str> = config.stages.iter().map(|stage| stage.name.as_str()).collect();
        cx.output.json(&json!({ "file": file, "ok": true, "stages": stages }))?;
        cx.output.line(format_args!("{} {file}: {}", Styled(style::GOOD, "ok"), stages.join(", ")))?;
        Ok(Exit::Done)
    }
}

/// Is there something to work on?
fn of_project(config: &Config, project: &ProjectConfig) -> Option<String> {
    let at = |key: &str, message: String, help: &str| {
        let path = ["projects", project.name.as_str(), key];
        Some(config.error_at(&path, message, Some(help.to_owned())).to_string())
    };
    let folder = project.repo.display();
    if !project.repo.is_dir() {
        return at("repo", format!("{folder} is no folder"), "name the folder of a git repository");
    }
    let base = project.base.as_deref()?;
    let commit = format!("{base}^{{commit}}");
    // Where there is no repository at all, the runtime makes one of its own.
    let is_repository = git::answer(&project.repo, ["rev-parse", "--git-dir"]).is_some();
    if is_repository && git::answer(&project.repo, ["rev-parse", "--verify", "--quiet", &commit]).is_none() {
        let message = format!("{folder} has no commit called {base}");
        return at("base", message, "name a branch that is there; a new repository needs a first commit");
    }
    None
}

/// Does every plugin load, with the grants that it has?
async fn of_plugins(config: &Config) -> Result<Vec<String>, Failure> {
    let failed = |source| Failure::File { what: "make a folder for temporary files".to_owned(), source };
    let scratch = tempfile::tempdir().map_err(failed)?;
    match adw_engine::check(config, scratch.path()).await {
        Ok(()) => Ok(Vec::new()),
        Err(StartError::Plugins(wrong)) => Ok(wrong),
        Err(error) => Err(Failure::Start(error.to_string())),
    }
}
