//! Can the programs of the agents be run?

use adw_config::{AgentConfig, AgentProfile, Config, ConfigWarning};
use adw_engine::{Program, find_program};

/// Why the program of this agent can't be run here, and what mends it; nothing where it can.
pub(crate) fn advice(config: &Config, agent: &AgentConfig) -> Option<ConfigWarning> {
    let AgentProfile::Command { command, .. } = &agent.profile else { return None };
    let (name, program) = (&agent.name, command.first()?);
    let (lack, help) = match find_program(program) {
        Program::Installed => return None,
        Program::NotExecutable(file) => {
            ("is there and isn't executable", format!("chmod +x {}", file.display()))
        }
        Program::Missing => ("is not there", "install it, or name its path".to_owned()),
    };
    let message = format!("the program of the agent {name} {lack}: {program}");
    Some(config.warning_at(&["agents", name, "command"], message, Some(help)))
}
