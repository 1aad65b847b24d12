//! The built-in `plan` stage: looks at the repository and writes a specification of the work.
//!
//! An agent is asked for it, read-only and for an answer in a fixed shape. Where there is no agent that can plan,
//! the specification is made from the task itself, and says so. It is committed, so that whoever reads the branch
//! sees what was meant; later stages get its path.

mod from_task;
mod prompt;
mod specification;
mod survey;

use adw_plugin_sdk::prelude::*;
use adw_plugin_sdk::{AgentError, CommitMessage, Reason};

use specification::Specification;
use survey::Survey;

/// `[stages.<name>.config]`.
#[config]
#[derive(Debug, Clone)]
#[serde(default)]
pub struct Config {
    /// The folder that specifications are written to.
    folder: String,
    /// More for the agent to heed: house rules, where to look, what not to touch.
    instructions: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self { folder: "specs".to_owned(), instructions: None }
    }
}

/// What later stages read.
#[data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Where the specification lies in the worktree.
    pub path: String,
    /// What is to be done, in order.
    pub steps: Vec<String>,
    /// The commands that show that it was done.
    pub validation_commands: Vec<String>,
    /// The agent that planned it; `task` where none could and the task itself is the plan.
    pub planned_by: String,
    /// The commit that holds it; none where it stood there already.
    pub commit: Option<String>,
}

/// What `planned_by` is without an agent.
const THE_TASK_ITSELF: &str = "task";

/// Writes a specification of the work: problem, relevant files, steps, validation commands, acceptance.
#[stage]
pub fn plan(cx: &Cx, config: Config) -> StageResult<Plan> {
    cx.progress(5, "looking at the repository");
    let survey = Survey::take(cx)?;
    cx.progress(20, "planning");
    let (specification, planned_by) = match ask(cx, &config, &survey) {
        Ok(planned) => planned,
        Err(AgentError::Call(why @ (Error::Unavailable(_) | Error::Denied(_) | Error::NotFound(_)))) => {
            match why {
                // Most often there is none, and nothing is wrong.
                Error::Unavailable(why) => cx
                    .log()
                    .info(format_args!("the task itself is the plan, as it is where no agent plans ({why})")),
                why => {
                    cx.log().warn(format_args!("no agent can plan, so the task itself is the plan ({why})"));
                }
            }
            (from_task::specify(cx.task(), &survey), THE_TASK_ITSELF.to_owned())
        }
        Err(failed) => return Err(failed.into()),
    };
    cx.progress(90, "writing the specification");
    let path = specification::path(&config.folder, cx.task());
    cx.workspace().write(&path, specification.render(cx.task(), &planned_by))?;
    let message = CommitMessage::new("docs", &format!("specification for {}", cx.task().title))
        .trailer("Adw-Id", &cx.task().adw_id);
    let commit = cx.workspace().commit(&message.to_string())?;
    let summary = if planned_by == THE_TASK_ITSELF {
        format!("{path}, made from the task itself")
    } else {
        format!("{path}, planned by {planned_by}")
    };
    let Specification { steps, validation_commands, .. } = specification;
    Ok(Outcome::done(summary, Plan { path, steps, validation_commands, planned_by, commit }))
}

/// Asks an agent, and doesn't take an empty plan for one.
fn ask(cx: &Cx, config: &Config, survey: &Survey) -> Result<(Specification, String), AgentError> {
    let feedback = match cx.reason() {
        Reason::Rework(rework) => Some(rework.feedback.as_str()),
        _ => None,
    };
    let prompt = prompt::write(cx.task(), survey, config.instructions.as_deref(), feedback);
    let (specification, answer) = cx.agent().ask(prompt).read_only().schema::<Specification>().run()?;
    if specification.problem.trim().is_empty() || specification.steps.is_empty() {
        return Err(answer.unusable("its specification has no problem or no steps").into());
    }
    Ok((specification, answer.agent))
}

#[cfg(test)]
mod tests;
