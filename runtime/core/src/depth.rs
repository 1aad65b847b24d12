//! How deep JSON of others may be nested.

use serde_json::Value;

/// The deepest nesting that is taken: what is read back is nested deeper by what it is kept in, and readers of JSON give
/// up at 128.
pub const DEEPEST_JSON: usize = 64;

/// Whether a value is nested deeper than [`DEEPEST_JSON`].
pub fn is_too_deep(value: &Value) -> bool {
    fn within(value: &Value, left: usize) -> bool {
        match value {
            Value::Array(items) => left > 0 && items.iter().all(|item| within(item, left - 1)),
            Value::Object(members) => left > 0 && members.values().all(|member| within(member, left - 1)),
            _ => true,
        }
    }
    !within(value, DEEPEST_JSON)
}
