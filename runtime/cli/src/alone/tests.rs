#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};

use super::next_step;
use crate::client::Workflow;

/// A workflow, as a server tells of it.
fn workflow(status: &str, waiting: &Value) -> Workflow {
    let time = "2026-01-31T12:00:00.000Z";
    serde_json::from_value(json!({
        "adw_id": "one", "title": "One", "type": "bug", "status": status, "waiting": waiting, "branch": "adw-task/one",
        "created_at": time, "updated_at": time,
    }))
    .unwrap()
}

#[test]
fn the_next_step_needs_no_server_that_runs() {
    let waiting = |kind: &str| json!({ "kind": kind, "message": "Shall it?" });
    let choices = json!({ "kind": "question", "message": "Shall it?", "choices": ["go on", "stop"] });
    let steps: Vec<String> = [
        ("completed", Value::Null, true),
        ("completed", Value::Null, false),
        ("failed", Value::Null, true),
        ("cancelled", Value::Null, true),
        ("running", choices, true),
        ("running", waiting("question"), true),
        ("running", waiting("agent_by_hand"), true),
        ("running", waiting("paused"), true),
        ("running", waiting("of_a_later_version"), true),
    ]
    .map(|(status, waiting, is_in_git)| next_step(&workflow(status, &waiting), is_in_git))
    .into();
    insta::assert_snapshot!(steps.join("\n"), @r#"
    what came out: git diff HEAD...adw-task/one; git merge adw-task/one takes it over
    what came out: adw diff one; adw diff one | patch -p1 takes it over
    look further: adw show one, adw logs one; try again: adw retry one --follow, which goes by the present adw.toml
    look further: adw show one, adw logs one
    answer it: adw answer one 'go on' --follow   (or stop)
    answer it: adw answer one "…" --follow
    answer it: adw answer one "…" --follow
    go on with it: adw resume one --follow
    answer it: adw answer one "…" --follow
    "#);
}
