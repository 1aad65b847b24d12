//! How attempts end, and what is said of it.

use adw_core::Limits;
use adw_host::{Cause, Failure, Outcome, RunError, Stop, Suspension, Waiting};
use serde_json::Value;

use crate::guest::{NOOP, guest};
use crate::scripted::{Fixture, Scripted};

async fn error(code: &str) -> RunError {
    Fixture::new().run(guest(code), Scripted::new([])).await.result.unwrap_err()
}

#[tokio::test]
async fn a_stage_is_done() {
    let ran = Fixture::new().run(guest(NOOP), Scripted::new([])).await;
    let summary = "a guest by hand".to_owned();
    assert_eq!(ran.result, Ok(Ok(Outcome::Done { summary, data: Value::Null })));
    assert_eq!(ran.usage.calls, 0);
    assert!(ran.usage.fuel > 0);
    assert_eq!(ran.usage.peak_memory, 128 << 10);
}

#[tokio::test]
async fn a_stage_says_what_is_wrong() {
    let code =
        r#"(func (export "run") (param i32) (result i32) (call $failed (i32.const 2) {{two tests fail}}))"#;
    let ran = Fixture::new().run(guest(code), Scripted::new([])).await;
    assert_eq!(ran.result, Ok(Err(Failure::Rework("two tests fail".to_owned()))));
}

#[tokio::test]
async fn a_trap_names_plugin_version_cause_and_function() {
    let said = error(
        r#"(func $divides (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
           (func $run (export "run") (param i32) (result i32) (call $divides (i32.const 0)))"#,
    )
    .await;
    insta::assert_snapshot!(said, @"plugin guest 0.1.0 trapped: integer divide by zero (in divides < run); the fault is the plugin's own: mend it, or use another version of it");
}

#[tokio::test]
async fn a_panic_is_told_with_file_and_line() {
    let said = error(
        r#"(import "adw:stage/log@0.1.0" "write" (func $log (param i32 i32 i32)))---
           (func (export "run") (param i32) (result i32)
             (call $log (i32.const 3) {{panicked at src/lib.rs:12:5: index: out of bounds}})
             unreachable)"#,
    )
    .await;
    insta::assert_snapshot!(said, @"plugin guest 0.1.0 panicked at src/lib.rs:12: index: out of bounds; the fault is the plugin's own: mend it, or use another version of it");
}

#[tokio::test]
async fn an_endless_loop_ends_with_its_fuel() {
    let code = r#"(func (export "run") (param i32) (result i32) (loop $on (br $on)) (i32.const 0))"#;
    let limits = Limits { cpu_ms: 50, ..Limits::default() };
    let ran = Fixture::new().run_within(guest(code), limits).await;
    insta::assert_snapshot!(ran.result.unwrap_err(), @"plugin guest 0.1.0 used its 50 ms of CPU; stages.test.limits.cpu raises it");
    assert_eq!(ran.usage.cpu_ms, 50);
}

#[tokio::test]
async fn more_memory_than_granted_ends_the_guest() {
    let code = r#"(func (export "run") (param i32) (result i32)
        (loop $on (drop (memory.grow (i32.const 16))) (br $on)) (i32.const 0))"#;
    let limits = Limits { memory_bytes: 16 << 20, ..Limits::default() };
    let ran = Fixture::new().run_within(guest(code), limits).await;
    insta::assert_snapshot!(ran.result.unwrap_err(), @"plugin guest 0.1.0 used its 16 MiB; stages.test.limits.memory raises it");
    assert!(ran.usage.peak_memory > 14 << 20 && ran.usage.peak_memory <= 16 << 20, "{:?}", ran.usage);
}

#[tokio::test]
async fn memory_that_does_not_fit_from_the_start_ends_the_guest_too() {
    let limits = Limits { memory_bytes: 64 << 10, ..Limits::default() };
    let ran = Fixture::new().run_within(guest(NOOP), limits).await;
    assert!(matches!(ran.result, Err(RunError { cause: Cause::OutOfMemory { .. }, .. })), "{ran:?}");
}

#[tokio::test]
async fn too_deep_a_recursion_is_a_trap() {
    let said = error(
        r#"(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
           (func (export "run") (param i32) (result i32) (call $deep (i32.const 0)))"#,
    )
    .await;
    insta::assert_snapshot!(said, @"plugin guest 0.1.0 used its 1 MiB of call stack (in deep); no setting raises that: make its recursion less deep");
}

#[tokio::test]
async fn data_that_is_no_json_is_told() {
    let said = error(r#"(func (export "run") (param i32) (result i32) (call $done {{not json}}))"#).await;
    insta::assert_snapshot!(said, @"plugin guest 0.1.0 returned data that is no JSON: expected ident at line 1 column 2; the fault is the plugin's own: mend it, or use another version of it");
}

#[tokio::test]
async fn data_that_is_too_long_is_told() {
    let said = error(
        r#"(func (export "run") (param i32) (result i32)
             (drop (memory.grow (i32.const 32)))
             (call $done (i32.const 1048576) (i32.const 1048577)))"#,
    )
    .await;
    insta::assert_snapshot!(said, @"plugin guest 0.1.0 returned 1048577 bytes of data and may return 1 MiB; no setting raises that: keep what is large as artifacts");
}

#[tokio::test]
async fn more_than_a_call_may_ever_pass_is_a_trap_with_its_reason() {
    let said = error(
        r#"(import "adw:stage/state@0.1.0" "get" (func $get (param i32 i32 i32)))---
           (func (export "run") (param i32) (result i32)
             (drop (memory.grow (i32.const 500)))
             (call $get (i32.const 0) (i32.const 30000000) (i32.const 2048))
             unreachable)"#,
    )
    .await;
    insta::assert_snapshot!(said, @"plugin guest 0.1.0 handed over more than 24 MiB at once; no setting raises that: keep what is large as artifacts");
}

#[tokio::test]
async fn a_stop_ends_the_attempt_as_it_is() {
    let code = r#"(import "adw:stage/clock@0.1.0" "sleep" (func $sleep (param i64 i32)))---
        (func (export "run") (param i32) (result i32)
          (call $sleep (i64.const 1000000) (i32.const 2048)) unreachable)"#;
    let fixture = Fixture::new();
    let waits = Suspension { why: Waiting::Timer, until_ms: Some(5), session: None };
    for stop in [Stop::Suspended(waits), Stop::Cancelled, Stop::Failed("the disk is full".to_owned())] {
        let ran = fixture.run(guest(code), Scripted::new([Err(stop.clone())])).await;
        assert_eq!(ran.result.unwrap_err().cause, Cause::Stopped(stop));
        assert_eq!(ran.usage.calls, 1);
    }
}

#[tokio::test]
async fn text_for_people_loses_its_terminal_escapes() {
    let code =
        "(func (export \"run\") (param i32) (result i32) (call $fatal {{a \u{1b}[31mred\u{1b}[0m word}}))";
    let ran = Fixture::new().run(guest(code), Scripted::new([])).await;
    assert_eq!(ran.result, Ok(Err(Failure::Fatal("a red word".to_owned()))));
}

#[tokio::test]
async fn a_nan_has_the_same_bits_on_every_machine() {
    // The sum of a NaN with a payload: without canonical NaNs most processors keep the payload.
    let code = r#"(func (export "run") (param i32) (result i32)
        (f32.store (i32.const 0) (f32.const nan:0x200001))
        (if (i32.ne
              (i32.reinterpret_f32 (f32.add (f32.load (i32.const 0)) (f32.const 1)))
              (i32.const 0x7fc00000))
          (then unreachable))
        (call $done {{null}}))"#;
    let ran = Fixture::new().run(guest(code), Scripted::new([])).await;
    assert!(ran.result.is_ok(), "{ran:?}");
}
