//! What an agent says that it has used, read off the lines that it prints.

use serde_json::Value;

use crate::event::AgentEvent;

/// Where a line of JSON says what has been used so far, by name: a JSON pointer such as `/usage/output_tokens`.
///
/// What it finds is a running total of the run, as most agents report it: the greatest counts, and nothing is added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageRules(Vec<(&'static str, String)>);

/// What has been used so far, by name, as it was written.
#[derive(Debug, Default)]
pub(crate) struct Totals(Vec<(String, String)>);

impl UsageRules {
    /// These names, each at its pointer.
    pub fn new(rules: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self(rules.into_iter().collect())
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a line says; nothing where it is no object of JSON, or says it not in numbers of things that there are.
    fn read(&self, line: &str) -> Vec<(&'static str, String)> {
        if self.is_empty() || !line.trim_start().starts_with('{') {
            return Vec::new();
        }
        let Ok(object) = serde_json::from_str::<Value>(line) else { return Vec::new() };
        let found = self.0.iter().filter_map(|(name, pointer)| match object.pointer(pointer)? {
            Value::Number(number) if number.as_f64() >= Some(0.0) => Some((*name, number.to_string())),
            _ => None,
        });
        found.collect()
    }
}

impl Totals {
    /// Takes a line in, and tells what is more by it than it was.
    pub(crate) fn hear(&mut self, rules: &UsageRules, line: &str, tell: &mut dyn FnMut(AgentEvent)) {
        for (name, value) in rules.read(line) {
            let told = self.0.iter_mut().find(|(told, _)| told == name);
            match told {
                Some((_, told)) if !is_more(&value, told) => continue,
                Some((_, told)) => told.clone_from(&value),
                None => self.0.push((name.to_owned(), value.clone())),
            }
            tell(AgentEvent::Usage { name: name.to_owned(), value });
        }
    }

    pub(crate) fn into_usage(self) -> Vec<(String, String)> {
        self.0
    }
}

/// Which of two reports of the same total came later. Nothing is summed up here, so that a float is exact enough.
fn is_more(value: &str, than: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().unwrap_or_default();
    number(value) > number(than)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_grow_by_what_lines_of_json_say() {
        let rules = UsageRules::new([
            ("cost_usd", "/total_cost_usd".to_owned()),
            ("input_tokens", "/usage/in~1put".to_owned()),
        ]);
        let (mut totals, mut told) = (Totals::default(), Vec::new());
        for line in [
            "plain words",
            r#"{"total_cost_usd": 0.1, "usage": {"in/put": 10}}"#,
            r#"  {"total_cost_usd": 0.05}"#,
            r#"{"total_cost_usd": "0.9", "usage": 7}"#,
            r#"{"total_cost_usd": 0.30000000000000004"#,
            r#"[{"total_cost_usd": 8}]"#,
            r#"{"total_cost_usd": -3}"#,
            r#"{"usage": {"in/put": 12}}"#,
            r#"{"total_cost_usd": 2e-1}"#,
        ] {
            totals.hear(&rules, line, &mut |event| told.push(event));
        }
        let usage =
            |name: &str, value: &str| AgentEvent::Usage { name: name.to_owned(), value: value.to_owned() };
        assert_eq!(
            told,
            [
                usage("cost_usd", "0.1"),
                usage("input_tokens", "10"),
                usage("input_tokens", "12"),
                usage("cost_usd", "0.2")
            ]
        );
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(totals.into_usage(), [pair("cost_usd", "0.2"), pair("input_tokens", "12")]);
    }
}
