//! What whoever runs a server reads in its log of the tasks: a line when one is taken, waits for a person, or ends.

use adw_core::{Event, Workflow};

/// The longest reason that a line has room for.
const LONGEST: usize = 200;

/// Logs an event, where it is one of those, with the workflow as it stands after it.
pub(crate) fn tell(event: &Event, after: &Workflow) {
    let (adw_id, title) = (after.adw_id.as_str(), after.task.title.as_str());
    match event {
        Event::TaskCreated { .. } => tracing::info!(adw_id, title, "task taken"),
        Event::WorkflowRetried { from, .. } => tracing::info!(adw_id, title, from = %from, "task goes on"),
        Event::WorkflowWaiting { waiting } => {
            if let Some(question) = waiting.question() {
                let (stage, asked) = (question.stage.as_str(), beginning(&question.message));
                tracing::info!(adw_id, title, stage, asked, "task waits for a person");
            }
        }
        Event::WorkflowCompleted { .. } => end(after, None),
        Event::WorkflowFailed { error_message, .. } => end(after, Some(error_message)),
        Event::WorkflowCancelled { reason } => end(after, reason.as_deref()),
        _ => {}
    }
}

fn end(workflow: &Workflow, reason: Option<&str>) {
    let (adw_id, title) = (workflow.adw_id.as_str(), workflow.task.title.as_str());
    let (status, reason) = (workflow.status.as_str(), reason.map(beginning));
    tracing::info!(adw_id, title, status, reason, "task ended");
}

/// Its first line, as far as there is room: `adw show` has all of it.
fn beginning(text: &str) -> &str {
    let line = text.trim().lines().next().unwrap_or_default();
    &line[..line.floor_char_boundary(LONGEST)]
}
