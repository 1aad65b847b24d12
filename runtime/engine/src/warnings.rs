//! What adw.toml says that can be gone by, and that its stages would fail of.

use adw_agents::{ErrorClass, Program};
use adw_config::{AgentProfile, Config, ConfigWarning, PluginSource, StageConfig, nearest};
use adw_host::{Obstacle, Unrunnable};

use crate::agents::find_program;

/// Those of the built-in plugins themselves, beside those of agents and calls.
const BUILT_IN_CLASSES: [&str; 1] = ["empty_diff"];

/// The commands of a stage's config that it can't run.
pub(crate) fn of_commands(
    config: &Config,
    stage: &StageConfig,
    found: Vec<Unrunnable>,
) -> Vec<ConfigWarning> {
    found.into_iter().map(|unrunnable| of_command(config, stage, unrunnable)).collect()
}

fn of_command(config: &Config, stage: &StageConfig, unrunnable: Unrunnable) -> ConfigWarning {
    let Unrunnable { at, is_default, obstacle } = unrunnable;
    let name = stage.name.as_str();
    let whose = if is_default { ", by what its plugin takes where its config says nothing" } else { "" };
    let help = match &obstacle {
        Obstacle::NotGranted { lines, .. } => {
            Some(format!("in the place of the `exec` that it has, this would allow it:\n{lines}"))
        }
        Obstacle::Forbidden(_) | Obstacle::NotACommand(_) => None,
    };
    let path: Vec<&str> =
        ["stages", name, "config"].into_iter().chain(at.iter().map(String::as_str)).collect();
    config.warning_at(&path, format!("the stage `{name}` would fail{whose}: {obstacle}"), help)
}

/// Classes of failure that stages name in `retry.on` and that nothing of theirs has. A plugin from elsewhere may have classes
/// of its own: of those only what is almost another one is told.
pub(crate) fn of_retries(config: &Config, stage: &StageConfig) -> Vec<ConfigWarning> {
    let known: Vec<&str> =
        ErrorClass::ALL.iter().map(|class| class.as_str()).chain(BUILT_IN_CLASSES).collect();
    let is_built_in = matches!(stage.plugin, PluginSource::Builtin(_));
    let unknown = stage.retry.on.iter().enumerate().filter(|(_, class)| !known.contains(&class.as_str()));
    let warning = |(at, class): (usize, &String)| {
        let meant = nearest(class, known.iter().copied())
            .or_else(|| known.iter().copied().find(|known| known.starts_with(class.as_str())));
        let help = match meant {
            Some(meant) => format!("did you mean {meant:?}?"),
            None if is_built_in => format!("there are {}", known.join(", ")),
            None => return None,
        };
        let (name, at) = (stage.name.as_str(), at.to_string());
        let message =
            format!("the stage `{name}` is never tried again for {class:?}: no failure has that class");
        Some(config.warning_at(&["stages", name, "retry", "on", &at], message, Some(help)))
    };
    unknown.filter_map(warning).collect()
}

/// The stages that name an agent whose program isn't there. A task may name another, and most don't.
pub(crate) fn of_agents(config: &Config) -> Vec<ConfigWarning> {
    config.stages.iter().filter_map(|stage| of_agent(config, stage)).collect()
}

fn of_agent(config: &Config, stage: &StageConfig) -> Option<ConfigWarning> {
    let agent = config.agent(stage.agent.as_deref()?)?;
    let AgentProfile::Command { command, .. } = &agent.profile else { return None };
    let program = command.first()?;
    let (lack, help) = match find_program(program) {
        Program::Installed => return None,
        Program::NotExecutable(file) => {
            (format!("isn't executable: {program}"), format!("chmod +x {}", file.display()))
        }
        Program::Missing => (
            format!("is not there: {program}"),
            "install it, or name its path in the agent's `command`".to_owned(),
        ),
    };
    let (stage, agent) = (stage.name.as_str(), &agent.name);
    let message = format!("the stage `{stage}` asks the agent `{agent}`, whose program {lack}");
    Some(config.warning_at(&["stages", stage, "agent"], message, Some(help)))
}

/// For the log.
pub(crate) fn tell(warnings: &[ConfigWarning]) {
    for warning in warnings {
        tracing::warn!("{warning:#}");
    }
}
