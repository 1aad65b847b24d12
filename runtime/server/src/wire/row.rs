//! A workflow as a row of a list of many: where it stands, without what it said or left.

use adw_core::{AdwId, Priority, StageName, Status, TaskType, Timestamp, Workflow};
use serde::Serialize;

use super::WaitingObject;

/// A row. Its members are called as those of a task are; `attempt` is that of the current stage.
#[derive(Debug, Serialize)]
pub(crate) struct RowObject<'a> {
    id: i64,
    adw_id: &'a AdwId,
    title: &'a str,
    r#type: TaskType,
    status: Status,
    current_stage: Option<&'a StageName>,
    attempt: Option<u32>,
    waiting: Option<WaitingRow<'a>>,
    error_message: Option<String>,
    progress: u8,
    project: &'a str,
    priority: Priority,
    created_at: Timestamp,
    updated_at: Timestamp,
    completed_at: Option<Timestamp>,
    seq: u64,
}

/// What a workflow waits on, without what only whoever answers needs: a prompt may be long, and rows are sent to many.
#[derive(Debug, Serialize)]
struct WaitingRow<'a> {
    kind: &'static str,
    stage: Option<&'a StageName>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// As much of a text as a row has room for: rows are sent by the hundred.
fn brief(text: &str) -> String {
    const LONGEST: usize = 300;
    text.chars().take(LONGEST).collect()
}

impl<'a> WaitingRow<'a> {
    fn of(waiting: &WaitingObject<'a>) -> Self {
        let message = brief(waiting.message());
        Self { kind: waiting.kind(), stage: waiting.stage(), message, until: waiting.until() }
    }
}

impl<'a> RowObject<'a> {
    pub(crate) fn of(id: i64, workflow: &'a Workflow) -> Self {
        let current_stage = workflow.current_stage();
        Self {
            id,
            adw_id: &workflow.adw_id,
            title: &workflow.task.title,
            r#type: workflow.task.task_type,
            status: workflow.status,
            current_stage,
            attempt: current_stage.and_then(|name| workflow.stage(name)).map(|stage| stage.attempt),
            waiting: WaitingObject::of(workflow).as_ref().map(WaitingRow::of),
            error_message: workflow.error_message.as_deref().map(brief),
            progress: workflow.progress,
            project: &workflow.task.project,
            priority: workflow.task.priority,
            created_at: workflow.created_at,
            updated_at: workflow.updated_at,
            completed_at: workflow.completed_at,
            seq: workflow.seq,
        }
    }
}
