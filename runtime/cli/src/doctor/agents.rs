//! The agents: is the program of each there, and which of them would do a task that names none?

use adw_config::{AgentConfig, AgentProfile, Config};
use adw_engine::{Program, find_program, first_installed};

use super::{Finding, Surroundings, quoted};

const EXAMPLE: &str =
    "[agents.mine]   # in adw.toml\nprofile = \"command\"\ncommand = [\"my-agent\", \"{prompt}\"]";

pub(super) fn check(surroundings: &Surroundings) -> Vec<Finding> {
    let Some(config) = surroundings.read() else { return Vec::new() };
    let mut findings: Vec<Finding> =
        config.agents.iter().filter_map(|agent| of_agent(config, agent)).collect();
    findings.push(match first_installed(config) {
        Some(agent) => {
            Finding::ok(format!("{} does a task that names no agent and brings no diff", agent.name))
        }
        None => Finding::warn("no agent is there for a task that names none and brings no diff", EXAMPLE),
    });
    findings
}

fn of_agent(config: &Config, agent: &AgentConfig) -> Option<Finding> {
    let AgentProfile::Command { command, .. } = &agent.profile else { return None };
    let (name, program) = (&agent.name, command.first()?);
    let (message, fix) = match find_program(program) {
        Program::Installed => return Some(Finding::ok(format!("{name} is installed: {program}"))),
        Program::NotExecutable(file) => (
            format!("the program of the agent {name} is there and isn't executable: {program}"),
            format!("chmod +x {}", quoted(&file)),
        ),
        Program::Missing => (
            format!("the program of the agent {name} is not there: {program}"),
            format!("command -v {}   # install it, or name its path in [agents.{name}]", quoted(program)),
        ),
    };
    let asked = config.stages.iter().find(|stage| stage.agent.as_ref() == Some(name));
    Some(match asked {
        Some(stage) => Finding::fail(format!("{message}, and the stage {} asks it", stage.name), fix),
        None => Finding::warn(message, fix),
    })
}
