//! What an agent is told.

use adw_plugin_sdk::{Rework, Task, TaskKind};

/// What is ordered.
pub(crate) struct Order<'a> {
    pub(crate) task: &'a Task,
    /// Its text; without one the task itself is the order.
    pub(crate) specification: Option<String>,
    pub(crate) instructions: Option<&'a str>,
    /// What a later stage found wanting.
    pub(crate) feedback: Option<&'a Rework>,
}

impl Order<'_> {
    /// The prompt.
    pub(crate) fn write(&self) -> String {
        let mut parts = vec![include_str!("prompts/implement.md").trim().to_owned()];
        parts.push(self.work());
        if let Some(instructions) = self.instructions {
            parts.push(format!("# Rules of this repository\n\n{instructions}"));
        }
        if let Some(rework) = self.feedback {
            // Last, so that it is what stays in mind.
            parts.push(format!(
                "# What is still wrong\n\nThis was worked on before, and the stage `{}` sent it back (round {}). The \
                 worktree holds what was done so far. Mend what it says, and keep what was right:\n\n{}",
                rework.stage,
                rework.round,
                rework.feedback.trim()
            ));
        }
        format!("{}\n", parts.join("\n\n"))
    }

    fn work(&self) -> String {
        if let Some(specification) = &self.specification {
            return format!("# The specification\n\n{}", specification.trim());
        }
        let kind = match self.task.kind {
            TaskKind::Feature => "feature",
            TaskKind::Bug => "fault to repair",
            TaskKind::Chore => "chore that leaves behaviour as it is",
            TaskKind::Patch => "small change",
        };
        let description = self.task.description.trim();
        let gap = if description.is_empty() { "" } else { "\n\n" };
        format!("# The task, a {kind}: {}{gap}{description}", self.task.title)
    }
}
