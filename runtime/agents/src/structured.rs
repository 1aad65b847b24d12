//! Finding the JSON value that a program was asked for among what it printed.

use serde_json::value::RawValue;

/// The last JSON value of a text, as it was written: the whole text, or the last object or array that begins at the
/// start of a line, alone on it or over several.
pub(crate) fn last_value(text: &str) -> Option<String> {
    if let Ok(value) = serde_json::from_str::<&RawValue>(text.trim()) {
        return Some(value.get().to_owned());
    }
    let mut end = text.len();
    while end > 0 {
        let start = text[..end].rfind('\n').map_or(0, |at| at + 1);
        if text[start..].starts_with(['{', '['])
            && let Some(Ok(value)) =
                serde_json::Deserializer::from_str(&text[start..]).into_iter::<&RawValue>().next()
        {
            return Some(value.get().to_owned());
        }
        end = start.saturating_sub(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::last_value;

    #[test]
    fn the_last_value_is_found() {
        let cases = [
            ("{\"a\":1}\n", Some("{\"a\":1}")),
            ("  true ", Some("true")),
            ("thinking…\n{\"a\":1}\ndone\n{\"b\":[2]}\n", Some("{\"b\":[2]}")),
            (
                "Here it is:\n```json\n{\n  \"a\": [\n    {\"b\": 1}\n  ]\n}\n```\nBye.",
                Some("{\n  \"a\": [\n    {\"b\": 1}\n  ]\n}"),
            ),
            ("[1, 2]\n", Some("[1, 2]")),
            ("{\"a\":1} trailing words", Some("{\"a\":1}")),
            ("no JSON {here}\n{broken\n", None),
            ("\n\n", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(last_value(text).as_deref(), expected, "{text}");
        }
    }
}
