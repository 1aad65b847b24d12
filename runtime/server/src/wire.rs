//! What clients read of a workflow, the same over REST, in the feed and in the command line's JSON.

mod budget;
mod configuration;
mod replay;
mod row;
pub(crate) mod schema;
mod waiting;

use adw_core::{
    AdwId, Priority, Reason, Reconfigured, Recorded, Stage, StageName, StageStatus, Status, TaskType,
    Timestamp, Workflow,
};
use adw_store::{Artifact, Stored};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use budget::BudgetObject;
pub(crate) use configuration::ConfigurationObject;
pub(crate) use replay::ReplayObject;
pub(crate) use row::RowObject;
pub(crate) use waiting::WaitingObject;

/// A task and the workflow that it became.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task, example = schema::task_example)]
pub(crate) struct TaskObject<'a> {
    /// A number that never changes.
    id: i64,
    /// The id that everything else is asked by.
    #[schema(value_type = String)]
    adw_id: &'a AdwId,
    /// One line.
    title: &'a str,
    /// What is to be done; may hold a unified diff.
    #[schema(required)]
    description: Option<&'a str>,
    /// The kind of work in the words of the request.
    task_type: &'a str,
    /// The kind of work.
    #[schema(value_type = schema::TaskTypeSchema)]
    r#type: TaskType,
    /// Where the workflow stands.
    #[schema(value_type = schema::StatusSchema)]
    status: Status,
    /// The names of its stages, in order.
    #[schema(value_type = Vec<String>)]
    stages: Vec<&'a StageName>,
    /// The stage that it is at; null before the start and after the last.
    #[schema(value_type = Option<String>, required)]
    current_stage: Option<&'a StageName>,
    /// Each stage, and how it went.
    stage_runs: Vec<StageRun<'a>>,
    /// What it waits on, by its `kind`; null where it waits on nothing. One that is `paused` says `since` when, and what
    /// it waits on besides in `then`.
    #[schema(value_type = Option<schema::WaitingSchema>, required)]
    waiting: Option<WaitingObject<'a>>,
    /// What came of it: `branch`, `summary` and a line for each stage, or what a person noted.
    #[schema(value_type = Option<Value>, required)]
    result: Option<&'a Value>,
    /// Why it failed, or what a person noted.
    #[schema(required)]
    error_message: Option<&'a str>,
    /// What it may spend, and what it has spent.
    budget: BudgetObject,
    /// 0 to 100: ended stages over all. It never falls.
    #[schema(maximum = 100)]
    progress: u8,
    /// Grows by one with every change; the `ETag`.
    version: u64,
    /// The database's own UUID: `(epoch, seq)` names an event for good.
    epoch: Uuid,
    /// The number of its last event: a live feed opened with `since` this misses nothing and repeats nothing.
    seq: u64,
    /// The branch that its work is on.
    branch: String,
    /// The project that it works on.
    project: &'a str,
    /// Among waiting tasks, the more urgent goes first.
    #[schema(value_type = schema::PrioritySchema)]
    priority: Priority,
    /// The pipeline's name; null where the request listed the stages.
    #[schema(required)]
    pipeline: Option<&'a str>,
    /// The last time that a retry took up an adw.toml that says something else; null where it goes by what it began with.
    #[schema(required)]
    reconfigured: Option<ReconfiguredObject<'a>>,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    completed_at: Option<Timestamp>,
}

impl<'a> TaskObject<'a> {
    pub(crate) fn new(stored: &'a Stored, epoch: Uuid) -> Self {
        Self::of(stored.id.0, &stored.workflow, epoch)
    }

    pub(crate) fn of(id: i64, workflow: &'a Workflow, epoch: Uuid) -> Self {
        let task = &workflow.task;
        Self {
            id,
            adw_id: &workflow.adw_id,
            title: &task.title,
            description: task.description.as_deref(),
            task_type: &task.task_type_as_sent,
            r#type: task.task_type,
            status: workflow.status,
            stages: workflow.stages.iter().map(|stage| &stage.name).collect(),
            current_stage: workflow.current_stage(),
            stage_runs: StageRun::all(workflow),
            waiting: WaitingObject::of(workflow),
            result: workflow.result.as_ref(),
            error_message: workflow.error_message.as_deref(),
            budget: BudgetObject::of(workflow),
            progress: workflow.progress,
            version: workflow.seq,
            epoch,
            seq: workflow.seq,
            branch: workflow.branch(),
            project: &task.project,
            priority: task.priority,
            pipeline: workflow.pipeline.name.as_deref(),
            reconfigured: workflow.reconfigured.as_ref().map(ReconfiguredObject::of),
            created_at: workflow.created_at,
            updated_at: workflow.updated_at,
            completed_at: workflow.completed_at,
        }
    }
}

/// Since when a workflow goes by another adw.toml.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reconfigured)]
struct ReconfiguredObject<'a> {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The keys that said something else: `stages.test.grants`.
    changes: &'a [String],
}

impl<'a> ReconfiguredObject<'a> {
    fn of(reconfigured: &'a Reconfigured) -> Self {
        Self { at: reconfigured.at, changes: &reconfigured.changes }
    }
}

/// A stage of a workflow, and how its newest attempt went.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StageRun<'a> {
    /// Its name.
    #[schema(value_type = String)]
    name: &'a StageName,
    /// It runs in any case, after the others have come to their end, good or bad.
    finally: bool,
    /// Where it stands.
    #[schema(value_type = schema::StageStatusSchema)]
    status: StageStatus,
    /// The number of its newest attempt; 0 before the first.
    attempt: u32,
    /// How often it was given its work back.
    round: u32,
    /// Failed tries in this round.
    failures: u32,
    /// How often it sent work back to an earlier stage.
    reworks: u32,
    /// Why it runs, or will run next, by its `kind`: first, retry or rework.
    #[schema(value_type = schema::ReasonSchema)]
    reason: &'a Reason,
    /// What it did, in one line; for a skipped stage, why.
    #[schema(required)]
    summary: Option<&'a str>,
    /// What it left for programs.
    #[schema(value_type = Option<Value>, required)]
    output: Option<&'a Value>,
    /// What was wrong the last time.
    #[schema(required)]
    error: Option<&'a str>,
    /// When its newest attempt began.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    completed_at: Option<Timestamp>,
    /// Since when it waits for a person; null where it doesn't.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    asked_at: Option<Timestamp>,
    /// How long its newest attempt has waited for people, in milliseconds, until they had answered.
    waited_ms: u64,
}

impl<'a> StageRun<'a> {
    pub(crate) fn all(workflow: &'a Workflow) -> Vec<Self> {
        workflow.stages.iter().map(Self::of).collect()
    }

    fn of(stage: &'a Stage) -> Self {
        let output = stage.output.as_ref();
        Self {
            name: &stage.name,
            finally: stage.finally,
            status: stage.status,
            attempt: stage.attempt,
            round: stage.round,
            failures: stage.failures,
            reworks: stage.reworks,
            reason: &stage.reason,
            summary: output.map(|output| output.summary.as_str()),
            output: output.map(|output| &output.data).filter(|data| !data.is_null()),
            error: stage.error.as_deref(),
            started_at: stage.started_at,
            completed_at: stage.completed_at,
            asked_at: stage.asked_at,
            waited_ms: stage.waited_ms,
        }
    }
}

/// A change of a workflow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventObject<'a> {
    /// From 1, without gaps.
    pub(crate) seq: u64,
    /// What happened: `task_created`, `stage_started`, …
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    /// The stage that it tells of.
    #[schema(value_type = Option<String>, required)]
    pub(crate) stage: Option<&'a StageName>,
    /// What else there is to say of it.
    #[schema(value_type = Object)]
    pub(crate) data: Map<String, Value>,
}

impl<'a> EventObject<'a> {
    pub(crate) fn new(recorded: &'a Recorded) -> Self {
        let mut data = match serde_json::to_value(&recorded.event) {
            Ok(Value::Object(members)) => members,
            // Every event is an object.
            _ => Map::new(),
        };
        data.remove("type");
        data.remove("stage");
        Self {
            seq: recorded.seq,
            kind: recorded.event.kind().as_str(),
            at: recorded.at,
            stage: recorded.event.stage(),
            data,
        }
    }
}

/// A named result of a workflow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Artifact)]
pub(crate) struct ArtifactObject<'a> {
    /// Unique in its workflow.
    name: &'a str,
    /// Its media type.
    media_type: &'a str,
    /// The hash of its bytes, in hex.
    sha256: &'a str,
    /// In bytes.
    size: u64,
    /// The stage that left it.
    #[schema(value_type = String)]
    stage: &'a StageName,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl<'a> From<&'a Artifact> for ArtifactObject<'a> {
    fn from(artifact: &'a Artifact) -> Self {
        Self {
            name: &artifact.name,
            media_type: &artifact.media_type,
            sha256: &artifact.sha256,
            size: artifact.size,
            stage: &artifact.stage,
            at: artifact.at,
        }
    }
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Items<T> {
    /// What there is.
    pub(crate) items: Vec<T>,
    /// Where to read on; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}
