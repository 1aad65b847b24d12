//! What an agent is told.

use adw_plugin_sdk::{Task, TaskKind};

use crate::survey::{Survey, beginning};

/// How much of a description is in the prompt, in bytes: more than people write, less than agents choke on.
const DESCRIPTION: usize = 64_000;

/// The prompt for a task.
pub(crate) fn write(
    task: &Task,
    survey: &Survey,
    instructions: Option<&str>,
    feedback: Option<&str>,
) -> String {
    let mut parts = vec![guide(task.kind).trim().to_owned(), format!("# The task: {}", task.title)];
    if !task.description.trim().is_empty() {
        parts.push(beginning(&task.description, DESCRIPTION));
    }
    if let Some(feedback) = feedback {
        parts.push(format!(
            "# What was wrong with the work so far\n\nThe plan is made anew because of this:\n\n{feedback}"
        ));
    }
    if let Some(instructions) = instructions {
        parts.push(format!("# Rules of this repository\n\n{instructions}"));
    }
    parts.push(format!("# The repository's files\n\n{}", survey.tree()));
    for (path, excerpt) in &survey.excerpts {
        parts.push(format!("<file path=\"{path}\">\n{excerpt}\n</file>"));
    }
    if !survey.runners.is_empty() {
        let commands: Vec<String> =
            survey.runners.iter().map(|runner| format!("- {}", runner.command_line())).collect();
        parts.push(format!("# How its tests are run\n\n{}", commands.join("\n")));
    }
    parts.push(include_str!("prompts/answer.md").trim().to_owned());
    format!("{}\n", parts.join("\n\n"))
}

fn guide(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Feature => include_str!("prompts/feature.md"),
        TaskKind::Bug => include_str!("prompts/bug.md"),
        TaskKind::Chore => include_str!("prompts/chore.md"),
        TaskKind::Patch => include_str!("prompts/patch.md"),
    }
}
