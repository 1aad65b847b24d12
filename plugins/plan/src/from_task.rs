//! A specification made from the task itself, where no agent can plan.

use std::collections::BTreeSet;

use adw_plugin_sdk::{Task, TaskKind};
use adw_runners::Runner;

use crate::specification::{RelevantFile, Specification};
use crate::survey::Survey;

/// How many files are named; a task that speaks of more speaks of none in particular.
const FILES: usize = 20;

/// What the task says, in the specification's shape. It claims nothing that the task doesn't say.
pub(crate) fn specify(task: &Task, survey: &Survey) -> Specification {
    let description = task.description.trim();
    let problem = if description.is_empty() {
        task.title.trim().to_owned()
    } else {
        format!("{}\n\n{}", task.title.trim(), quote(description))
    };
    let validation_commands: Vec<String> = survey.runners.iter().map(Runner::command_line).collect();
    let mut acceptance = vec![done(task.kind).to_owned()];
    acceptance.extend(validation_commands.iter().map(|command| format!("`{command}` exits with 0.")));
    Specification {
        problem,
        relevant_files: mentioned(task, &survey.files),
        steps: steps(task.kind),
        validation_commands,
        acceptance,
    }
}

/// A description that has headings or diffs in it must not take the specification apart: it is fenced, with more
/// backticks than it has itself. Plain text stays as it is.
fn quote(description: &str) -> String {
    let plain = |line: &str| !line.starts_with(['#', '`', '~', '+', '-', '@', '=']);
    if description.lines().all(plain) {
        return description.to_owned();
    }
    let longest = description.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{description}\n{fence}")
}

/// The repository's files that the task names.
fn mentioned(task: &Task, files: &[String]) -> Vec<RelevantFile> {
    let text = format!("{} {}", task.title, task.description);
    let is_path = |letter: char| letter.is_alphanumeric() || "/._-".contains(letter);
    let words = text.split(|letter| !is_path(letter)).map(|word| word.trim_end_matches('.'));
    // `a/` and `b/` are how diffs name files.
    let names: BTreeSet<&str> = words
        .flat_map(|word| {
            [Some(word), word.strip_prefix("a/"), word.strip_prefix("b/"), word.strip_prefix("./")]
        })
        .flatten()
        .collect();
    files
        .iter()
        .filter(|file| names.contains(file.as_str()))
        .take(FILES)
        .map(|file| RelevantFile { path: file.clone(), why: "named in the task".to_owned() })
        .collect()
}

fn steps(kind: TaskKind) -> Vec<String> {
    let steps: [&str; 3] = match kind {
        TaskKind::Feature => [
            "Find where the feature belongs, and how its neighbours are written and tested.",
            "Build what the task describes, and nothing beyond it.",
            "Add tests that fail without it.",
        ],
        TaskKind::Bug => [
            "Reproduce the fault with a test that fails.",
            "Mend its cause with the smallest change that does.",
            "See that test pass, and the others still.",
        ],
        TaskKind::Chore => [
            "Find every place that the task concerns.",
            "Make the change everywhere, and leave behaviour as it is.",
            "Run the tests to see that nothing else changed.",
        ],
        TaskKind::Patch => {
            ["Make exactly the change that the task carries.", "Change nothing else.", "Run the tests."]
        }
    };
    steps.map(str::to_owned).into()
}

fn done(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Feature => "What the task describes is there.",
        TaskKind::Bug => "What the task describes no longer happens.",
        TaskKind::Chore => "What the task describes is done, and behaviour is unchanged.",
        TaskKind::Patch => "The change that the task carries is made.",
    }
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn a_description_with_structure_of_its_own_is_fenced() {
        assert_eq!(quote("plain\nlines"), "plain\nlines");
        assert_eq!(quote("--- a/x\n+++ b/x"), "```text\n--- a/x\n+++ b/x\n```");
        assert_eq!(quote("see\n```diff\n-a\n```"), "````text\nsee\n```diff\n-a\n```\n````");
    }
}
