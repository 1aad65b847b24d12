//! Schemas of what the domain defines, derived from its own tables.

use adw_core::{Priority, StageStatus, Status, TaskType};
use serde_json::{Value, json};
use utoipa::openapi::{
    KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type,
    schema::{OneOfBuilder, SchemaType},
};

fn one_of(words: impl IntoIterator<Item = &'static str>) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build().into()
}

/// Where a workflow may stand.
pub(crate) fn status() -> Schema {
    one_of(Status::ALL.map(Status::as_str))
}

/// Where a stage may stand.
pub(crate) fn stage_status() -> Schema {
    use StageStatus as S;
    let all = [S::Pending, S::Running, S::Waiting, S::Completed, S::Skipped, S::Failed, S::Cancelled];
    one_of(all.map(S::as_str))
}

/// The kinds of work.
pub(crate) fn task_type() -> Schema {
    one_of(TaskType::ALL.map(TaskType::as_str))
}

/// How urgent a task may be.
pub(crate) fn priority() -> Schema {
    one_of(PRIORITIES.map(Priority::as_str))
}

/// From the least urgent to the most.
pub(crate) const PRIORITIES: [Priority; 4] =
    [Priority::Low, Priority::Medium, Priority::High, Priority::Urgent];

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn kinds(kinds: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object).property("kind", one_of(kinds)).required("kind")
}

/// What a workflow may wait on.
pub(crate) fn waiting() -> Schema {
    let until = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    let timer =
        kinds(["timer"]).property("stage", text()).property("until", until).property("message", text());
    let nothing = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Null));
    OneOfBuilder::new().item(nothing).item(timer).build().into()
}

/// Why a stage may run.
pub(crate) fn reason() -> Schema {
    let number = || ObjectBuilder::new().schema_type(Type::Integer);
    kinds(["first", "retry", "rework"])
        .property("number", number())
        .property("stage", text())
        .property("round", number())
        .property("feedback", text())
        .build()
        .into()
}

/// A task as it is right after it was accepted.
pub(crate) fn task_example() -> Value {
    json!({
        "id": 1,
        "adw_id": "adw_feature_1760000000_1a2b3c4d",
        "title": "Test",
        "description": "Test task",
        "task_type": "feature",
        "type": "feature",
        "status": "pending",
        "stages": ["plan", "implement"],
        "current_stage": null,
        "stage_runs": [stage_example("plan"), stage_example("implement")],
        "waiting": null,
        "result": null,
        "error_message": null,
        "progress": 0,
        "version": 1,
        "epoch": "3f0a7e9c-4d55-4f0e-9f6b-0c9f3f2b8a51",
        "seq": 1,
        "branch": "adw-task/adw_feature_1760000000_1a2b3c4d",
        "project": "demo",
        "priority": "medium",
        "pipeline": null,
        "created_at": "2025-10-09T08:53:20.000Z",
        "updated_at": "2025-10-09T08:53:20.000Z",
        "completed_at": null
    })
}

fn stage_example(name: &str) -> Value {
    json!({
        "name": name, "status": "pending", "attempt": 0, "round": 0, "failures": 0, "reworks": 0,
        "reason": { "kind": "first" }, "summary": null, "output": null, "error": null,
        "started_at": null, "completed_at": null
    })
}
