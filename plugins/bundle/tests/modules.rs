//! What the built-in modules are once they are components: their imports are the list of their abilities.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use adw_plugins_bundle::{BUILTINS, builtin};
use adw_stage_wit::{CONTRACT_VERSION, CUSTOM_SECTION};
use wasmparser::{ComponentExternalKind, ComponentTypeRef, Parser, Payload};
use wit_component::ComponentEncoder;

/// Of code and data, in bytes. What is over is a dependency that nobody meant to bring in.
const LARGEST: usize = 325_000;

#[test]
fn each_imports_what_it_calls_and_nothing_more() {
    let cases: [(&str, &[&str]); 6] = [
        ("noop", &["log"]),
        ("gate", &["human", "log"]),
        ("plan", &["agent", "log", "workspace", "workspace-write"]),
        ("implement", &["agent", "log", "workspace", "workspace-write"]),
        ("test", &["exec", "log", "workspace"]),
        ("run", &["exec", "log"]),
    ];
    for (name, expected) in cases {
        assert_eq!(capabilities(name), expected, "the imports of builtin:{name}");
    }
    assert_eq!(BUILTINS.len(), cases.len());
}

#[test]
fn each_exports_the_contract_and_nothing_more() {
    for builtin in BUILTINS {
        let mut exports = names(&component(builtin.name)).1;
        exports.sort();
        assert_eq!(exports, ["describe", "run"], "the exports of builtin:{}", builtin.name);
    }
}

#[test]
fn each_says_what_it_was_built_with() {
    for builtin in BUILTINS {
        let note = section(builtin.wasm, CUSTOM_SECTION).expect("the section");
        let note = std::str::from_utf8(note).unwrap();
        assert!(note.starts_with(&format!(r#"{{"contract":"{CONTRACT_VERSION}","sdk":""#)), "{note}");
        assert!(note.ends_with(r#"","language":"rust"}"#), "{note}");
    }
}

#[test]
fn each_is_small_and_names_its_functions() {
    for builtin in BUILTINS {
        let size = code_and_data(builtin.wasm);
        assert!(size < LARGEST, "builtin:{} has {size} bytes of code and data", builtin.name);
        assert!(section(builtin.wasm, "name").is_some(), "builtin:{} has no name section", builtin.name);
        assert!(
            section(builtin.wasm, ".debug_info").is_none(),
            "builtin:{} carries debug info",
            builtin.name
        );
    }
}

#[test]
fn what_is_not_there_is_none() {
    assert_eq!(builtin("deploy"), None);
}

/// The interfaces of the contract that a plugin imports, without `types`, which holds no function.
fn capabilities(name: &str) -> Vec<String> {
    let prefix = "adw:stage/";
    let version = format!("@{CONTRACT_VERSION}");
    let (imports, _) = names(&component(name));
    let mut capabilities: Vec<String> = imports
        .iter()
        .map(|import| {
            import.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(&version)).unwrap_or(import)
        })
        .filter(|interface| *interface != "types")
        .map(str::to_owned)
        .collect();
    capabilities.sort();
    capabilities
}

fn component(name: &str) -> Vec<u8> {
    let module = builtin(name).expect("a built-in stage");
    ComponentEncoder::default().validate(true).module(module).unwrap().encode().unwrap()
}

/// What a component imports and exports, types aside.
fn names(component: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0);
    for payload in Parser::new(0).parse_all(component) {
        match payload.unwrap() {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                let interfaces = section
                    .into_iter()
                    .map(Result::unwrap)
                    .filter(|import| matches!(import.ty, ComponentTypeRef::Instance(_)));
                imports.extend(interfaces.map(|import| import.name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                let functions = section
                    .into_iter()
                    .map(Result::unwrap)
                    .filter(|export| export.kind == ComponentExternalKind::Func);
                exports.extend(functions.map(|export| export.name.name.to_owned()));
            }
            _ => {}
        }
    }
    (imports, exports)
}

/// The size of a core module without its custom sections, of which the functions' names are the largest.
fn code_and_data(module: &[u8]) -> usize {
    let custom = Parser::new(0).parse_all(module).map(|payload| match payload.unwrap() {
        Payload::CustomSection(section) => section.range().len(),
        _ => 0,
    });
    module.len() - custom.sum::<usize>()
}

/// A custom section of a core module.
fn section<'a>(module: &'a [u8], name: &str) -> Option<&'a [u8]> {
    Parser::new(0).parse_all(module).find_map(|payload| match payload.unwrap() {
        Payload::CustomSection(section) if section.name() == name => Some(section.data()),
        _ => None,
    })
}
