//! What loads, what doesn't and why, and what is kept of it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use adw_core::{Grants, WorkspaceAccess};
use adw_host::{Capability, LoadError, Sha256};
use adw_stage_wit::STAGE_0_1_0;

use crate::guest::{NOOP, bare, component, for_contract, guest, noted};
use crate::scripted::{Fixture, Scripted, host_at};

const READS: &str = r#"(import "adw:stage/workspace@0.1.0" "read" (func $read (param i32 i32 i32)))
    (import "adw:stage/log@0.1.0" "write" (func $log (param i32 i32 i32)))---
    (func (export "run") (param i32) (result i32) (call $done {{null}}))"#;

async fn refused(bytes: Vec<u8>) -> LoadError {
    Fixture::new().host.load(bytes).await.unwrap_err()
}

#[tokio::test]
async fn a_core_module_with_metadata_loads() {
    let bytes = guest(NOOP);
    let plugin = Fixture::new().host.load(bytes.clone()).await.unwrap();
    assert_eq!(plugin.sha256(), Sha256::of(&bytes));
    assert_eq!(plugin.name().to_string(), "guest 0.1.0");
    assert_eq!(plugin.description().summary, "a guest by hand");
    assert!(plugin.imports().is_empty());
}

#[tokio::test]
async fn a_component_loads() {
    let fixture = Fixture::new();
    assert!(fixture.run(component(NOOP), Scripted::new([])).await.result.is_ok());
}

#[tokio::test]
async fn imports_are_the_list_of_abilities() {
    let plugin = Fixture::new().host.load(guest(READS)).await.unwrap();
    let imports: Vec<Capability> = plugin.imports().iter().copied().collect();
    assert_eq!(imports, [Capability::Log, Capability::Workspace]);
}

#[tokio::test]
async fn what_is_no_wasm_is_refused() {
    for bytes in [b"".to_vec(), b"\0asm".to_vec(), b"#!/bin/sh\n".to_vec(), vec![0; 4096]] {
        assert_eq!(refused(bytes).await, LoadError::NotWasm);
    }
}

#[tokio::test]
async fn what_is_cut_short_or_damaged_is_refused() {
    for whole in [guest(NOOP), component(NOOP)] {
        let cut = whole[..whole.len() / 2].to_vec();
        assert!(matches!(refused(cut).await, LoadError::Invalid { .. }));
        let mut damaged = whole.clone();
        for byte in &mut damaged[20..60] {
            *byte ^= 0x55;
        }
        assert!(matches!(refused(damaged).await, LoadError::Invalid { .. }));
    }
}

#[tokio::test]
async fn what_is_too_long_is_refused_before_it_is_looked_at() {
    assert_eq!(refused(vec![0; (64 << 20) + 1]).await, LoadError::TooLarge((64 << 20) + 1));
}

#[tokio::test]
async fn precompiled_code_is_refused() {
    let engine = wasmtime::Engine::default();
    let code = engine.precompile_component(&component(NOOP)).unwrap();
    assert_eq!(refused(code).await, LoadError::Precompiled);
}

#[tokio::test]
async fn what_uses_threads_or_memory64_is_refused() {
    for memory in ["(memory 1 1 shared)", "(memory i64 1)"] {
        let said = refused(bare(&format!("{memory} {NOOP}"))).await;
        assert!(matches!(said, LoadError::Invalid { .. }), "{memory}: {said}");
    }
}

#[tokio::test]
async fn a_module_that_is_no_stage_is_refused() {
    let said = refused(bare(NOOP)).await;
    insta::assert_snapshot!(said, @"doesn't export `describe`, and so is no stage; write it with the adw plugin SDK and `#[stage]`");
}

#[tokio::test]
async fn a_note_of_another_contract_is_read_before_anything_runs() {
    let said = refused(noted(NOOP, r#"{"contract":"0.2.0","sdk":"0.2.1","language":"rust"}"#)).await;
    insta::assert_snapshot!(said, @"is built for adw:stage 0.2.0 with the rust SDK 0.2.1, and this adw offers 0.1.0; build it with an SDK for 0.1.0, or use an adw that offers 0.2.0");
    let said = refused(noted(NOOP, "{}")).await;
    insta::assert_snapshot!(said, @"is no valid WebAssembly for adw: its section `adw:stage` can't be read: missing field `contract` at line 1 column 2; build it anew for wasm32-unknown-unknown");
    assert!(Fixture::new().host.load(noted(NOOP, r#"{"contract":"0.1.9"}"#)).await.is_ok());
}

#[tokio::test]
async fn an_import_of_another_contract_names_it() {
    let code = READS.replace("@0.1.0", "@0.2.0");
    let said = refused(for_contract(&code, &STAGE_0_1_0.replace("stage@0.1.0", "stage@0.2.0"))).await;
    insta::assert_snapshot!(said, @"is built for adw:stage 0.2.0, and this adw offers 0.1.0; build it with an SDK for 0.1.0, or use an adw that offers 0.2.0");
}

#[tokio::test]
async fn an_import_that_no_stage_gets_is_named() {
    let wit = STAGE_0_1_0
        .replace("interface human {", "interface shell { open: func(); }\ninterface human {")
        .replace("import human;", "import human;\n    import shell;");
    let code = format!(r#"(import "adw:stage/shell@0.1.0" "open" (func))---{NOOP}"#);
    let said = refused(for_contract(&code, &wit)).await;
    insta::assert_snapshot!(said, @"imports `adw:stage/shell@0.1.0`, which stages are not given; build it for wasm32-unknown-unknown with the adw plugin SDK, without WASI");
}

#[tokio::test]
async fn types_that_differ_are_named() {
    let wit =
        STAGE_0_1_0.replace("write: func(level: level, message: string);", "write: func(message: string);");
    let code = format!(r#"(import "adw:stage/log@0.1.0" "write" (func (param i32 i32)))---{NOOP}"#);
    let said = refused(for_contract(&code, &wit)).await.to_string();
    assert!(said.starts_with("has other types than adw:stage 0.1.0: "), "{said}");
    assert!(said.contains("adw:stage/log@0.1.0") && said.contains("write"), "{said}");
    assert!(said.ends_with("build it again with an SDK for 0.1.0"), "{said}");
}

#[tokio::test]
async fn exports_that_differ_are_named() {
    let wit =
        STAGE_0_1_0.replace("export describe: func() -> description;", "export describe: func() -> string;");
    let said = refused(for_contract(NOOP, &wit)).await.to_string();
    assert!(said.starts_with("has other types than adw:stage 0.1.0: "), "{said}");
}

#[tokio::test]
async fn a_description_that_fails_or_makes_no_sense_is_told() {
    let fixture = Fixture::new();
    // `describe` is the prelude's: it is made to fail by a start function that is part of every instantiation.
    let said = fixture
        .host
        .load(guest(&format!("{NOOP} (func $start unreachable) (start $start)")))
        .await
        .unwrap_err();
    assert!(matches!(said, LoadError::Undescribed(_)), "{said}");
    let said = fixture
        .host
        .load(guest(&format!(
            r"{NOOP} (func $start (memory.fill (i32.const 4096) (i32.const 32) (i32.const 64))) (start $start)"
        )))
        .await
        .unwrap_err();
    assert!(matches!(said, LoadError::BadDescription { .. }), "{said}");
}

#[tokio::test]
async fn a_plugin_without_its_grants_is_told_which_lines_to_add() {
    let writes = READS.replace("workspace@", "workspace-write@").replace("\"read\"", "\"remove\"");
    let execs = r#"(import "adw:stage/exec@0.1.0" "run"
          (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32)))
        (import "adw:stage/workspace-write@0.1.0" "remove" (func (param i32 i32 i32)))
        (import "adw:stage/workspace@0.1.0" "read" (func (param i32 i32 i32)))---
        (func (export "run") (param i32) (result i32) (call $done {{null}}))"#;
    let fixture = Fixture::new();
    let none = Grants::default();
    let read = Grants { workspace: Some(WorkspaceAccess::Read), ..Grants::default() };
    let write = Grants { workspace: Some(WorkspaceAccess::Write), ..Grants::default() };

    let plugin = fixture.host.load(guest(READS)).await.unwrap();
    insta::assert_snapshot!(plugin.check_grants(&none, "test").unwrap_err(), @r#"
    plugin guest 0.1.0 uses workspace, which stage `test` is not granted; add to adw.toml:
    [stages.test.grants]
    workspace = "read"
    "#);
    assert!(plugin.check_grants(&read, "test").is_ok());
    assert!(plugin.check_grants(&write, "test").is_ok());

    let plugin = fixture.host.load(guest(&writes)).await.unwrap();
    assert!(plugin.check_grants(&read, "test").is_err());
    assert!(plugin.check_grants(&write, "test").is_ok());

    let plugin = fixture.host.load(guest(execs)).await.unwrap();
    insta::assert_snapshot!(plugin.check_grants(&none, "my stage").unwrap_err(), @r#"
    plugin guest 0.1.0 uses workspace, workspace-write, exec, which stage `my stage` is not granted; add to adw.toml:
    [stages."my stage".grants]
    workspace = "write"
    exec = []   # and in it each command that may be run, as in [["cargo", "test", "**"]]
    "#);
}

/// The one compiled plugin in a cache.
fn compiled(cache: &Path) -> PathBuf {
    let folder = fs::read_dir(cache).unwrap().next().unwrap().unwrap().path();
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|extension| extension == "cwasm")).unwrap()
}

#[tokio::test]
async fn a_compilation_that_was_given_up_makes_no_room_for_another_before_its_end() {
    let hurried = Fixture::with(|config| config.compile_timeout = Duration::ZERO);
    let long = "(drop (i32.popcnt (i32.const 7)))".repeat(50_000);
    let long = guest(&format!("(func (export \"long\") {long}) {NOOP}"));
    assert!(matches!(hurried.host.load(long).await, Err(LoadError::Slow(_))));
    assert!(matches!(hurried.host.load(guest(NOOP)).await, Err(LoadError::Slow(_))));
    // The second one began once the first had come to its end.
    assert!(compiled(hurried.cache.path()).exists());
}

#[tokio::test]
async fn what_was_compiled_is_used_again_by_the_next_host() {
    let fixture = Fixture::new();
    fixture.host.load(guest(NOOP)).await.unwrap();
    let file = compiled(fixture.cache.path());
    let before = fs::metadata(&file).unwrap().ino();
    let next = host_at(&fixture.cache, |_| {});
    next.load(guest(NOOP)).await.unwrap();
    assert_eq!(fs::metadata(&file).unwrap().ino(), before, "it was compiled again");
}

#[tokio::test]
async fn a_damaged_file_in_the_cache_is_compiled_again() {
    let fixture = Fixture::new();
    fixture.host.load(guest(NOOP)).await.unwrap();
    let file = compiled(fixture.cache.path());
    let whole = fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for damaged in [flipped, whole[..middle].to_vec(), Vec::new()] {
        fs::write(&file, damaged).unwrap();
        let host = host_at(&fixture.cache, |_| {});
        host.load(guest(NOOP)).await.unwrap();
        assert_eq!(fs::read(&file).unwrap(), whole);
    }
}

#[tokio::test]
async fn the_cache_is_its_owners_alone() {
    let fixture = Fixture::new();
    fs::set_permissions(fixture.cache.path(), fs::Permissions::from_mode(0o755)).unwrap();
    drop(host_at(&fixture.cache, |_| {}));
    let folder = fs::read_dir(fixture.cache.path()).unwrap().next().unwrap().unwrap().path();
    for folder in [fixture.cache.path(), &folder] {
        assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[tokio::test]
async fn the_same_bytes_asked_for_at_once_are_one_plugin() {
    let fixture = Fixture::new();
    let load = || fixture.host.load(guest(NOOP));
    let (a, b, c) = tokio::join!(load(), load(), load());
    let (a, b, c) = (a.unwrap(), b.unwrap(), c.unwrap());
    assert!(std::ptr::eq(a.description(), b.description()));
    assert!(std::ptr::eq(a.description(), c.description()));
    assert!(std::ptr::eq(a.description(), load().await.unwrap().description()));
}

#[tokio::test]
async fn a_guest_that_fits_no_slot_runs_all_the_same() {
    let tables = "(table 1 funcref)".repeat(12);
    let ran = Fixture::new().run(guest(&format!("{tables} {NOOP}")), Scripted::new([])).await;
    assert!(ran.result.is_ok(), "{ran:?}");
}
