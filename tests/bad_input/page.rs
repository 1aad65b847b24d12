//! What is answered, written down for a person to read.

use std::fmt::Write as _;

use serde_json::Value;

/// A page of cases: a name, what was said, what was answered.
#[derive(Default)]
pub(crate) struct Page(String);

impl Page {
    pub(crate) fn add(&mut self, name: &str, said: &str, answered: &str) {
        let said = if said.is_empty() { String::new() } else { format!("{}\n", cut(said, 400)) };
        writeln!(self.0, "## {name}\n{said}{}\n", cut(answered.trim_end(), 1600)).unwrap();
    }

    pub(crate) fn text(self) -> String {
        self.0
    }
}

/// The page as it was the last time that somebody read it.
macro_rules! assert_page {
    ($name:literal, $page:expr) => {{
        let text = $page.text();
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!($name, text)
        })
    }};
}

pub(crate) use assert_page;

/// What is too long for a page, and what a reader could not see.
fn cut(text: &str, longest: usize) -> String {
    let visible = text.chars().flat_map(|c| match c {
        '\n' => vec!['\n'],
        c if c.is_control() || matches!(c, '\u{feff}' | '\u{202a}'..='\u{202e}') => {
            c.escape_unicode().collect()
        }
        c => vec![c],
    });
    let shown: String = visible.clone().take(longest).collect();
    let rest = visible.count().saturating_sub(longest);
    if rest == 0 { shown } else { format!("{shown}… and {rest} characters more") }
}

/// A problem document in a few lines.
pub(crate) fn of_problem(problem: &Value) -> String {
    let word = |name: &str| problem[name].as_str().unwrap_or_default();
    let mut text = format!("{} {}: {}", problem["status"], word("code"), word("detail"));
    let faults = problem["errors"].as_array().unwrap();
    // One that is alone says what the document says.
    if let [fault] = &faults[..] {
        write!(text, "\n  at {}", fault["pointer"]).unwrap();
    } else {
        for fault in faults {
            write!(text, "\n  at {}: {}", fault["pointer"], fault["detail"].as_str().unwrap()).unwrap();
        }
    }
    text
}
