//! A config as its stage will have it, as far as the schema says what that takes where the config says nothing.

use serde_json::{Map, Value};

/// How many references are followed one after the other: as many as anybody writes, and an end to those in a circle.
const HOPS: usize = 8;

/// The config, with each member that it leaves out and the schema has a `default` for. A default is taken as it is; those of a
/// table within are taken where the config has that table.
pub(crate) fn with_defaults(config: &Value, schema: &Value) -> Value {
    filled(config, schema, schema)
}

/// Each step goes down into the config, so that it ends where that does.
fn filled(value: &Value, schema: &Value, root: &Value) -> Value {
    let (Value::Object(given), Some(properties)) = (value, properties(schema, root)) else {
        return value.clone();
    };
    let mut whole = given.clone();
    for (name, property) in properties {
        let member = match given.get(name) {
            Some(member) => Some(filled(member, property, root)),
            // To be null and to be absent is most often the same, but not to every schema.
            None => property.get("default").filter(|default| !default.is_null()).cloned(),
        };
        whole.extend(member.map(|member| (name.clone(), member)));
    }
    Value::Object(whole)
}

fn properties<'a>(schema: &'a Value, root: &'a Value) -> Option<&'a Map<String, Value>> {
    let mut schema = schema;
    for _ in 0..HOPS {
        if let Some(properties) = schema.get("properties") {
            return properties.as_object();
        }
        schema = root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)?;
    }
    None
}
