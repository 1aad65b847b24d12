//! Schemas of what the domain defines, derived from its own tables.

use std::borrow::Cow;

use adw_core::{Priority, StageStatus, Status, TaskType};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, KnownFormat, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat, Type},
};

/// From the least urgent to the most.
pub(crate) const PRIORITIES: [Priority; 4] =
    [Priority::Low, Priority::Medium, Priority::High, Priority::Urgent];

const STAGE_STATUSES: [StageStatus; 7] = [
    StageStatus::Pending,
    StageStatus::Running,
    StageStatus::Waiting,
    StageStatus::Completed,
    StageStatus::Skipped,
    StageStatus::Failed,
    StageStatus::Cancelled,
];

/// A schema under a name of its own.
macro_rules! schema {
    ($type:ident is $name:literal: $schema:expr) => {
        #[doc = concat!("The schema of `", $name, "`.")]
        pub(crate) enum $type {}

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    };
}

schema!(StatusSchema is "Status": one_of(Status::ALL.map(Status::as_str)));
schema!(StageStatusSchema is "StageStatus": one_of(STAGE_STATUSES.map(StageStatus::as_str)));
schema!(TaskTypeSchema is "TaskType": one_of(TaskType::ALL.map(TaskType::as_str)));
schema!(PrioritySchema is "Priority": one_of(PRIORITIES.map(Priority::as_str)));
schema!(RetryBySchema is "RetryBy": one_of(["present", "pinned"]));
schema!(WaitingSchema is "Waiting": waiting());
schema!(ReasonSchema is "Reason": reason());

fn one_of(words: impl IntoIterator<Item = &'static str>) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build().into()
}

fn waiting() -> Schema {
    let time = || text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    let number = || ObjectBuilder::new().schema_type(Type::Integer);
    let choices = ArrayBuilder::new().items(text());
    kind(["timer", "question", "agent_by_hand", "paused"])
        .property("stage", text())
        .property("message", text())
        .property("until", time())
        .property("goes_on", ObjectBuilder::new().schema_type(Type::Boolean))
        .property("attempt", number())
        .property("call", number())
        .property("choices", choices)
        .property("schema", ObjectBuilder::new())
        .property("default", ObjectBuilder::new())
        .property("prompt", text())
        .property("worktree", text())
        .property("command", text())
        .property("since", time())
        .property("then", Ref::from_schema_name("Waiting"))
        .build()
        .into()
}

fn reason() -> Schema {
    let number = || ObjectBuilder::new().schema_type(Type::Integer);
    kind(["first", "retry", "rework"])
        .property("number", number())
        .property("stage", text())
        .property("round", number())
        .property("feedback", text())
        .build()
        .into()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn kind(kinds: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object).property("kind", one_of(kinds)).required("kind")
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
        "budget": {
            "limit": { "cost_usd": 20.0, "tokens": null, "wall_ms": 7_200_000 },
            "spent": { "cost_usd": 0.0, "tokens": 0, "wall_ms": 0, "wall_since": null }
        },
        "progress": 0,
        "version": 1,
        "epoch": "3f0a7e9c-4d55-4f0e-9f6b-0c9f3f2b8a51",
        "seq": 1,
        "branch": "adw-task/adw_feature_1760000000_1a2b3c4d",
        "project": "demo",
        "priority": "medium",
        "pipeline": null,
        "reconfigured": null,
        "created_at": "2025-10-09T08:53:20.000Z",
        "updated_at": "2025-10-09T08:53:20.000Z",
        "completed_at": null
    })
}

fn stage_example(name: &str) -> Value {
    json!({
        "name": name, "status": "pending", "attempt": 0, "round": 0, "failures": 0, "reworks": 0,
        "reason": { "kind": "first" }, "summary": null, "output": null, "error": null,
        "started_at": null, "completed_at": null, "asked_at": null, "waited_ms": 0
    })
}
