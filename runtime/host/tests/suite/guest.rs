//! Guests, written by hand in WebAssembly text.

use std::fmt::Write as _;

use adw_stage_wit::{CUSTOM_SECTION, STAGE_0_1_0};
use serde_json::Value;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Memory, the canonical ABI's allocator, `describe`, and ways to end `run`.
///
/// `$done` and `$fatal` lay out the contract's `result<outcome, failure>`; `$answer` gives what a call answered as
/// the stage's data, or its error as the stage's failure. Both of a call's payloads begin at `$at`.
const PRELUDE: &str = r#"
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (block $fits
      (br_if $fits (i32.le_u (global.get $free) (i32.mul (memory.size) (i32.const 65536))))
      (drop (memory.grow (i32.add (i32.const 1) (i32.div_u (local.get $size) (i32.const 65536))))))
    (local.get $at))
  (func (export "describe") (result i32)
    (call $pair (i32.const 512) {{name}})
    (call $pair (i32.const 520) {{version}})
    (call $pair (i32.const 528) {{summary}})
    (call $pair (i32.const 536) {{schema}})
    (call $pair (i32.const 544) {{schema}})
    (i32.const 512))
  (func $pair (param $to i32) (param $at i32) (param $length i32)
    (i32.store (local.get $to) (local.get $at))
    (i32.store offset=4 (local.get $to) (local.get $length)))
  (func $done (param $at i32) (param $length i32) (result i32)
    (i32.store8 (i32.const 1024) (i32.const 0))
    (i32.store8 (i32.const 1028) (i32.const 0))
    (call $pair (i32.const 1032) {{summary}})
    (call $pair (i32.const 1040) (local.get $at) (local.get $length))
    (i32.const 1024))
  (func $failed (param $case i32) (param $at i32) (param $length i32) (result i32)
    (i32.store8 (i32.const 1024) (i32.const 1))
    (i32.store8 (i32.const 1028) (local.get $case))
    (call $pair (i32.const 1032) (local.get $at) (local.get $length))
    (i32.const 1024))
  (func $fatal (param $at i32) (param $length i32) (result i32)
    (call $failed (i32.const 1) (local.get $at) (local.get $length)))
  (func $answer (param $at i32) (result i32)
    (if (result i32) (i32.load8_u (i32.const 2048))
      (then (call $fatal (i32.load offset=4 (local.get $at)) (i32.load offset=8 (local.get $at))))
      (else (call $done (i32.load (local.get $at)) (i32.load offset=4 (local.get $at))))))
"#;

/// Where results of calls are put.
pub(crate) const RESULT: &str = "(i32.const 2048)";

/// A core module with the contract's metadata. In `code`, `{{text}}` stands for address and length of a text:
/// a name of [`TEXTS`], or the text itself.
pub(crate) fn guest(code: &str) -> Vec<u8> {
    with_metadata(module(code), STAGE_0_1_0)
}

/// The same, whose config has this schema.
pub(crate) fn with_config_schema(code: &str, schema: &Value) -> Vec<u8> {
    // Two braces that close a text may not be next to each other in it.
    let schema = schema.to_string().replace('}', "} ");
    with_metadata(module_of(&PRELUDE.replace("{{schema}}", &format!("{{{{{schema}}}}}")), code), STAGE_0_1_0)
}

/// The same, as a component.
pub(crate) fn component(code: &str) -> Vec<u8> {
    ComponentEncoder::default().module(&guest(code)).unwrap().encode().unwrap()
}

/// The same, with the note that an SDK would leave.
pub(crate) fn noted(code: &str, note: &str) -> Vec<u8> {
    let mut module = guest(code);
    let mut section = Vec::new();
    leb128(&mut section, CUSTOM_SECTION.len());
    section.extend(CUSTOM_SECTION.bytes());
    section.extend(note.bytes());
    module.push(0);
    leb128(&mut module, section.len());
    module.extend(section);
    module
}

/// A core module for another contract.
pub(crate) fn for_contract(code: &str, wit: &str) -> Vec<u8> {
    with_metadata(module(code), wit)
}

/// A core module without any metadata.
pub(crate) fn bare(code: &str) -> Vec<u8> {
    module(code)
}

/// A stage that is done at once.
pub(crate) const NOOP: &str = r#"(func (export "run") (param i32) (result i32) (call $done {{null}}))"#;

fn with_metadata(mut module: Vec<u8>, wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("stage.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some("stage")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    module
}

fn module(code: &str) -> Vec<u8> {
    module_of(PRELUDE, code)
}

fn module_of(prelude: &str, code: &str) -> Vec<u8> {
    // Imports come before everything else in a module.
    let (imports, code) = code.split_once("---").unwrap_or(("", code));
    let mut data = String::new();
    let mut at = 4096;
    let mut text = format!("(module {imports} {prelude} {code}");
    while let Some(start) = text.find("{{") {
        let end = start + text[start..].find("}}").unwrap();
        let named = &text[start + 2..end];
        let content = TEXTS.iter().find(|(name, _)| *name == named).map_or(named, |(_, content)| content);
        write!(data, "(data (i32.const {at}) {content:?})").unwrap();
        let place = format!("(i32.const {at}) (i32.const {})", content.len());
        at += content.len();
        text = text.replace(&format!("{{{{{named}}}}}"), &place);
    }
    wat::parse_str(format!("{text} {data})")).unwrap()
}

const TEXTS: &[(&str, &str)] =
    &[("name", "guest"), ("version", "0.1.0"), ("summary", "a guest by hand"), ("schema", "{}")];

fn leb128(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
}
