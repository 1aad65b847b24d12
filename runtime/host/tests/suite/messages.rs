//! What a person is told, all of it on one page, so that it can be read together.

use std::fmt::Write as _;
use std::time::Duration;

use adw_core::{Grants, Limits};
use adw_stage_wit::STAGE_0_1_0;

use crate::guest::{NOOP, bare, component, for_contract, guest, noted};
use crate::scripted::{Fixture, Scripted, attempt};

/// Guests that load, and end badly.
fn ended() -> Vec<(&'static str, Vec<u8>)> {
    let run = |body: &str| guest(&format!(r#"(func $run (export "run") (param i32) (result i32) {body})"#));
    let execs = r#"(import "adw:stage/exec@0.1.0" "run"
        (func $exec (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32)))---"#;
    vec![
        ("loops", run("(loop $on (br $on)) (i32.const 0)")),
        ("loops once it has answered", {
            let code = r#"(func (export "cabi_post_run") (param i32) (loop $on (br $on)))"#;
            guest(&format!("{code} {NOOP}"))
        }),
        (
            "allocates, and uses what it got",
            run("(local $at i32) (loop $on
                   (local.set $at (i32.mul (memory.grow (i32.const 16)) (i32.const 65536)))
                   (memory.fill (local.get $at) (i32.const 1) (i32.const 1048576)) (br $on)) (i32.const 0)"),
        ),
        ("fills its memory over and over", {
            run(
                "(loop $on (memory.fill (i32.const 0) (i32.const 1) (i32.const 131072)) (br $on)) (i32.const 0)",
            )
        }),
        (
            "grows a table",
            guest(
                r#"(table $t 1 funcref) (func (export "run") (param i32) (result i32)
                   (drop (table.grow $t (ref.null func) (i32.const 100000))) (i32.const 0))"#,
            ),
        ),
        (
            "recurses",
            guest(
                r#"(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
                   (func $run (export "run") (param i32) (result i32) (call $deep (i32.const 0)))"#,
            ),
        ),
        ("divides by zero", run("(i32.div_u (i32.const 1) (i32.const 0))")),
        ("reads where there is nothing", run("(i32.load (i32.const -4))")),
        (
            "panics with colours",
            guest(
                "(import \"adw:stage/log@0.1.0\" \"write\" (func $log (param i32 i32 i32)))---
                 (func (export \"run\") (param i32) (result i32)
                   (call $log (i32.const 3) {{panicked at src/\u{1b}[31mlib.rs:12:5: index: out of bounds}})
                   unreachable)",
            ),
        ),
        ("returns no JSON", run("(call $done {{not json}})")),
        (
            "returns a NaN",
            run(
                "(f32.store (i32.const 0) (f32.const nan:0x200001)) (call $done (i32.const 0) (i32.const 4))",
            ),
        ),
        ("returns a list without an end", run("(call $done (i32.const 0) (i32.const -1))")),
        (
            "returns 2 MiB",
            run("(drop (memory.grow (i32.const 64))) (call $done (i32.const 131072) (i32.const 2097152))"),
        ),
        (
            "returns 100 MB",
            run("(drop (memory.grow (i32.const 1600))) (call $done (i32.const 0) (i32.const 100000000))"),
        ),
        ("returns what is nested without end", {
            run("(drop (memory.grow (i32.const 2))) (memory.fill (i32.const 131072) (i32.const 91) (i32.const 60000))
                 (call $done (i32.const 131072) (i32.const 60000))")
        }),
        (
            "hands over a million empty arguments",
            guest(&format!(
                r#"{execs} (func (export "run") (param i32) (result i32)
                     (drop (memory.grow (i32.const 200)))
                     (call $exec {{{{ls}}}} (i32.const 65536) (i32.const 1200000) {zeros} (i64.const 0) (i32.const 2048))
                     unreachable)"#,
                zeros = "(i32.const 0) ".repeat(9),
            )),
        ),
    ]
}

/// What doesn't load.
fn refused() -> Vec<(&'static str, Vec<u8>)> {
    let start = |body: &str| guest(&format!("{NOOP} (func $start {body}) (start $start)"));
    let another = STAGE_0_1_0.replace("stage@0.1.0", "stage@0.2.0");
    let shell = STAGE_0_1_0
        .replace("interface human {", "interface shell { open: func(); }\ninterface human {")
        .replace("import human;", "import human;\n    import shell;");
    let other_export =
        STAGE_0_1_0.replace("export describe: func() -> description;", "export describe: func() -> string;");
    let mut cut = component(NOOP);
    cut.truncate(cut.len() / 2);
    let long_name = "(memory.fill (i32.const 4096) (i32.const 32) (i32.const 64))";
    vec![
        ("of 65 MiB", vec![0; 65 << 20]),
        ("a script", b"#!/bin/sh\n".to_vec()),
        ("compiled already", wasmtime::Engine::default().precompile_component(&component(NOOP)).unwrap()),
        ("cut short", cut),
        ("with threads", bare(&format!("(memory 1 1 shared) {NOOP}"))),
        ("no stage", bare(NOOP)),
        ("of another contract", noted(NOOP, r#"{"contract":"0.2.0","sdk":"0.2.1","language":"rust"}"#)),
        (
            "with an import of another contract",
            for_contract(
                &format!(r#"(import "adw:stage/clock@0.2.0" "now" (func (param i32)))---{NOOP}"#),
                &another,
            ),
        ),
        (
            "with an import that nobody gets",
            for_contract(&format!(r#"(import "adw:stage/shell@0.1.0" "open" (func))---{NOOP}"#), &shell),
        ),
        ("with other types", for_contract(NOOP, &other_export)),
        ("loops at its start", start("(loop $on (br $on))")),
        ("allocates at its start", start("(loop $on (drop (memory.grow (i32.const 16))) (br $on))")),
        ("traps at its start", start("unreachable")),
        ("has a table that is too large", guest(&format!("(table 100001 funcref) {NOOP}"))),
        ("has tables that are too large together", {
            guest(&format!("{} {NOOP}", "(table 30000 funcref)".repeat(4)))
        }),
        ("has no name", start(long_name)),
    ]
}

#[tokio::test]
async fn all_of_them_on_one_page() {
    let fixture = Fixture::new();
    let mut page = String::new();
    let limits = Limits { cpu_ms: 50, memory_bytes: 128 << 20 };
    for (what, bytes) in ended() {
        let plugin = fixture.host.load(bytes).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        let run = adw_host::Run { limits, ..attempt(Scripted::new([])) };
        let said = fixture.host.run(&plugin, run).await.result.unwrap_err();
        writeln!(page, "{what}:\n  {said}").unwrap();
    }
    for (what, bytes) in refused() {
        let said = fixture.host.load(bytes).await.unwrap_err();
        writeln!(page, "{what}:\n  plugin my.wasm {said}").unwrap();
    }
    let hurried = Fixture::with(|config| config.compile_timeout = Duration::ZERO);
    let said = hurried.host.load(guest(NOOP)).await.unwrap_err();
    writeln!(page, "takes long to compile:\n  plugin my.wasm {said}").unwrap();
    let everything = guest(&format!(
        r#"(import "adw:stage/workspace-write@0.1.0" "remove" (func (param i32 i32 i32)))
           (import "adw:stage/exec@0.1.0" "run"
             (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32)))
           (import "adw:stage/agent@0.1.0" "run"
             (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32)))
           (import "adw:stage/http@0.1.0" "send"
             (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32)))---{NOOP}"#
    ));
    let plugin = fixture.host.load(everything).await.unwrap();
    let said = plugin.check_grants(&Grants::default(), "test").unwrap_err();
    writeln!(page, "without its grants:\n  {said}").unwrap();
    insta::assert_snapshot!(page);
}
