//! Workflows to store.

use std::sync::Arc;

use adw_core::{
    AdwId, Budget, Event, Output, PipelineHash, PipelineRef, Priority, Reason, Reconfiguration, Recorded,
    StageName, Task, TaskType, Timestamp, Workflow, apply,
};

use crate::{Append, AttemptKey, NewWorkflow, RowId, Store, Stored, encoding};

/// A document that workflows are pinned to. A store doesn't look into it.
pub const DOCUMENT: &str = r#"{"stages":["plan","implement"]}"#;

/// A task to begin with.
pub fn task(title: &str) -> Task {
    Task {
        title: title.to_owned(),
        description: Some(format!("Do this: {title}")),
        task_type: TaskType::Feature,
        task_type_as_sent: "enhancement".to_owned(),
        priority: Priority::Medium,
        project: "demo".to_owned(),
        patch: None,
        agent: None,
    }
}

/// The name of a stage.
pub fn stage(name: &str) -> StageName {
    name.parse().unwrap()
}

/// An id.
pub fn adw_id(id: &str) -> AdwId {
    id.parse().unwrap()
}

/// A time that grows with the event's number.
pub fn at(seq: u64) -> Timestamp {
    Timestamp::from_millis(1_760_000_000_123).plus_millis(seq * 1_000)
}

/// A workflow to create, with two stages.
pub fn new_workflow(id: &str, task: Task) -> NewWorkflow {
    new_workflow_on(id, task, DOCUMENT)
}

/// The same, pinned to this document.
pub fn new_workflow_on(id: &str, task: Task, document: &str) -> NewWorkflow {
    let event = Event::TaskCreated {
        adw_id: adw_id(id),
        task: Box::new(task),
        pipeline: PipelineRef {
            name: Some("default".to_owned()),
            hash: PipelineHash(encoding::document_hash(document)),
            budget: Budget::default(),
        },
        stages: vec![stage("plan"), stage("implement")],
        finally: Vec::new(),
    };
    let first = Recorded { seq: 1, at: at(1), event };
    let workflow = apply(None, &first).unwrap();
    NewWorkflow { first, workflow, document: Arc::from(document) }
}

/// Creates a workflow with this id and title.
pub async fn create(store: &dyn Store, id: &str) -> Stored {
    store.create(new_workflow(id, task(id))).await.unwrap()
}

/// What is to be appended for these events to follow.
pub fn append(stored: &Stored, events: Vec<Event>) -> Append {
    let expected = stored.workflow.seq;
    let events: Vec<_> =
        (expected + 1..).zip(events).map(|(seq, event)| Recorded { seq, at: at(seq), event }).collect();
    let workflow = fold_onto(stored.workflow.clone(), &events);
    Append { id: stored.id, expected, events, workflow, document: None }
}

/// What is to be appended for a workflow that failed to go on by this document.
pub fn retry_by(stored: &Stored, document: &str) -> Append {
    let pipeline = PipelineRef {
        name: Some("default".to_owned()),
        hash: PipelineHash(encoding::document_hash(document)),
        budget: Budget::default(),
    };
    let stages = vec![stage("plan"), stage("test")];
    let changes = vec!["pipelines.default.stages".to_owned()];
    let reconfigured = Some(Box::new(Reconfiguration { pipeline, stages, finally: Vec::new(), changes }));
    let retried = Event::WorkflowRetried { from: stage("plan"), reconfigured };
    Append { document: Some(Arc::from(document)), ..append(stored, vec![retried]) }
}

/// The event of a failure.
pub fn failed() -> Event {
    Event::WorkflowFailed { error_message: "no place".to_owned(), by_hand: true }
}

/// Appends, and answers with what the store then holds.
pub async fn advance(store: &dyn Store, stored: &Stored, events: Vec<Event>) -> Stored {
    let append = append(stored, events);
    let after = Stored { id: stored.id, workflow: append.workflow.clone() };
    store.append(append).await.unwrap();
    after
}

/// The events of a start and a first stage.
pub fn start() -> Vec<Event> {
    vec![
        Event::WorkflowStarted,
        Event::StageStarted { stage: stage("plan"), attempt: 1, reason: Reason::First },
    ]
}

/// The event of a stage that is done.
pub fn done(name: &str, summary: &str) -> Event {
    let output = Output { summary: summary.to_owned(), data: serde_json::json!({ "files": 3 }) };
    Event::StageCompleted { stage: stage(name), attempt: 1, output }
}

/// The event of an end.
pub fn cancelled() -> Event {
    Event::WorkflowCancelled { reason: Some("not needed any more".to_owned()) }
}

/// An event that notes something.
pub fn noted(result: serde_json::Value) -> Event {
    Event::WorkflowAnnotated { result: Some(result), error_message: None }
}

/// An attempt at the first stage.
pub fn attempt(workflow: RowId, number: u32) -> AttemptKey {
    AttemptKey { workflow, stage: stage("plan"), attempt: number }
}

fn fold_onto(workflow: Workflow, events: &[Recorded]) -> Workflow {
    events.iter().try_fold(workflow, |workflow, event| apply(Some(workflow), event)).unwrap()
}
