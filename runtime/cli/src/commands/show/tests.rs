#![allow(clippy::unwrap_used, reason = "a test may panic")]

use adw_core::Timestamp;
use anstream::adapter::strip_str;
use serde_json::{Value, json};

use super::in_words;
use crate::client::Workflow;

/// A workflow with these members, as a server tells of it.
fn workflow(members: &Value) -> Workflow {
    let mut workflow = json!({
        "adw_id": "one", "title": "One", "type": "bug", "branch": "adw-task/one", "progress": 50,
        "created_at": "2026-01-31T12:00:00.000Z", "updated_at": "2026-01-31T14:00:10.000Z",
    });
    workflow.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    serde_json::from_value(workflow).unwrap()
}

fn at(time: &str) -> Timestamp {
    serde_json::from_value(format!("2026-01-31T{time}.000Z").into()).unwrap()
}

/// The lines that are told of it from its stages on.
fn stages(members: &Value) -> String {
    let words = strip_str(&in_words(&workflow(members), &[], at("15:00:00"))).to_string();
    words[words.find("stages").unwrap()..].to_owned()
}

#[test]
fn what_a_stage_worked_and_what_it_waited_for_a_person_are_told_apart() {
    let told = stages(&json!({
        "status": "running",
        "stage_runs": [
            {
                "name": "gate", "status": "completed", "attempt": 1, "summary": "approved", "waited_ms": 3_600_000,
                "started_at": at("12:00:00"), "completed_at": at("13:00:02"),
            },
            // What changed since it asked, somebody's note perhaps, is no work of its own.
            {
                "name": "ship", "status": "waiting", "attempt": 1,
                "started_at": at("13:00:02"), "asked_at": at("13:00:05"),
            },
        ],
    }));
    insta::assert_snapshot!(told, @"
    stages
               gate         completed  1 attempt   2.0 s     approved (and 1 h 0 min of waiting for a person)
               ship         waiting    1 attempt   3.0 s
    ");
}

#[test]
fn why_it_failed_is_told_once() {
    let failed = json!({
        "status": "failed", "error_message": "stage test failed: 2 tests fail\nfirst\nsecond",
        "stage_runs": [
            { "name": "test", "status": "failed", "attempt": 2, "error": "2 tests fail\nfirst\nsecond" },
        ],
    });
    let words = in_words(&workflow(&failed), &[], at("15:00:00"));
    assert_eq!(words.matches("2 tests fail").count(), 1, "{words}");
    let mut noted = failed;
    noted["error_message"] = "not worth it".into();
    let words = in_words(&workflow(&noted), &[], at("15:00:00"));
    assert!(words.contains("not worth it") && words.contains("2 tests fail"), "{words}");
}

#[test]
fn what_failed_after_it_in_any_case_says_why_too() {
    let failed = json!({
        "status": "failed", "error_message": "stage test failed: 2 tests fail",
        "stage_runs": [
            { "name": "test", "status": "failed", "attempt": 1, "error": "2 tests fail" },
            { "name": "tidy", "status": "failed", "attempt": 1, "error": "nothing to tidy" },
        ],
    });
    let words = in_words(&workflow(&failed), &[], at("15:00:00"));
    assert_eq!(words.matches("2 tests fail").count(), 1, "{words}");
    assert_eq!(words.matches("nothing to tidy").count(), 1, "{words}");
}

/// The workflow last changed at 14:00:10, and is looked at at 15:00:00.
#[test]
fn what_runs_has_worked_until_now_and_what_is_to_be_done_again_not_yet() {
    let told = stages(&json!({
        "status": "running",
        "stage_runs": [
            { "name": "plan", "status": "running", "attempt": 1, "started_at": at("14:00:10") },
            { "name": "test", "status": "pending", "attempt": 2, "started_at": at("12:00:00") },
        ],
    }));
    insta::assert_snapshot!(told, @"
    stages
               plan         running    1 attempt   59 min 50 s
               test         pending    2 attempts
    ");
}

#[test]
fn what_it_has_spent_stands_beside_what_it_may() {
    let spent = |budget: Value| {
        let shown = workflow(&json!({ "status": "running", "budget": budget }));
        let words = strip_str(&in_words(&shown, &[], at("15:00:00"))).to_string();
        words.lines().find(|line| line.starts_with("spent")).map(str::to_owned)
    };
    let all = json!({
        "limit": { "cost_usd": 20.0, "tokens": 5_000_000, "wall_ms": 7_200_000 },
        "spent": { "cost_usd": 0.3, "tokens": 1_200, "wall_ms": 60_000, "wall_since": at("14:00:00") },
    });
    let nothing = json!({
        "limit": { "cost_usd": null, "tokens": null, "wall_ms": null },
        "spent": { "cost_usd": 0.0, "tokens": 0, "wall_ms": 5, "wall_since": null },
    });
    let unbounded = json!({ "spent": { "cost_usd": 1.25, "tokens": 0, "wall_ms": 5 } });
    let told = [all, unbounded, nothing].map(|budget| spent(budget).unwrap_or_default());
    assert_eq!(
        told,
        [
            "spent      $0.30 of $20.00, 1200 of 5000000 tokens, 1 h 1 min of 2 h 0 min",
            "spent      $1.25",
            "",
        ]
    );
    assert_eq!(spent(json!({})), None, "a server of an earlier version");
}
