//! JSON Schemas that plugins give, and values held against them.
//!
//! A schema is as little to be trusted as the plugin that it comes from: what it refers to is never fetched, and its
//! patterns are matched by an engine whose time is bounded by the text's length.

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

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
    /// Reads a schema of any draft; the newest where it names none.
    pub fn new(schema: &Value) -> Result<Self, InvalidSchema> {
        let options = jsonschema::options().offline().with_pattern_options(PatternOptions::regex());
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
