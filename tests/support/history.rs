//! What must hold of every workflow, whatever happened to the server.

use std::collections::HashMap;

use adw_core::{Event, Recorded, Stage, Workflow, fold};
use serde_json::{Value, json};

use super::api::Api;

/// Checks one workflow's history against its row, and gives both.
pub async fn check(api: &Api, adw_id: &str) -> (Value, Vec<Recorded>) {
    let workflow = api.workflow(adw_id).await;
    let history = api.history(adw_id).await;
    is_gapless(&history);
    let folded = fold(&history).unwrap().unwrap();
    assert_eq!(workflow, as_served(&folded, &workflow), "the history of {adw_id} doesn't give its row");
    attempts_end_once(&history);
    (workflow, history)
}

/// Numbers begin with 1 and grow by one; no event is older than the one before.
fn is_gapless(history: &[Recorded]) {
    let seqs: Vec<_> = history.iter().map(|recorded| recorded.seq).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert!(history.is_sorted_by_key(|recorded| recorded.at), "{history:#?}");
}

/// Every attempt begins once, and ends once at the most.
fn attempts_end_once(history: &[Recorded]) {
    let mut begun = HashMap::new();
    let mut ended = HashMap::new();
    for recorded in history {
        let (counts, stage, attempt) = match &recorded.event {
            Event::StageStarted { stage, attempt, .. } => (&mut begun, stage, attempt),
            Event::StageCompleted { stage, attempt, .. }
            | Event::StageSkipped { stage, attempt, .. }
            | Event::StageAttemptFailed { stage, attempt, .. }
            | Event::StageInterrupted { stage, attempt, goes_on: false, .. }
            | Event::StageReworked { stage, attempt, .. }
            | Event::StageFailed { stage, attempt, .. } => (&mut ended, stage, attempt),
            _ => continue,
        };
        *counts.entry((stage.clone(), *attempt)).or_insert(0_u32) += 1;
    }
    assert!(begun.values().all(|count| *count == 1), "{history:#?}");
    assert!(ended.iter().all(|(attempt, count)| *count == 1 && begun.contains_key(attempt)), "{history:#?}");
}

/// Every stage of a workflow that met no failure completed exactly once, and so did the workflow.
pub fn every_stage_completed_once(workflow: &Value, history: &[Recorded]) {
    assert_eq!(workflow["status"], "completed", "{workflow:#}");
    for stage in workflow["stages"].as_array().unwrap() {
        let completed = history.iter().filter(|recorded| {
            matches!(&recorded.event, Event::StageCompleted { stage: name, .. } if stage == name.as_str())
        });
        assert_eq!(completed.count(), 1, "{stage} of {history:#?}");
    }
    let ends = history.iter().filter(|recorded| matches!(recorded.event, Event::WorkflowCompleted { .. }));
    assert_eq!(ends.count(), 1, "{history:#?}");
}

/// A folded workflow in the words of the API. What belongs to the row and the database, not to the history, is taken
/// from what was served.
fn as_served(workflow: &Workflow, served: &Value) -> Value {
    let task = &workflow.task;
    json!({
        "id": served["id"],
        "epoch": served["epoch"],
        "adw_id": workflow.adw_id,
        "title": task.title,
        "description": task.description,
        "task_type": task.task_type_as_sent,
        "type": task.task_type,
        "status": workflow.status,
        "stages": workflow.stages.iter().map(|stage| &stage.name).collect::<Vec<_>>(),
        "current_stage": workflow.current_stage(),
        "stage_runs": workflow.stages.iter().map(stage_as_served).collect::<Vec<_>>(),
        "waiting": waiting_as_served(workflow),
        "result": workflow.result,
        "error_message": workflow.error_message,
        "budget": budget_as_served(workflow),
        "progress": workflow.progress,
        "version": workflow.seq,
        "seq": workflow.seq,
        "branch": workflow.branch(),
        "project": task.project,
        "priority": task.priority,
        "pipeline": workflow.pipeline.name,
        "reconfigured": workflow.reconfigured,
        "created_at": workflow.created_at,
        "updated_at": workflow.updated_at,
        "completed_at": workflow.completed_at,
    })
}

fn budget_as_served(workflow: &Workflow) -> Value {
    let (limit, spent) = (&workflow.pipeline.budget, &workflow.spent);
    json!({
        "limit": { "cost_usd": limit.cost_usd, "tokens": limit.tokens, "wall_ms": limit.wall_ms },
        "spent": {
            "cost_usd": spent.usage.cost_usd,
            "tokens": spent.usage.tokens,
            "wall_ms": spent.wall_ms,
            "wall_since": spent.wall_since,
        },
    })
}

/// A pause comes before whatever the workflow waits on itself.
fn waiting_as_served(workflow: &Workflow) -> Value {
    let Some(paused) = &workflow.paused else { return json!(workflow.waiting) };
    json!({
        "kind": "paused",
        "stage": workflow.current_stage(),
        "message": paused.reason.as_deref().unwrap_or("nothing of it goes on until it is resumed"),
        "since": paused.since,
        "then": workflow.waiting,
    })
}

fn stage_as_served(stage: &Stage) -> Value {
    json!({
        "name": stage.name,
        "finally": stage.finally,
        "status": stage.status,
        "attempt": stage.attempt,
        "round": stage.round,
        "failures": stage.failures,
        "reworks": stage.reworks,
        "reason": stage.reason,
        "summary": stage.output.as_ref().map(|output| &output.summary),
        "output": stage.output.as_ref().map(|output| &output.data),
        "error": stage.error,
        "started_at": stage.started_at,
        "completed_at": stage.completed_at,
        "asked_at": stage.asked_at,
        "waited_ms": stage.waited_ms,
    })
}
