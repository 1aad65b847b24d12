//! The commands that a stage's config names, held against its grants before anything runs.

use adw_core::{ArgvPattern, Grants};
use adw_host::{Obstacle, Plugin};
use adw_plugins_bundle::builtin;
use serde_json::{Value, json};

use crate::guest::{NOOP, with_config_schema};
use crate::scripted::Fixture;

fn grants(patterns: &[&[&str]]) -> Grants {
    let pattern = |words: &&[&str]| ArgvPattern(words.iter().map(|word| (*word).to_owned()).collect());
    Grants { exec: Some(patterns.iter().map(pattern).collect()), ..Grants::default() }
}

/// Places and obstacles, one a line.
fn told(plugin: &Plugin, config: &Value, grants: &Grants) -> Vec<String> {
    let unrunnable = plugin.unrunnable(config, grants, "test");
    let line = |at: &[String], is_default: bool, obstacle: &Obstacle| {
        let place = at.join("/");
        format!("{place}{}: {obstacle}", if is_default { " (default)" } else { "" })
    };
    unrunnable.iter().map(|found| line(&found.at, found.is_default, &found.obstacle)).collect()
}

/// A plugin that runs programs, and whose config is told by this schema.
async fn of_schema(fixture: &Fixture, schema: &Value) -> Plugin {
    let code = format!(
        r#"(import "adw:stage/exec@0.1.0" "run"
             (func $exec (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32)))---{NOOP}"#
    );
    fixture.host.load(with_config_schema(&code, schema)).await.unwrap()
}

/// A config, the patterns that are granted, and what is said.
type Case = (Value, &'static [&'static [&'static str]], &'static [&'static str]);

const CARGO: &[&str] = &["cargo", "**"];
const MAKE: &[&str] = &["make", "test*"];

#[tokio::test]
async fn a_command_of_the_stage_that_runs_tests_is_held_against_its_grants() {
    let fixture = Fixture::new();
    let plugin = fixture.host.load(builtin("test").unwrap()).await.unwrap();
    let cases: [Case; 20] = [
        // What is not named is found in the repository.
        (json!({}), &[], &[]),
        (json!({ "trust_exit_code": true }), &[CARGO], &[]),
        (json!({ "command": null, "commands": [] }), &[], &[]),
        (json!({ "command": "cargo test" }), &[CARGO], &[]),
        (json!({ "command": "cargo test" }), &[], &["command: running `cargo test` is not granted"]),
        (json!({ "command": "pytest -q" }), &[CARGO], &["command: running `pytest -q` is not granted"]),
        (json!({ "command": ["cargo", "test", "a b"] }), &[CARGO], &[]),
        (json!({ "command": ["pytest"] }), &[CARGO, MAKE], &["command: running `pytest` is not granted"]),
        (json!({ "command": "make test-all" }), &[CARGO, MAKE], &[]),
        (json!({ "command": "make test -k" }), &[MAKE], &["command: running `make test -k` is not granted"]),
        (json!({ "command": "make 'test a'" }), &[MAKE], &[]),
        // Variables are no part of what is granted.
        (json!({ "command": "A=1 B=2 cargo test" }), &[CARGO], &[]),
        (json!({ "command": "A=1 pytest" }), &[CARGO], &["command: running `pytest` is not granted"]),
        (
            json!({ "command": "a=b" }),
            &[CARGO],
            &["command: a command in the stage's config is empty: name a program"],
        ),
        (json!({ "command": ["A=1", "cargo"] }), &[CARGO], &["command: running `A=1 cargo` is not granted"]),
        (
            json!({ "commands": ["cargo test", "pytest", ["make", "lint"]] }),
            &[CARGO],
            &[
                "commands/1: running `pytest` is not granted",
                "commands/2: running `make lint` is not granted",
            ],
        ),
        (
            json!({ "command": "go vet", "commands": ["cargo fmt"] }),
            &[CARGO],
            &["command: running `go vet` is not granted"],
        ),
        (
            json!({ "command": "cargo test && cargo fmt" }),
            &[CARGO],
            &[
                "command: there is no shell to understand `&&` in `cargo test && cargo fmt`: name each command by itself, or run a script",
            ],
        ),
        (
            json!({ "command": "cargo 'test" }),
            &[CARGO],
            &["command: a quote is not closed in the command `cargo 'test`"],
        ),
        (
            json!({ "command": "PATH=. cargo test" }),
            &[CARGO],
            &[
                "command: no grant lets a plugin set `PATH`: with it another program could run than the one that is granted; leave it out of `env`",
            ],
        ),
    ];
    for (config, patterns, expected) in cases {
        assert_eq!(plugin.check_config(&config), Ok(()), "{config}");
        assert_eq!(told(&plugin, &config, &grants(patterns)), expected, "{config} by {patterns:?}");
    }
}

#[tokio::test]
async fn any_plugins_schema_can_mark_what_is_run() {
    let fixture = Fixture::new();
    let text = json!({ "type": "string" });
    let words = json!({ "type": "array", "items": text });
    let lint = "lint: running `lint` is not granted";
    // What a member `lint` is, by the schema, and what it says.
    let cases = [
        (json!({ "type": "string", "x-adw-exec": true }), json!("lint"), vec![lint]),
        (json!({ "type": "string", "x-adw-exec": false }), json!("lint"), vec![]),
        (json!({ "type": "string" }), json!("lint"), vec![]),
        (json!({ "type": "array", "items": text, "x-adw-exec": true }), json!(["lint"]), vec![lint]),
        (json!({ "type": "array", "items": text, "x-adw-exec": true }), json!([]), vec![]),
        (
            json!({ "type": "array", "items": words, "x-adw-exec": true }),
            json!([["cargo", "test"], ["lint"]]),
            vec!["lint/1: running `lint` is not granted"],
        ),
        (
            json!({ "type": "array", "items": { "type": "string", "x-adw-exec": true } }),
            json!(["lint", "cargo fmt"]),
            vec!["lint/0: running `lint` is not granted"],
        ),
        // Of alternatives, only what the value takes.
        (
            json!({ "anyOf": [{ "type": "boolean" }, { "type": "string", "pattern": "^!", "x-adw-exec": true }, text] }),
            json!("lint"),
            vec![],
        ),
        (json!({ "anyOf": [{ "type": "null" }, { "$ref": "#/$defs/run" }] }), json!("lint"), vec![lint]),
        (json!({ "anyOf": [{ "type": "null" }, { "$ref": "#/$defs/run" }] }), json!(null), vec![]),
        (json!({ "$ref": "#/$defs/run", "x-adw-exec": true }), json!("lint"), vec![lint]),
        (
            json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/run" } }),
            json!({ "a/b": "lint" }),
            vec!["lint/a/b: running `lint` is not granted"],
        ),
        // What is no command has none.
        (json!({ "x-adw-exec": true }), json!({ "lint": 1 }), vec![]),
    ];
    for (member, value, expected) in cases {
        let schema = json!({
            "properties": { "lint": member },
            "$defs": { "run": { "type": "string", "x-adw-exec": true } },
        });
        let plugin = of_schema(&fixture, &schema).await;
        let config = json!({ "lint": value });
        assert_eq!(plugin.check_config(&config), Ok(()), "{config}");
        assert_eq!(told(&plugin, &config, &grants(&[CARGO])), expected, "{schema}: {config}");
    }
}

#[tokio::test]
async fn what_a_config_leaves_out_is_what_the_schema_has_for_it() {
    let fixture = Fixture::new();
    let run = |default: Value| json!({ "type": ["string", "null"], "x-adw-exec": true, "default": default });
    let schema = json!({
        "properties": {
            "lint": run(json!("lint -q")),
            "build": run(json!("cargo build")),
            "none": run(Value::Null),
            "within": { "$ref": "#/$defs/within" },
        },
        "$defs": { "within": { "properties": { "run": run(json!("lint within")) } } },
    });
    let plugin = of_schema(&fixture, &schema).await;
    let by_default = "lint (default): running `lint -q` is not granted";
    let within = "within/run (default): running `lint within` is not granted";
    let cases = [
        (json!({}), vec![by_default]),
        (json!({ "lint": "cargo lint" }), vec![]),
        (json!({ "lint": null }), vec![]),
        (json!({ "lint": "mine" }), vec!["lint: running `mine` is not granted"]),
        (json!({ "lint": null, "within": {} }), vec![within]),
        (json!({ "lint": null, "within": { "run": "cargo run" } }), vec![]),
    ];
    for (config, expected) in cases {
        assert_eq!(told(&plugin, &config, &grants(&[CARGO])), expected, "{config}");
    }
    let of_itself = json!({ "$ref": "#", "properties": { "lint": run(json!("lint")), "again": { "$ref": "#", "default": {} } } });
    let plugin = of_schema(&fixture, &of_itself).await;
    assert_eq!(told(&plugin, &json!({}), &grants(&[])), ["lint (default): running `lint` is not granted"]);
    for odd in [
        json!({ "$ref": "#" }),
        json!({ "properties": 1, "x-adw-exec": true }),
        json!({ "x-adw-exec": true }),
    ] {
        let plugin = of_schema(&fixture, &odd).await;
        assert_eq!(told(&plugin, &json!({ "lint": "lint" }), &grants(&[])), [""; 0], "{odd}");
    }
}

#[tokio::test]
async fn a_plugin_that_runs_nothing_fails_of_no_command() {
    let fixture = Fixture::new();
    let schema = json!({ "properties": { "lint": { "type": "string", "x-adw-exec": true } } });
    let plugin = fixture.host.load(with_config_schema(NOOP, &schema)).await.unwrap();
    assert_eq!(told(&plugin, &json!({ "lint": "lint" }), &grants(&[])), [""; 0]);
}

#[tokio::test]
async fn one_line_allows_all_that_lack_a_grant() {
    let fixture = Fixture::new();
    let plugin = fixture.host.load(builtin("test").unwrap()).await.unwrap();
    let long = "a b c d e f g h i";
    let config = json!({ "command": "pytest -q", "commands": ["cargo test", "pytest -q", ["it's"], long] });
    let unrunnable = plugin.unrunnable(&config, &grants(&[CARGO]), "all tests");
    assert_eq!(unrunnable.len(), 4);
    for found in unrunnable {
        let Obstacle::NotGranted { lines, .. } = found.obstacle else { panic!("{found:?}") };
        insta::allow_duplicates! {
            insta::assert_snapshot!(lines, @r#"
            [stages."all tests".grants]
            exec = [["cargo", "**"], ["pytest", "-q"], ["it's"], ["a", "b", "**"]]
            "#);
        }
    }
}
