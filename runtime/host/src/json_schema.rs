//! JSON Schemas that plugins give, and values held against them.
//!
//! A schema is as little to be trusted as the plugin that it comes from: what it refers to is never fetched, its
//! patterns are few and matched by an engine whose time is bounded by the text's length, and its references bounded in
//! number, since they are followed on the stack.

use std::collections::BTreeSet;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

/// What a compiled pattern may take.
const PATTERN_BYTES: usize = 256 << 10;
/// How many patterns there may be.
const PATTERNS: usize = 100;
/// How many references there may be, and schemas that others are made of.
const LINKS: usize = 500;

/// A schema that can be used.
pub struct JsonSchema(Validator);

/// A schema that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the JSON Schema can't be used: {0}")]
pub struct InvalidSchema(String);

/// What is wrong with a value, for the person who gave it: a line for each place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Mismatch(pub Vec<String>);

impl JsonSchema {
    /// Reads a schema of any draft; the newest where it names none. This may take tens of milliseconds.
    pub fn new(schema: &Value) -> Result<Self, InvalidSchema> {
        let mut weight = Weight::default();
        weight.add(schema);
        weight.check()?;
        let patterns = PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES);
        let options = jsonschema::options().offline().with_pattern_options(patterns);
        options.build(schema).map(Self).map_err(|error| InvalidSchema(error.to_string()))
    }

    /// Whether the value fits; else what is wrong with it, the first few places.
    pub fn check(&self, value: &Value) -> Result<(), Mismatch> {
        const SHOWN: usize = 5;
        let errors = self.0.iter_errors(value).take(SHOWN).map(|error| {
            let at = error.instance_path().to_string();
            // Masked: the value may be long, and is known to whoever gave it.
            let what = error.masked_with("the value");
            if at.is_empty() { what.to_string() } else { format!("{at}: {what}") }
        });
        let errors: Vec<String> = errors.collect();
        if errors.is_empty() { Ok(()) } else { Err(Mismatch(errors)) }
    }

    /// Where in a value that fits the schema says this word of its own, as JSON pointers: of alternatives, those that the value
    /// takes.
    pub(crate) fn marked(&self, value: &Value, word: &str) -> BTreeSet<String> {
        let evaluation = self.0.evaluate(value);
        let marked = evaluation
            .iter_annotations()
            .filter(|said| said.annotations.value().get(word) == Some(&Value::Bool(true)));
        marked.map(|said| said.instance_location.as_str().to_owned()).collect()
    }
}

/// What a schema costs whoever uses it.
#[derive(Default)]
struct Weight {
    patterns: usize,
    links: usize,
}

impl Weight {
    /// The depth is bounded by that of any JSON that comes in.
    fn add(&mut self, schema: &Value) {
        match schema {
            Value::Object(members) => {
                for (name, member) in members {
                    match (name.as_str(), member) {
                        ("pattern", _) => self.patterns += 1,
                        ("patternProperties", Value::Object(patterns)) => self.patterns += patterns.len(),
                        (
                            "$ref" | "$dynamicRef" | "$recursiveRef" | "allOf" | "anyOf" | "oneOf" | "not"
                            | "if",
                            _,
                        ) => {
                            self.links += 1;
                        }
                        _ => {}
                    }
                    self.add(member);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            _ => {}
        }
    }

    fn check(&self) -> Result<(), InvalidSchema> {
        let most = |count: usize, most: usize, what: &str| {
            let message = || format!("it has {count} {what}, and {most} are allowed; ask for less");
            if count > most { Err(InvalidSchema(message())) } else { Ok(()) }
        };
        most(self.patterns, PATTERNS, "patterns")?;
        most(self.links, LINKS, "references and combinations")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_is_said_for_each_place() {
        let schema = json!({
            "type": "object", "required": ["ok"],
            "properties": { "ok": { "type": "boolean" }, "port": { "type": "integer", "maximum": 65_535 } },
        });
        let schema = JsonSchema::new(&schema).unwrap();
        assert_eq!(schema.check(&json!({ "ok": true, "port": 80 })), Ok(()));
        let wrong = schema.check(&json!({ "ok": "yes", "port": 70_000 })).unwrap_err();
        insta::assert_snapshot!(wrong, @r#"
        /ok: the value is not of type "boolean"
        /port: the value is greater than the maximum of 65535
        "#);
        insta::assert_snapshot!(schema.check(&json!({})).unwrap_err(), @r#"
        "ok" is a required property
        "#);
    }

    /// A chain as long as it may be is followed on a thread of the smallest usual size.
    #[test]
    fn what_costs_too_much_is_refused() {
        let link = |n: usize| (format!("d{n}"), json!({ "$ref": format!("#/$defs/d{}", n + 1) }));
        let chain = |length: usize| {
            let mut links: serde_json::Map<String, Value> = (0..length).map(link).collect();
            links.insert(format!("d{length}"), json!({ "type": "string" }));
            json!({ "$defs": links, "$ref": "#/$defs/d0" })
        };
        let longest = chain(LINKS - 1);
        let small = std::thread::Builder::new().stack_size(1 << 20);
        let follow = move || JsonSchema::new(&longest).unwrap().check(&json!("text"));
        assert_eq!(small.spawn(follow).unwrap().join().unwrap(), Ok(()));
        assert!(JsonSchema::new(&chain(LINKS)).is_err());

        let alternatives: Vec<Value> = (0..=PATTERNS).map(|n| json!({ "pattern": n.to_string() })).collect();
        assert!(JsonSchema::new(&json!({ "anyOf": alternatives })).is_err());
        assert!(JsonSchema::new(&json!({ "pattern": "(\\w{20}|x){1900}" })).is_err());
        assert!(JsonSchema::new(&json!({ "pattern": "^[a-z0-9-]{1,63}(\\.[a-z0-9-]{1,63})*$" })).is_ok());
    }

    #[test]
    fn a_schema_that_refers_elsewhere_or_is_none_is_refused() {
        for schema in [
            json!({ "$ref": "http://127.0.0.1:1/schema.json" }),
            json!({ "$ref": "file:///etc/passwd" }),
            json!({ "type": "strin" }),
            json!({ "pattern": "(unclosed" }),
        ] {
            assert!(JsonSchema::new(&schema).is_err(), "{schema}");
        }
    }
}
