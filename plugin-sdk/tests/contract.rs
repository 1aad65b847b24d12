//! The SDK and the contract are of one mind.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use adw_plugin_sdk::__private::BUILT_WITH;
use adw_plugin_sdk::bindings::adw::stage::types;
use adw_plugin_sdk::prelude::*;
use adw_plugin_sdk::{Reason, TaskKind, serde_json};
use adw_stage_wit::{CONTRACT_VERSION, STAGE_0_1_0};

#[test]
fn the_packaged_contract_is_the_contract() {
    assert_eq!(include_str!("../contract/stage.wit"), STAGE_0_1_0);
}

#[test]
fn a_plugin_notes_what_it_was_built_with() {
    let note: Value = serde_json::from_slice(&BUILT_WITH).unwrap();
    assert_eq!(
        note,
        json!({ "contract": CONTRACT_VERSION, "sdk": env!("CARGO_PKG_VERSION"), "language": "rust" })
    );
}

#[config]
struct Config {
    name: String,
}

#[data]
struct Report {
    greeting: String,
}

/// Greets.
#[stage]
fn greet(cx: &Cx, config: Config) -> StageResult<Report> {
    match cx.reason() {
        Reason::First => {}
        Reason::Retry(number) => return Err(Failure::retryable("network", format!("retry {number}"))),
        Reason::Rework(rework) => {
            return Err(Failure::rework(format!("{}: {}", rework.stage, rework.feedback)));
        }
        _ => return Ok(Outcome::skipped("unknown")),
    }
    let before = cx.earlier("plan").map_or("nobody", |earlier| earlier.summary.as_str());
    assert_eq!((cx.task().kind, cx.extra("later")), (TaskKind::Chore, Some("1")));
    Ok(Outcome::done("greeted", Report { greeting: format!("{} after {before}", config.name) }))
}

fn context(config: &str) -> types::Context {
    types::Context {
        task: types::Task {
            adw_id: "adw_1".to_owned(),
            title: "T".to_owned(),
            description: String::new(),
            task_type: "chore".to_owned(),
            priority: "low".to_owned(),
        },
        stage: "greet".to_owned(),
        reason: types::Reason::First,
        config: config.to_owned(),
        earlier: vec![types::Earlier {
            stage: "plan".to_owned(),
            summary: "planned".to_owned(),
            data: "{}".to_owned(),
            skipped: false,
        }],
        extra: vec![("later".to_owned(), "1".to_owned())],
    }
}

fn run(context: types::Context) -> Result<types::Outcome, types::Failure> {
    adw_plugin_sdk::__private::run(greet, context)
}

#[test]
fn what_crosses_the_border_is_json() {
    let Ok(types::Outcome::Done(done)) = run(context(r#"{"name":"Ada"}"#)) else { panic!("not done") };
    assert_eq!(
        (done.summary.as_str(), done.data.as_str()),
        ("greeted", r#"{"greeting":"Ada after planned"}"#)
    );
}

#[test]
fn failures_cross_as_they_are() {
    let mut retried = context(r#"{"name":"Ada"}"#);
    retried.reason = types::Reason::Retry(2);
    assert!(matches!(run(retried), Err(types::Failure::Retryable(types::Retryable { class, message }))
        if class == "network" && message == "retry 2"));

    let mut reworked = context(r#"{"name":"Ada"}"#);
    let rework = types::Rework { stage: "test".to_owned(), round: 1, feedback: "red".to_owned() };
    reworked.reason = types::Reason::Rework(rework);
    assert!(matches!(run(reworked), Err(types::Failure::Rework(feedback)) if feedback == "test: red"));
}

#[test]
fn what_does_not_fit_is_fatal_and_says_where() {
    let mut odd_task = context(r#"{"name":"Ada"}"#);
    odd_task.task.task_type = "epic".to_owned();
    let mut odd_data = context(r#"{"name":"Ada"}"#);
    odd_data.earlier[0].data = "{".to_owned();
    let cases = [
        (context("{}"), "[stages.greet.config] in adw.toml doesn't fit this plugin: missing field `name`"),
        (context(r#"{"name":"Ada","nmae":1}"#), "unknown field `nmae`"),
        (context(r#"{"name":3}"#), "invalid type: integer `3`"),
        (odd_task, "the unknown type `epic`"),
        (odd_data, "the output of stage `plan` as no JSON"),
    ];
    for (context, expected) in cases {
        assert!(
            matches!(run(context), Err(types::Failure::Fatal(message)) if message.contains(expected)),
            "{expected}"
        );
    }
}

#[test]
fn a_plugin_describes_itself() {
    let description = adw_plugin_sdk::__private::describe("adw-plugin-greet", "1.2.3", "Greets.", greet);
    assert_eq!((description.name.as_str(), description.version.as_str()), ("greet", "1.2.3"));
    let config: Value = serde_json::from_str(&description.config_schema).unwrap();
    assert_eq!(config["required"], json!(["name"]));
    assert_eq!(config["additionalProperties"], json!(false));
    let output: Value = serde_json::from_str(&description.output_schema).unwrap();
    assert_eq!(output["properties"]["greeting"]["type"], json!("string"));
    let other = adw_plugin_sdk::__private::describe("notify", "0.1.0", "", greet);
    assert_eq!(other.name, "notify");
}
