//! The words of each message.
//!
//! An event's `type` is what the old client knows it by (a stage that ends is a `progress_update`), its `event` is
//! its name in `…/events`. What has no `seq` is no event, and may be dropped.

mod board;
mod envelope;

use std::sync::Arc;

use adw_core::{Event, Recorded, Status, Workflow};
use adw_engine::{LogLine, StageProgress};
use adw_store::Stored;
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub(super) use board::BoardWriter;
use envelope::Message;

use crate::wire::{BudgetObject, EventObject, TaskObject, WaitingObject};

/// Writes the messages of one workflow.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    /// The id as the client asked for it.
    pub(super) adw_id: String,
    pub(super) epoch: Uuid,
}

impl Writer {
    /// An event, and the workflow after it.
    pub(super) fn event(&self, id: i64, recorded: &Recorded, after: &Workflow) -> Arc<str> {
        let data = data(id, recorded, after, self.epoch);
        Message { adw_id: Some(&self.adw_id), ..Message::of_event(recorded, data, self.epoch) }.write()
    }

    /// The first message, with the workflow as it stands.
    pub(super) fn established(&self, snapshot: Option<&Stored>) -> Arc<str> {
        let data = match snapshot {
            Some(stored) => json!(TaskObject::new(stored, self.epoch)),
            None => json!({ "adw_id": self.adw_id }),
        };
        let message = format!("following workflow {}", self.adw_id);
        self.other("connection_established", Some(&message), data)
    }

    /// There is no such workflow, now or ever.
    pub(super) fn not_found(&self, reason: &str) -> Arc<str> {
        self.other("not_found", Some(reason), json!({ "adw_id": self.adw_id, "message": reason }))
    }

    /// The present state, for a client that asked for no earlier one.
    pub(super) fn present(&self, workflow: &Workflow) -> Arc<str> {
        self.other("status_update", None, status_data(workflow))
    }

    /// What the client has seen can't be continued from: it must read the workflow anew.
    pub(super) fn resync_required(&self, reason: &str, seq: u64) -> Arc<str> {
        self.other("resync_required", Some(reason), json!({ "reason": reason, "seq": seq }))
    }

    pub(super) fn log(&self, line: &LogLine) -> Arc<str> {
        self.other("log", None, json!(line))
    }

    /// How far a running stage says it is. The workflow's own progress counts only stages that ended.
    pub(super) fn progress(&self, stage: &StageProgress, workflow: u8) -> Arc<str> {
        let data = json!({
            "stage": stage.stage,
            "attempt": stage.attempt,
            "progress": workflow,
            "stage_progress": stage.percent,
            "message": stage.message,
        });
        self.other("progress_update", None, data)
    }

    pub(super) fn pong(&self) -> Arc<str> {
        self.other("pong", None, json!({}))
    }

    /// The client said something that means nothing here.
    pub(super) fn error(&self, code: &str, message: &str) -> Arc<str> {
        self.other("error", Some(message), json!({ "code": code, "message": message }))
    }

    fn other(&self, name: &str, words: Option<&str>, data: Value) -> Arc<str> {
        Message { adw_id: Some(&self.adw_id), words, ..Message::now(name, data, self.epoch) }.write()
    }
}

/// What the old client knows an event by.
const fn message_type(event: &Event) -> &'static str {
    match event {
        Event::StageStarted { .. } | Event::StageResumed { .. } => "stage_update",
        Event::StageCompleted { .. } | Event::StageSkipped { .. } | Event::StageFailed { .. } => {
            "progress_update"
        }
        Event::WorkflowStarted
        | Event::WorkflowWaiting { .. }
        | Event::WorkflowCompleted { .. }
        | Event::WorkflowFailed { .. } => "status_update",
        Event::WorkflowCancelled { .. } => "task_cancelled",
        other => other.kind().as_str(),
    }
}

fn data(id: i64, recorded: &Recorded, after: &Workflow, epoch: Uuid) -> Value {
    match &recorded.event {
        Event::TaskCreated { .. } => json!(TaskObject::of(id, after, epoch)),
        Event::StageStarted { stage, attempt, reason } => json!({
            "current_stage": stage, "stage": stage, "attempt": attempt, "reason": reason, "progress": after.progress,
        }),
        Event::StageResumed { stage, attempt } => json!({
            "current_stage": stage, "stage": stage, "attempt": attempt, "progress": after.progress,
        }),
        Event::StageCompleted { stage, attempt, output } => json!({
            "stage": stage, "attempt": attempt, "progress": after.progress,
            "stage_result": { "status": "completed", "summary": output.summary, "data": output.data },
        }),
        Event::StageSkipped { stage, attempt, reason } => json!({
            "stage": stage, "attempt": attempt, "progress": after.progress,
            "stage_result": { "status": "skipped", "summary": reason },
        }),
        Event::StageFailed { stage, attempt, error } => json!({
            "stage": stage, "attempt": attempt, "progress": after.progress,
            "stage_result": { "status": "failed", "error": error },
        }),
        Event::WorkflowStarted
        | Event::WorkflowWaiting { .. }
        | Event::WorkflowCompleted { .. }
        | Event::WorkflowFailed { .. } => status_data(after),
        Event::WorkflowCancelled { reason } => json!({
            "adw_id": after.adw_id, "status": after.status, "reason": reason, "progress": after.progress,
        }),
        Event::UsageCounted { .. } => {
            let mut data = own_words(recorded, after);
            data.insert("budget".to_owned(), json!(BudgetObject::of(after)));
            Value::Object(data)
        }
        _ => Value::Object(own_words(recorded, after)),
    }
}

/// What an event that only newer clients know says itself, and where the workflow stands after it.
fn own_words(recorded: &Recorded, after: &Workflow) -> Map<String, Value> {
    let EventObject { stage, mut data, .. } = EventObject::new(recorded);
    data.insert("stage".to_owned(), json!(stage));
    data.insert("status".to_owned(), json!(after.status));
    data.insert("current_stage".to_owned(), json!(after.current_stage()));
    data.insert("waiting".to_owned(), json!(WaitingObject::of(after)));
    data.insert("progress".to_owned(), json!(after.progress));
    data
}

fn status_data(workflow: &Workflow) -> Value {
    let error_message = match (workflow.error_message.as_deref(), workflow.status) {
        // A person may have noted an empty one; the old client takes it for no failure.
        (None | Some(""), Status::Failed) => Some("the workflow failed"),
        (error_message, _) => error_message,
    };
    json!({
        "adw_id": workflow.adw_id,
        "status": workflow.status,
        "current_stage": workflow.current_stage(),
        "waiting": WaitingObject::of(workflow),
        "progress": workflow.progress,
        "result": workflow.result,
        "error_message": error_message,
        "completed_at": workflow.completed_at,
    })
}
