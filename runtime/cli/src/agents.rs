//! Can the programs of the agents be run?

use adw_config::{AgentConfig, AgentProfile};
use adw_engine::{Program, find_program};

/// Why the program of this agent can't be run here, and what mends it; nothing where it can.
pub(crate) fn advice(agent: &AgentConfig) -> Option<String> {
    let AgentProfile::Command { command, .. } = &agent.profile else { return None };
    let (name, program) = (&agent.name, command.first()?);
    match find_program(program) {
        Program::Installed => None,
        Program::NotExecutable(file) => Some(format!(
            "the program of the agent {name} is there and isn't executable: chmod +x {}",
            file.display()
        )),
        Program::Missing => Some(format!(
            "the program of the agent {name} is not there: {program}; install it, or name its path"
        )),
    }
}
